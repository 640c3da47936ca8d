package pages

import (
	"cmp"
	"errors"
	"net/http"
	"net/netip"
	"strconv"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// Sizes of the installer's list: what a phone's screen is scrolled through, and
// what is shown to whoever asks for more.
const (
	installShown = 40
	installMost  = 500
)

// installPage is the phones that were heard of, as they come.
type installPage struct {
	List   *list
	Phones []admin.Phone
	Total  int
	Maker  phone.Vendor // whose MAC is being typed
	Whole  phone.MAC    // a whole MAC was typed that nobody has heard of
}

// Show is which phones are listed: all, or "visitor" or "successful"; empty are
// those not finished.
func (p *installPage) Show() string { return p.List.Filter("show") }

// More is the address of the list with all that there is room for, empty where
// that is no more.
func (p *installPage) More() string {
	if p.Total <= len(p.Phones) || p.List.Filter("most") != "" {
		return ""
	}
	return p.List.With("most", "1")
}

func getInstall(v *visit) error {
	l := v.list("show", "most")
	p := &installPage{List: l}
	state, limit := "unfinished", installShown
	switch l.Filter("show") {
	case "visitor", "successful":
		state = l.Filter("show")
	case "all":
		state = ""
	}
	if l.Text != "" {
		state = "" // who looks for one phone means it wherever it stands
	}
	if l.Filter("most") != "" {
		limit = installMost
	}
	found, err := v.api.Phones(v.ctx(), state, l.Text, limit)
	if err != nil {
		return err
	}
	p.Phones, p.Total, p.Maker = found.Phones, found.Total, found.Maker
	if mac, err := phone.ParseMAC(l.Text); err == nil && len(p.Phones) == 0 {
		p.Whole = mac
	}
	return v.show("install", p)
}

// installOne is one phone, and what is to be done about it.
type installOne struct {
	admin.Phone
	MAC     phone.MAC
	Known   bool // somebody or the box itself has heard of it
	PIN     *admin.PIN
	Claim   *form // the form of a visitor
	Entered *form // the form for a PIN
	From    bool  // it has to be said which phone the PIN is for
}

// MayPIN says that a PIN gets it on, Locked that wrong ones keep it off.
func (p *installOne) MayPIN() bool {
	return p.Known && p.State != "visitor" && p.State != "successful"
}
func (p *installOne) Locked() bool { return p.State == "failed" || p.State == "blocked" }

// Name is what people call it.
func (p *installOne) Name() string { return installName(p.Phone) }

func installName(p admin.Phone) string {
	if name := cmp.Or(p.Label, p.Owner, p.Model); name != "" {
		return name
	}
	return p.MAC.String()
}

// badgeOf is where a phone stands in one word: what is true beside its state
// matters more.
func badgeOf(p admin.Phone) string {
	switch {
	case p.State == "successful":
		return p.State
	case !p.Suspended.IsZero():
		return "suspended"
	case p.Enrolling:
		return "enrolling"
	}
	return p.State
}

// theOne looks for the phone of the path among those heard of, then among those
// set up that have yet to come.
func (v *visit) theOne() (*installOne, error) {
	mac, err := phone.ParseMAC(v.r.PathValue("mac"))
	if err != nil {
		return nil, noPage(v)
	}
	p := &installOne{MAC: mac, Phone: admin.Phone{MAC: mac}, Entered: &form{}}
	heard, err := v.api.Phones(v.ctx(), "", mac.String(), 1)
	if err != nil {
		return nil, err
	}
	if len(heard.Phones) == 1 && heard.Phones[0].MAC == mac {
		p.Phone, p.Known = heard.Phones[0], true
	} else if err := v.setUpOnly(p); err != nil {
		return nil, err
	}
	p.Vendor = cmp.Or(p.Vendor, heard.Maker)
	if p.State == "visitor" {
		p.Claim, err = v.newClaim(p)
	}
	return p, err
}

// setUpOnly fills in a device that was never heard of.
func (v *visit) setUpOnly(p *installOne) error {
	d, err := v.api.Device(v.ctx(), p.MAC)
	var e *admin.Error
	switch {
	case errors.As(err, &e) && e.Status == http.StatusNotFound:
		return nil
	case err != nil:
		return err
	}
	p.Known = true
	p.Phone = admin.Phone{
		MAC: d.MAC, Vendor: d.Vendor, Model: d.Model, Label: d.Label, Owner: d.OwnerName, State: d.Enrolment.State,
		Enrolling: d.Enrolment.Enrolling, Suspended: d.Enrolment.Suspended, Shown: d.Enrolment.Shown, Next: d.Enrolment.Next, Step: d.Enrolment.Step,
	}
	return nil
}

// newClaim is the form for a visitor: what the phone said of itself, and where
// its line is most likely at home, as with the phone set up last.
func (v *visit) newClaim(p *installOne) (*form, error) {
	f := filled("vendor", string(p.Vendor), "model", p.Model, "label", "", "user", "", "name", "", "registrar", "")
	last, err := v.api.Devices(v.ctx(), admin.Query{Sort: "-created", Limit: 1})
	if err != nil {
		return nil, err
	}
	for _, d := range last.Devices {
		for _, l := range d.Lines[:min(1, len(d.Lines))] {
			f.values["registrar"] = l.Registrar
		}
	}
	return f, nil
}

func getInstallOne(v *visit) error {
	p, err := v.theOne()
	if err != nil {
		return err
	}
	return v.show("install-one", p)
}

// postInstallClaim makes a visitor the site's, with a line where one is written.
func postInstallClaim(v *visit) error {
	p, err := v.theOne()
	if err != nil {
		return err
	}
	f, err := v.form("vendor", "model", "label", "user", "name", "registrar")
	if err != nil {
		return err
	}
	p.Claim = f
	in := admin.DeviceInput{Vendor: admin.Set(f.Get("vendor")), Model: admin.Set(f.Get("model")), Label: admin.Set(f.Get("label"))}
	password := v.secret("password")
	if f.Get("user") != "" || !password.IsZero() {
		line := admin.LineInput{Registrar: f.Get("registrar"), User: f.Get("user"), DisplayName: f.Get("name")}
		if !password.IsZero() {
			line.Password = admin.Set(password.Reveal())
		}
		in.Lines = admin.Set([]admin.LineInput{line})
	}
	made, err := v.api.Claim(v.ctx(), p.MAC, in)
	if err != nil {
		f.values["password"] = "" // for what is wrong with it
		return v.again("install-one", p, f, atKeys(err, []string{"registrar", "user", "password"}))
	}
	return v.done(installPath(p.MAC), "install.claimed", cmp.Or(made.Label, made.Model, made.MAC.String()))
}

func installPath(mac phone.MAC) string { return "/install/" + mac.String() }

// postInstallPIN enters the PIN of a phone, for the caller the network proves it
// to be, or for the address the installer read on its screen.
func postInstallPIN(v *visit) error {
	p, err := v.theOne()
	if err != nil {
		return err
	}
	f, err := v.form("from")
	if err != nil {
		return err
	}
	p.Entered, p.From = f, f.Get("from") != ""
	f.values["pin"] = "" // for what is wrong with it; a secret is not drawn again
	var from netip.Addr
	if p.From {
		if from, err = netip.ParseAddr(f.Get("from")); err != nil {
			f.blame("from", v.say("install.from.wrong"))
			return v.again("install-one", p, f, nil)
		}
	}
	r, err := v.api.EnterPIN(v.ctx(), p.MAC, v.secret("pin"), from)
	var e *admin.Error
	switch {
	case errors.As(err, &e) && e.Status == http.StatusConflict && p.MayPIN() && from == (netip.Addr{}):
		p.From = true
		return v.again("install-one", p, f, err)
	case errors.As(err, &e) && e.Status == http.StatusUnprocessableEntity:
		f.blame("pin", v.say("install.pin.six"))
		return v.again("install-one", p, f, nil)
	case err != nil:
		return v.again("install-one", p, f, err)
	case r.Accepted:
		return v.done(installPath(p.MAC), "install.pin.right")
	}
	p.State = r.State
	f.blame("pin", v.wrongAtInstall(r))
	return v.again("install-one", p, f, nil)
}

// wrongAtInstall words a PIN that was not taken.
func (v *visit) wrongAtInstall(r admin.PINResult) string {
	switch r.State {
	case "successful":
		return v.say("install.pin.already")
	case "blocked":
		return v.say("install.pin.blocked")
	case "failed":
		return v.say("install.pin.failed")
	}
	return v.say("install.pin.wrong", strconv.Itoa(r.Left))
}

// postInstallShow shows the PIN of one phone; that it was is on record.
func postInstallShow(v *visit) error {
	p, err := v.theOne()
	if err != nil {
		return err
	}
	pin, err := v.api.ShowPIN(v.ctx(), p.MAC)
	if err != nil {
		return err
	}
	p.PIN = &pin
	return v.show("install-one", p)
}

// postInstallDeed does what gets one phone on: what somebody may is the API's to
// say.
func postInstallDeed(v *visit) error {
	p, err := v.theOne()
	if err != nil {
		return err
	}
	said := "install.told"
	switch v.r.PathValue("deed") {
	case "resync":
		var r admin.Resynced
		r, err = v.api.Resync(v.ctx(), admin.ResyncInput{MACs: []phone.MAC{p.MAC}})
		switch {
		case r.NoWay > 0:
			said = "install.told.noway"
		case r.NotRegistered > 0:
			said = "install.told.later"
		}
	case "unblock":
		said = "install.unblocked"
		_, err = v.api.Unblock(v.ctx(), p.MAC)
	case "suspend":
		if ok, err := v.sure(v.say("install.suspend.sure", p.Name()), v.say("install.suspend")); !ok {
			return err
		}
		said = "install.suspended"
		_, err = v.api.Suspend(v.ctx(), p.MAC)
	default:
		return noPage(v)
	}
	if err != nil {
		return err
	}
	return v.done(installPath(p.MAC), said, p.Name())
}

// sheetPage is the PINs of the phones not yet authenticated, to be printed.
type sheetPage struct {
	Waiting int
	Sheet   *admin.PINs // nil before they are asked for
}

func getSheet(v *visit) error {
	page, err := v.api.Devices(v.ctx(), admin.Query{Limit: 1})
	if err != nil {
		return err
	}
	return v.show("install-sheet", &sheetPage{Waiting: page.States["needed"] + page.States["failed"] + page.States["blocked"]})
}

// postSheet shows them. It is a form and no link: that they were shown is on
// record.
func postSheet(v *visit) error {
	pins, err := v.api.PINs(v.ctx(), admin.Query{})
	if err != nil {
		return err
	}
	return v.show("install-sheet", &sheetPage{Waiting: pins.Total, Sheet: &pins})
}
