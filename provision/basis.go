package provision

import (
	"net/netip"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// basis is what a device's full config is made from besides its record and what
// never changes: looked up once, so that a page is kept under the version of what
// it was made from and of nothing newer.
type basis struct {
	model    string
	owner    phone.User
	layers   vendors.Layers
	firmware firmware
}

// basisOf looks them up. A record without a model has the one the phone says.
func (d *Desk) basisOf(c caller, rec auth.Record) basis {
	b := basis{model: rec.Device.Model, layers: d.templates.layers()}
	if b.model == "" {
		b.model = c.model()
	}
	if d.store.Users != nil && rec.Device.Owner != "" {
		b.owner, _ = d.store.Users.User(rec.Device.Owner)
	}
	b.firmware = d.firmwareFor(rec.Device.Vendor, b.model)
	return b
}

// pageVersion is another value whenever anything else is in a kept file. It is
// compared and never written out: what a phone asks for again costs nothing but
// the answer.
type pageVersion struct {
	stage         vendors.Stage
	rev, ownerRev uint64 // of the record, which has its login, and of its owner
	year          int
	model         string
	box           netip.Addr // what the file says it is
	layers        vendors.LayersVersion
	firmware      firmware
	site          *siteNow
	book          string // of the phone book's page, and nothing else
}

// fullPage is a device's full config, from the cache where it has it.
func (d *Desk) fullPage(c caller, rec auth.Record, now time.Time) (*page, error) {
	b, site := d.basisOf(c, rec), d.siteNow()
	in := d.input(now, c)
	version := pageVersion{
		stage: vendors.Full, rev: rec.Rev, ownerRev: b.owner.Rev, year: now.Year(), model: b.model, box: in.Box.Addr,
		layers: b.layers.VersionOf(c.file.Vendor, b.model), firmware: b.firmware, site: site,
	}
	if p, ok := d.kept(keyOf(in), version); ok {
		return p, nil
	}
	d.full(&in, rec, b)
	return d.keep(version, in)
}

// openPage is a file without secrets. One that names a phone is not kept: a
// stranger could fill the cache.
func (d *Desk) openPage(c caller, now time.Time) (*page, error) {
	site := d.siteNow()
	in := d.input(now, c)
	if c.file.Kind != vendors.Common {
		return d.rendered(in)
	}
	version := pageVersion{year: now.Year(), model: c.model(), box: in.Box.Addr, site: site}
	if p, ok := d.kept(keyOf(in), version); ok {
		return p, nil
	}
	return d.keep(version, in)
}

func keyOf(in vendors.Input) pageKey {
	return pageKey{mac: in.File.MAC, file: in.File.Name, vendor: in.File.Vendor, six: in.Box.Addr.Is6()}
}

// kept looks a page up and counts how that went.
func (d *Desk) kept(key pageKey, version pageVersion) (*page, bool) {
	p, ok := d.pages.get(key, version)
	if !ok {
		d.tools.Metrics.Cache.WithLabelValues("miss").Inc()
		return nil, false
	}
	d.tools.Metrics.Cache.WithLabelValues("hit").Inc()
	return p, true
}

func (d *Desk) keep(version pageVersion, in vendors.Input) (*page, error) {
	p, err := d.rendered(in)
	if err == nil {
		d.pages.put(keyOf(in), version, p)
	}
	return p, err
}
