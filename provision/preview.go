package provision

import (
	"fmt"
	"strings"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Preview is what a phone would get, and why.
type Preview struct {
	File  string `json:"file"`
	Stage string `json:"stage"` // "open", "holding" or "full"
	Type  string `json:"type"`
	Body  string `json:"body"`
	Why   string `json:"why"`
	// Settings says of each parameter of a full config where it comes from.
	Settings []Setting `json:"settings,omitempty"`
}

// Preview renders a device's files as it would be given them now, in the order
// it asks for them; an empty file means all. Secrets, and overrides that may be
// one, are masked unless reveal. A device without a credential is shown the config it will
// get with one masked in its place, beside the holding config where policy has one.
func (d *Desk) Preview(mac phone.MAC, file string, reveal bool) ([]Preview, error) {
	rec, err := d.store.Devices.Device(mac)
	if err != nil {
		return nil, err
	}
	maker, ok := d.table.Of(rec.Device.Vendor)
	if !ok {
		return nil, fmt.Errorf("device %s is %w: vendor %q is not served", mac, ErrInvalid, rec.Device.Vendor)
	}
	var list []Preview
	for _, name := range maker.Sequence(mac, rec.Device.Model) {
		f, ok := d.table.File(name, rec.Device.Vendor)
		if !ok || f.Kind == vendors.Absent || file != "" && file != name {
			continue
		}
		pages, err := d.preview(rec, f, reveal)
		if err != nil {
			return nil, err
		}
		list = append(list, pages...)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: %w: no file %q; without --file all are shown", mac, ErrInvalid, file)
	}
	return list, nil
}

func (d *Desk) preview(rec auth.Record, f vendors.File, reveal bool) ([]Preview, error) {
	now := d.tools.Now()
	c := caller{file: f, ident: vendors.Ident{Vendor: f.Vendor, Model: rec.Device.Model}}
	in := d.input(now, c)
	if f.Kind != vendors.Config {
		p, err := d.show(in, "open", "holds no secret: given to whoever asks")
		return []Preview{p}, err
	}
	var list []Preview
	var err error
	if st := rec.Enrolment.At(now); st != auth.Successful && d.Policy().FirstContact.WantsPIN() {
		held := in
		d.hold(&held, rec, now)
		if !reveal {
			held.Login.Password, held.Hold.Password = masked, masked
			held.Token = mask(held.Token)
		}
		p, err := d.show(held, "holding", "given now: "+st.Shown())
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	d.full(&in, rec, d.basisOf(c, rec))
	if in.Login.User == "" {
		in.Login = vendors.Login{User: "minted-at-proof", Password: masked}
		if maker, _ := d.table.Of(f.Vendor); takesToken(maker) {
			in.Token = masked
		}
	}
	if !reveal {
		if in, err = d.hide(in, rec); err != nil {
			return nil, err
		}
	}
	p, err := d.show(in, "full", why(rec, now.In(d.zone))+d.doubts(f.Vendor))
	if err != nil {
		return nil, err
	}
	p.Settings, err = d.settings(in)
	return append(list, p), err
}

// doubts tells of templates of the vendor that name no model known: the one that
// seems to be without effect may be among them.
func (d *Desk) doubts(v phone.Vendor) string {
	text := ""
	for _, w := range d.table.Doubts(d.templates.layers()) {
		if strings.HasPrefix(w.File, string(v)+"-") {
			text += "; " + w.Error()
		}
	}
	return text
}

func (d *Desk) show(in vendors.Input, stage, why string) (Preview, error) {
	body, err := d.table.Render(in)
	maker, _ := d.table.Of(in.File.Vendor)
	return Preview{File: in.File.Name, Stage: stage, Type: maker.ContentType, Body: string(body), Why: why}, err
}

// why says when the phone is given its full config, in the zone of now.
func why(rec auth.Record, now time.Time) string {
	e := rec.Enrolment
	switch {
	case e.IsSuspended(now):
		return "given to this phone until " + e.Suspended.In(now.Location()).Format(time.DateTime) + " without proof: suspended"
	case e.At(now) == auth.Successful:
		return "given for the device's own credential"
	case e.Enrolling():
		return "handed out; the phone's first use of its new credential is awaited"
	case now.Before(e.Pass.Until):
		return "given at its next fetch: its PIN was right"
	}
	return "given once the phone has proved itself"
}
