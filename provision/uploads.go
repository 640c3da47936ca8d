package provision

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// MaxUpload bounds one file a phone puts on the box, in bytes.
const MaxUpload = 1 << 20

// ErrUnknownUpload is returned for a file no phone has put on the box.
var ErrUnknownUpload = errors.New("the phone has put no such file here")

// Upload is a file a phone put on the box.
type Upload struct {
	Name string    `json:"name"`
	What string    `json:"what,omitempty"` // log, contacts, calls, settings
	Size int64     `json:"size"`
	At   time.Time `json:"at"`
}

// Upload takes a file a phone puts on the box. It is kept for a device that
// shows its own credential, and for nobody else: read, which gives the file or an
// error, is called only then. Everybody else is answered as at a fetch, known or
// not. The answer is Absent for names no vendor's phones upload.
func (d *Desk) Upload(ctx context.Context, ask Ask, read func(most int64) ([]byte, error)) (Answer, error) {
	ask, fit := d.untoken(ask)
	name := path.Base(ask.File)
	if !fit || ask.Front == TFTP || strings.Contains(ask.File, "/") && !tolerable(ask.File) {
		return Answer{}, nil
	}
	now := d.tools.Now()
	c, u, ok := d.uploader(now, ask, name)
	if !ok {
		return Answer{Phone: c.isPhone}, nil
	}
	denied := Answer{Status: Challenge, Phone: c.isPhone}
	rec, known, err := d.record(c)
	if err != nil {
		return denied, err
	}
	p := d.Policy()
	p.PINOnScreen = false // a PIN is typed to fetch; looked at here it would be one try more, and uncounted
	c.shown, _ = d.weigh(now, ask, c, rec, p)
	own := c.shown == auth.OwnCurrent || c.shown == auth.OwnPending
	if !known || !own || c.verdict == auth.Contradicted {
		d.denyUpload(now, ask, c)
		if ask.Attempt != nil {
			denied.Retry = d.penalties.wait(now, c)
		}
		return denied, nil
	}
	body, err := read(MaxUpload)
	if err != nil {
		return Answer{Phone: c.isPhone}, err
	}
	if err := d.uploads.keep(now, c.file.MAC, strings.ToLower(name), body); err != nil {
		return Answer{Phone: c.isPhone}, fmt.Errorf("keep %s of %s: %w", name, c.file.MAC, err)
	}
	d.count(ask, c, "kept")
	d.tell(Step{MAC: c.file.MAC, Front: ask.Front, Vendor: c.file.Vendor, Addr: ask.Remote.Addr().Unmap(),
		Text: fmt.Sprintf("put %s here (%s, %d bytes); see it with: lineside device uploads %s", name, u.What, len(body), c.file.MAC)}, true)
	return Answer{Status: Kept, Phone: c.isPhone}, nil
}

// uploader is who puts a file here. A name without a MAC is of the phone whose
// login is shown.
func (d *Desk) uploader(now time.Time, ask Ask, name string) (caller, vendors.Upload, bool) {
	addr := ask.Remote.Addr().Unmap().WithZone("")
	w := d.wire(now, addr)
	c := caller{by: "ip:" + addr.String(), payer: w.payer(), layer2: w.mac()}
	c.ident, c.isPhone = d.table.ByAgent(ask.Agent)
	hint := c.ident.Vendor
	if hint == "" && w.leased {
		hint = w.lease.Vendor
	}
	f, u, ok := d.table.Upload(name, hint)
	if !ok {
		return c, u, false
	}
	if f.MAC.IsZero() && ask.Attempt != nil {
		o, _ := d.logins.origin(ask.Attempt.User)
		f.MAC = o.mac
	}
	// A name several vendors share is the record's: what comes of it shows only to
	// whoever has the device's own credential.
	if rec, err := d.store.Devices.Device(f.MAC); err == nil && rec.Device.Vendor != f.Vendor {
		if own, what, ok := d.table.Upload(name, rec.Device.Vendor); ok && own.Vendor == rec.Device.Vendor {
			f.Vendor, u = own.Vendor, what
		}
	}
	f.Kind = vendors.Config // it is guarded like one
	c.file = f
	c.verdict = d.verdict(now, w, c)
	if (c.verdict == auth.Proven || c.verdict == auth.Contradicted) && !c.layer2.IsZero() {
		c.by = "mac:" + c.layer2.String()
	}
	return c, u, true
}

// denyUpload counts what a wrong login costs its sender, as at a fetch.
func (d *Desk) denyUpload(now time.Time, ask Ask, c caller) {
	d.count(ask, c, outcomeName(auth.Challenge))
	if ask.Attempt == nil || c.shown != auth.Wrong && c.shown != auth.Unlooked {
		return
	}
	d.penalties.add(now, c, ask.Attempt.Print)
	d.refused(actorOf(ask, c), c.file.MAC, auth.WrongLogin, c.file.Name)
}

// OpenUploads looks what there is of former runs.
func (d *Desk) OpenUploads() error { return d.uploads.scan() }

// Uploads lists what a device's phone has put on the box.
func (d *Desk) Uploads(mac phone.MAC) ([]Upload, error) {
	rec, err := d.store.Devices.Device(mac)
	if err != nil {
		return nil, err
	}
	list := d.uploads.list(mac)
	for i := range list {
		if _, u, ok := d.table.Upload(list[i].Name, rec.Device.Vendor); ok {
			list[i].What = u.What
		}
	}
	return list, nil
}

// ReadUpload gives one file a device's phone has put on the box.
func (d *Desk) ReadUpload(mac phone.MAC, name string) ([]byte, error) {
	if _, err := d.store.Devices.Device(mac); err != nil {
		return nil, err
	}
	return d.uploads.read(mac, name)
}
