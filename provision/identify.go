package provision

import (
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// caller is who asks and for what, as far as the question itself tells.
type caller struct {
	file    vendors.File
	ident   vendors.Ident // by User-Agent or lease
	isPhone bool          // introduced itself as a served vendor's phone
	verdict auth.Verdict
	by      string    // layer-2 identity
	payer   string    // who pays for wrong logins while by is an address; "" for by
	layer2  phone.MAC // what layer 2 says, zero where it says nothing
	// reads is the user name a password of the phone book is guessed for; "" for
	// none, and for a caller layer 2 proves to be a phone of that user.
	reads string
	// certified says that a factory certificate names the file's own phone.
	certified bool
	// shown is what the desk found the attempt to be; set once it was weighed.
	shown auth.Shown
	// six says that it came by IPv6.
	six bool
}

// identify reads the question. It returns false for a name that is no file of
// any vendor. Nothing in it depends on whether the box knows the device.
func (d *Desk) identify(now time.Time, ask Ask) (caller, bool) {
	addr := ask.Remote.Addr().Unmap().WithZone("")
	w := d.wire(now, addr)
	c := caller{by: "ip:" + addr.String(), payer: w.payer(), layer2: w.mac(), six: addr.Is6()}
	c.ident, c.isPhone = d.table.ByAgent(ask.Agent)
	hint := c.ident.Vendor
	if hint == "" && w.leased {
		hint = w.lease.Vendor
	}
	file, ok := d.table.File(path.Base(ask.File), hint)
	if !ok || strings.Contains(ask.File, "/") && !tolerable(ask.File) {
		return c, false
	}
	c.file = file
	if c.ident.Model == "" && w.leased {
		c.ident.Model = w.lease.Model
	}
	c.verdict = d.verdict(now, w, c)
	d.certify(ask, &c)
	d.byRecord(ask, &c, hint)
	if (c.verdict == auth.Proven || c.verdict == auth.Contradicted) && !c.layer2.IsZero() {
		c.by = "mac:" + c.layer2.String()
	}
	return c, true
}

// byRecord reads a name several vendors share as the device's record has it,
// where nothing the caller said settles it and layer 2 proves that the caller is
// that phone. For anybody else the record counts for nothing: the answer would
// tell which MACs the box knows.
func (d *Desk) byRecord(ask Ask, c *caller, hint phone.Vendor) {
	if c.verdict != auth.Proven || c.certified { // a certificate names its maker
		return
	}
	rec, err := d.store.Devices.Device(c.file.MAC)
	if err != nil || rec.Device.Vendor == c.file.Vendor {
		return
	}
	if v, ok := d.table.ByOUI(c.file.MAC); ok && v == hint && c.ident.Vendor == "" {
		hint = "" // a lease without an option 60 guesses by the MAC: several vendors share it
	}
	file, ok := d.table.File(path.Base(ask.File), hint, rec.Device.Vendor)
	if ok && file.MAC == c.file.MAC { // or the verdict would be on another phone
		c.file = file
	}
}

// certify weighs a factory client certificate. One that names the phone of the
// file proves a MAC that nothing contradicts; one that names another phone
// contradicts.
func (d *Desk) certify(ask Ask, c *caller) {
	if len(ask.Chain) == 0 || c.file.MAC.IsZero() || c.verdict == auth.Contradicted {
		return
	}
	vendor, mac, ok := d.cfg.Factory.Verify(ask.Chain)
	switch {
	case !ok:
	case mac != c.file.MAC || vendor != c.file.Vendor:
		c.verdict, c.layer2 = auth.Contradicted, mac
	default:
		c.verdict, c.layer2, c.certified = auth.Proven, mac, true
	}
}

// tolerable accepts a name with folders only where each is a plain one: phones
// with a remembered path still find their file.
func tolerable(name string) bool {
	return path.Clean("/"+name) == "/"+name && strings.Count(name, "/") <= 3
}

// model is the best guess at the caller's model from what it said of itself.
// The device's record is not asked, so that a holding config looks the same
// for a known and an unknown phone.
func (c caller) model() string {
	if c.file.Model != "" {
		return c.file.Model
	}
	if c.ident.Vendor == c.file.Vendor || c.ident.Vendor == "" {
		return c.ident.Model
	}
	return ""
}

// boxFor is what this caller is told of the box: by the way it came, which is one
// it has. A phone may have no other.
func (d *Desk) boxFor(c caller) vendors.Box {
	if c.six && d.cfg.Addr6 != nil {
		return d.box(d.cfg.Addr6())
	}
	return d.self
}

// box is what phones are told of the box, on the network self belongs to.
func (d *Desk) box(self netip.Addr) vendors.Box {
	if self = self.Unmap(); !self.IsValid() || self.IsUnspecified() || self.Is6() && self.IsLinkLocalUnicast() {
		self = d.cfg.Addr // who is told a link-local one has to know of which interface
	}
	url := d.cfg.URL
	if url == "" {
		url = "http://" + hostPort(self, d.cfg.HTTPPort) + "/cfg/"
	}
	return vendors.Box{
		URL:     url,
		CAURL:   url + CAFile,
		CA:      string(d.cfg.CA),
		Addr:    self,
		VLAN:    d.cfg.VLAN,
		SIPPort: d.cfg.SIPPort,
	}
}

func hostPort(a netip.Addr, port int) string {
	if port == 80 {
		if a.Is6() {
			return "[" + a.String() + "]"
		}
		return a.String()
	}
	return netip.AddrPortFrom(a, uint16(port)).String()
}
