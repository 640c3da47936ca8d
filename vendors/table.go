package vendors

import (
	"fmt"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Table is a list of makers in the order they are asked.
type Table []Maker

// All is every vendor this build serves. The order matters only for file names
// that several vendors share when nothing else tells them apart.
func All() Table { return Table{yealink(), snom(), poly()} }

// Of finds a vendor by its short name.
func (t Table) Of(v phone.Vendor) (Maker, bool) {
	for _, m := range t {
		if m.Vendor == v {
			return m, true
		}
	}
	return Maker{}, false
}

// Names lists the short names, for error messages and completion.
func (t Table) Names() []string {
	names := make([]string, len(t))
	for i, m := range t {
		names[i] = string(m.Vendor)
	}
	return names
}

// Parse checks that name is a vendor of the table, in any case.
func (t Table) Parse(name string) (phone.Vendor, error) {
	v := phone.Vendor(strings.ToLower(strings.TrimSpace(name)))
	if _, ok := t.Of(v); !ok {
		return "", fmt.Errorf("vendor: %.40q is not served; write one of %s", name, strings.Join(t.Names(), ", "))
	}
	return v, nil
}

// ByClass recognises DHCP option 60, with or without trailing NULs.
func (t Table) ByClass(class []byte) (Ident, bool) {
	for len(class) > 0 && class[len(class)-1] == 0 {
		class = class[:len(class)-1]
	}
	if len(class) == 0 {
		return Ident{}, false
	}
	for _, m := range t {
		if m.Class == nil {
			continue
		}
		if id, ok := m.Class(class); ok {
			return id, true
		}
	}
	return Ident{}, false
}

// ByAgent recognises an HTTP User-Agent.
func (t Table) ByAgent(agent string) (Ident, bool) {
	if agent == "" || len(agent) > 512 {
		return Ident{}, false
	}
	for _, m := range t {
		if m.Agent == nil {
			continue
		}
		if id, ok := m.Agent(agent); ok {
			return id, true
		}
	}
	return Ident{}, false
}

// ByOUI recognises the manufacturer's part of a hardware address.
func (t Table) ByOUI(mac phone.MAC) (phone.Vendor, bool) {
	for _, m := range t {
		for _, o := range m.OUIs {
			if o == mac.OUI() {
				return m.Vendor, true
			}
		}
	}
	return "", false
}

// File understands a file name. Some names are shared (Yealink and Poly both
// ask for 0004f2aabbcc.cfg); then the hint decides (the vendor by User-Agent or
// by DHCP lease), then the MAC's OUI, also where the hint is of a vendor that
// has no such name, then the order of the table.
func (t Table) File(name string, hint phone.Vendor) (File, bool) {
	if name == "" || len(name) > 128 || strings.ContainsFunc(name, notPlain) {
		return File{}, false
	}
	var first, owned File
	for _, m := range t {
		f, ok := m.File(name)
		if !ok {
			continue
		}
		if f.Vendor == hint {
			return f, true
		}
		if v, ok := t.ByOUI(f.MAC); ok && v == f.Vendor {
			owned = f
		}
		if first.Kind == 0 {
			first = f
		}
	}
	if owned.Kind != 0 {
		return owned, true
	}
	return first, first.Kind != 0
}

// notPlain keeps letters whose lower case is an ASCII one out of file names.
func notPlain(r rune) bool { return r <= ' ' || r > '~' }

// Render writes the file in.File names, by its vendor.
func (t Table) Render(in Input) ([]byte, error) {
	m, ok := t.Of(in.File.Vendor)
	if !ok {
		return nil, fmt.Errorf("render %s: vendor %q is not served", in.File.Name, in.File.Vendor)
	}
	body, err := m.Render(in)
	if err != nil {
		return nil, fmt.Errorf("render %s for %s: %w", in.File.Name, m.Name, err)
	}
	return body, nil
}
