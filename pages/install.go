package pages

import (
	"cmp"
	"errors"
	"net/http"

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
}

// MayPIN says that a PIN gets it on, Locked that wrong ones keep it off.
func (p *installOne) MayPIN() bool {
	return p.Known && p.State != "visitor" && p.State != "successful"
}
func (p *installOne) Locked() bool { return p.State == "failed" || p.State == "blocked" }

// Unproven says that the PIN needs the phone's address beside it.
func (p *installOne) Unproven() bool { return p.Entered.asksFrom() }

// Name is what people call it.
func (p *installOne) Name() string { return calledName(p.Phone) }

func calledName(p admin.Phone) string { return called(p.MAC, p.Label, p.Owner) }

func stateOf(p admin.Phone) string { return shownState(p.State, p.Enrolling, p.Suspended) }

// theOne looks for the phone of the path among those heard of, then among those
// set up that have yet to come.
func (v *visit) theOne() (*installOne, error) {
	mac, err := v.mac()
	if err != nil {
		return nil, err
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

// postInstallPIN enters the PIN of a phone.
func postInstallPIN(v *visit) error {
	mac, err := v.mac()
	if err != nil {
		return err
	}
	f, err := v.form("from")
	if err != nil {
		return err
	}
	right, wrong := v.enterPIN(mac, f)
	if right {
		return v.done(installPath(mac), "pin.right")
	}
	p, err := v.theOne()
	if err != nil {
		return err
	}
	p.Entered = f
	return v.again("install-one", p, f, wrong)
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

// sheetPage is the PINs of the phones not yet authenticated, to be printed.
type sheetPage struct {
	Form    *form // what to narrow it to
	Waiting int
	Sheet   *admin.PINs // nil before they are asked for
}

// Cut says that there are more than are on the sheet.
func (p *sheetPage) Cut() bool { return len(p.Sheet.PINs) < p.Waiting }

// getSheet counts them as the sheet will, without showing one.
func getSheet(v *visit) error {
	n, err := v.api.CountPINs(v.ctx(), admin.Query{})
	if err != nil {
		return err
	}
	return v.show("install-sheet", &sheetPage{Form: filled(), Waiting: n})
}

// postSheet shows them. It is a form and no link: that they were shown is on
// record.
func postSheet(v *visit) error {
	f, err := v.form("q")
	if err != nil {
		return err
	}
	pins, err := v.api.PINs(v.ctx(), admin.Query{Text: cut(f.Get("q"), 100)})
	if err != nil {
		return err
	}
	return v.show("install-sheet", &sheetPage{Form: f, Waiting: pins.Total, Sheet: &pins})
}
