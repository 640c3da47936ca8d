package provision

import (
	"crypto/sha256"
	"encoding/hex"
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
	body, err := d.openPage(c, d.tools.Now())
	if err != nil {
		return Answer{Phone: c.isPhone}, err
	}
	d.noteOpen(ask, c)
	return d.content(c, body), nil
}

// answer turns a decision into bytes.
func (d *Desk) answer(ask Ask, c caller, rec auth.Record, dec auth.Decision, now time.Time) (Answer, error) {
	var body *page
	var err error
	switch dec.Outcome {
	case auth.Hold:
		body, err = d.holdingPage(c, rec, dec, now)
	case auth.Full:
		body, err = d.fullPage(c, rec, now)
	default:
		return Answer{Status: Challenge, Phone: c.isPhone}, nil
	}
	if err != nil {
		return Answer{Phone: c.isPhone}, err
	}
	return d.content(c, body), nil
}

// holdingPage is made each time: were it kept for known devices only, the time
// would tell them from visitors; were it kept for all, a stranger could fill the
// cache.
func (d *Desk) holdingPage(c caller, rec auth.Record, dec auth.Decision, now time.Time) (*page, error) {
	in := d.input(now, c)
	d.hold(&in, rec, now)
	if dec.Reason == auth.AwaitsApproval {
		in.Hold.Text = auth.AwaitingText
	}
	return d.rendered(in)
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
		Site:   d.Site(),
		Box:    d.boxFor(c),
		Zone:   d.zone,
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

// full fills in the device's own config with its own login.
func (d *Desk) full(in *vendors.Input, rec auth.Record, b basis) {
	in.Stage = vendors.Full
	in.Device = rec.Device
	in.Device.Model = b.model
	maker, _ := d.table.Of(in.File.Vendor)
	in.Login = login(rec.Enrolment.Login())
	in.Token = tokenFor(maker, d.Policy().Key, in.File.MAC, in.Login)
	in.Book = d.bookFor(maker, b.owner, in.Box.URL)
	in.XSI = vendors.Login{User: b.owner.XSIUser, Password: b.owner.XSIPassword}
	in.Layers = b.layers
	in.Firmware = b.firmware.source(in.Box.URL)
}

func (d *Desk) rendered(in vendors.Input) (*page, error) {
	body, err := d.table.Render(in)
	if err != nil {
		return nil, err
	}
	return newPage(body), nil
}

// tagOf is a strong entity tag: the same only for the same bytes.
func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:12])
}
