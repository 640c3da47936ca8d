package vendors

import (
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// maxAgent is the longest User-Agent looked at.
const maxAgent = 512

// ByClass recognises DHCP option 60, with or without trailing NULs.
func (t Table) ByClass(class []byte) (Ident, bool) {
	for len(class) > 0 && class[len(class)-1] == 0 {
		class = class[:len(class)-1]
	}
	if len(class) == 0 {
		return Ident{}, false
	}
	for i := range t.makers {
		if t.makers[i].Class == nil {
			continue
		}
		if id, ok := t.makers[i].Class(class); ok {
			id.Confidence = FromClass
			return id, true
		}
	}
	return Ident{}, false
}

// ByClient recognises a DHCP client: by option 60, or else by the name it gives
// itself in option 12, or else by its hardware address. One whose option 60 says
// that it is no phone is none, whoever made its network card.
func (t Table) ByClient(class []byte, host string, mac phone.MAC) (Ident, bool) {
	if id, ok := t.ByClass(class); ok {
		return id, true
	}
	if t.Foreign(class) {
		return Ident{}, false
	}
	for i := range t.makers {
		if m := &t.makers[i]; m.Host != nil && m.Host(host, mac) {
			return Ident{Vendor: m.Vendor, Confidence: FromHost}, true
		}
	}
	v, ok := t.ByOUI(mac)
	if !ok {
		return Ident{}, false
	}
	return Ident{Vendor: v, Confidence: FromOUI}, true
}

// ByAgent recognises an HTTP User-Agent.
func (t Table) ByAgent(agent string) (Ident, bool) {
	return t.byAgent(agent, func(m *Maker) func(string) (Ident, bool) { return m.Agent })
}

// BySIPAgent recognises a SIP User-Agent.
func (t Table) BySIPAgent(agent string) (Ident, bool) {
	return t.byAgent(agent, func(m *Maker) func(string) (Ident, bool) { return m.SIPAgent })
}

func (t Table) byAgent(agent string, reader func(*Maker) func(string) (Ident, bool)) (Ident, bool) {
	if agent == "" || len(agent) > maxAgent {
		return Ident{}, false
	}
	for i := range t.makers {
		read := reader(&t.makers[i])
		if read == nil {
			continue
		}
		if id, ok := read(agent); ok {
			id.Confidence = FromAgent
			if !id.MAC.IsZero() {
				id.Confidence = FromAgentMAC
			}
			return id, true
		}
	}
	return Ident{}, false
}

// ByOUI recognises the manufacturer's part of a hardware address. Where several
// vendors share it, the first of the table is named.
func (t Table) ByOUI(mac phone.MAC) (phone.Vendor, bool) {
	if owners := t.byOUI[mac.OUI()]; len(owners) > 0 {
		return t.makers[owners[0]].Vendor, true
	}
	return "", false
}

// File understands a file name. Many names are shared (eight vendors ask for
// <mac>.cfg); then the hints decide, the surest first, then the MAC's OUI, also
// where a hint is of a vendor that has no such name, then the order of the
// table.
//
// A hint is the vendor by User-Agent, by the lease of the caller's address, or
// by the device's record. The record is the last of them, and a hint only where
// layer 2 proves that the caller is that phone: otherwise the answer would tell
// a stranger which MACs the box knows.
func (t Table) File(name string, hints ...phone.Vendor) (File, bool) {
	if name == "" || len(name) > 128 || strings.ContainsFunc(name, notPlain) {
		return File{}, false
	}
	for _, v := range hints {
		if m, ok := t.Of(v); ok && m.File != nil {
			if f, ok := m.File(name); ok {
				return f, true
			}
		}
	}
	var first File
	for i := range t.makers {
		if t.makers[i].File == nil {
			continue
		}
		f, ok := t.makers[i].File(name)
		if !ok {
			continue
		}
		if slices.Contains(t.byOUI[f.MAC.OUI()], i) {
			return f, true
		}
		if first.Kind == 0 {
			first = f
		}
	}
	return first, first.Kind != 0
}

// notPlain keeps letters whose lower case is an ASCII one out of file names.
func notPlain(r rune) bool { return r <= ' ' || r > '~' }

// Upload understands the name of a file a phone puts on its server, with hints
// as for File. The File it gives is Absent: nothing is ever served by that name.
func (t Table) Upload(name string, hints ...phone.Vendor) (File, Upload, bool) {
	if name == "" || len(name) > 128 || strings.ContainsFunc(name, notPlain) {
		return File{}, Upload{}, false
	}
	for _, v := range hints {
		if m, ok := t.Of(v); ok {
			if f, u, ok := m.upload(name); ok {
				return f, u, true
			}
		}
	}
	var first File
	var what Upload
	for i := range t.makers {
		f, u, ok := t.makers[i].upload(name)
		if !ok {
			continue
		}
		if slices.Contains(t.byOUI[f.MAC.OUI()], i) {
			return f, u, true
		}
		if first.Kind == 0 {
			first, what = f, u
		}
	}
	return first, what, first.Kind != 0
}

func (m Maker) upload(name string) (File, Upload, bool) {
	for _, u := range m.Uploads {
		if f, ok := u.matches(name); ok {
			f.Vendor = m.Vendor
			return f, u, true
		}
	}
	return File{}, Upload{}, false
}
