package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Hotline is the number a phone on hold dials on off-hook: the box's own, where
// the PIN is asked for.
const Hotline = "*89"

// serveOpen answers for a file without secrets. It never looks at the device's
// record, so it cannot tell whether there is one.
func (d *Desk) serveOpen(ask Ask, c caller) (Answer, error) {
	in := d.input(d.tools.Now(), c)
	body, err := d.rendered(in, "", in.File.Kind == vendors.Common)
	if err != nil {
		return Answer{Phone: c.isPhone}, err
	}
	d.noteOpen(ask, c)
	return d.content(c, body), nil
}

// answer turns a decision into bytes.
func (d *Desk) answer(ask Ask, c caller, rec auth.Record, dec auth.Decision, now time.Time) (Answer, error) {
	in := d.input(now, c)
	keep, version := false, ""
	switch dec.Outcome {
	case auth.Hold:
		d.hold(&in, rec, now)
		if dec.Reason == auth.AwaitsApproval {
			in.Hold.Text = auth.AwaitingText
		}
	case auth.Full:
		version = d.full(&in, rec)
		keep = true
	default:
		return Answer{Status: Challenge, Phone: c.isPhone}, nil
	}
	body, err := d.rendered(in, version, keep)
	if err != nil {
		return Answer{Phone: c.isPhone}, err
	}
	return d.content(c, body), nil
}

func (d *Desk) content(c caller, body *page) Answer {
	maker, _ := d.table.Of(c.file.Vendor)
	return Answer{Status: Content, Body: body.bytes, Type: maker.ContentType, Tag: body.tag, Phone: c.isPhone}
}

// input is what every file of this caller is rendered from.
func (d *Desk) input(now time.Time, c caller) vendors.Input {
	return vendors.Input{
		File:   c.file,
		Device: phone.Device{MAC: c.file.MAC, Vendor: c.file.Vendor, Model: c.model()},
		Site:   d.cfg.Site,
		Box:    d.box(d.cfg.Addr),
		Year:   now.Year(),
	}
}

// hold fills in a holding config. All of it is derived from the MAC, so that
// a visitor is given the same as a device in needed.
func (d *Desk) hold(in *vendors.Input, rec auth.Record, now time.Time) {
	p := d.store.Policies.Policy()
	shown := auth.Needed
	if rec.Rev != 0 {
		shown = rec.Enrolment.At(now)
	}
	in.Stage = vendors.Holding
	in.Login = holdingLogin(p, in.File.MAC)
	maker, _ := d.table.Of(in.File.Vendor)
	in.Token = tokenFor(maker, p.Key, in.File.MAC, in.Login)
	in.Hold = vendors.Hold{
		Text:     shown.Shown(),
		User:     in.File.MAC.Hex(),
		Password: derive(p.Key, holdingAccount, in.File.MAC),
		Hotline:  Hotline,
	}
}

// full fills in the device's own config with its own login. The text it returns
// is another whenever anything else in the config is, but what rendered looks at
// by itself.
func (d *Desk) full(in *vendors.Input, rec auth.Record) (version string) {
	model := in.Device.Model
	in.Stage = vendors.Full
	in.Device = rec.Device
	if in.Device.Model == "" {
		in.Device.Model = model
	}
	maker, _ := d.table.Of(in.File.Vendor)
	in.Login = login(rec.Enrolment.Login())
	in.Token = tokenFor(maker, d.Policy().Key, in.File.MAC, in.Login)
	var owner uint64
	in.Book, owner = d.bookFor(maker, rec.Device, in.Box.URL)
	in.Layers = d.templates.layers()
	firmware := ""
	in.Firmware, firmware = d.firmwareFor(rec.Device, in.Box.URL)
	return fmt.Sprintf("%d/%d/%s/%s", rec.Rev, owner, in.Layers.VersionOf(in.File.Vendor, in.Device.Model), firmware)
}

// rendered gives the file's bytes, from the cache where keep allows. Holding
// configs are rendered each time: were they kept for known devices only, the
// time would tell them from visitors; were they kept for all, a stranger could
// fill the cache.
func (d *Desk) rendered(in vendors.Input, version string, keep bool) (*page, error) {
	if !keep {
		body, err := d.table.Render(in)
		if err != nil {
			return nil, err
		}
		return newPage(body), nil
	}
	key := pageKey{mac: in.File.MAC, file: in.File.Name, vendor: in.File.Vendor}
	version = fmt.Sprintf("%s/%d/%d/%s/%s", version, in.Stage, in.Year, in.Device.Model, in.Box.URL)
	if p, ok := d.pages.get(key, version); ok {
		d.tools.Metrics.Cache.WithLabelValues("hit").Inc()
		return p, nil
	}
	d.tools.Metrics.Cache.WithLabelValues("miss").Inc()
	body, err := d.table.Render(in)
	if err != nil {
		return nil, err
	}
	p := newPage(body)
	d.pages.put(key, version, p)
	return p, nil
}

// tagOf is a strong entity tag: the same only for the same bytes.
func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:12])
}
