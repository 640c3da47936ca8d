package pages

import (
	"strconv"

	"github.com/lineside/lineside/admin"
)

// onePage is one user, and the forms for what can be changed of them.
type onePage struct {
	admin.User
	Name          string
	Own, Web, PIN *form
}

func (v *visit) id() string { return v.r.PathValue("id") }

// newOnePage is the user as they are now.
func (v *visit) newOnePage() (*onePage, error) {
	u, err := v.api.User(v.ctx(), v.id())
	if err != nil {
		return nil, err
	}
	own := filled("extension", u.Extension, "first_name", u.First, "last_name", u.Last, "email", u.Email,
		"alternate_id", u.AlternateID, "xsi_user", u.XSIUser, "rev", strconv.FormatUint(u.Rev, 10))
	return &onePage{User: u, Name: userName(u), Own: own, Web: filled(), PIN: filled()}, nil
}

func getUser(v *visit) error {
	data, err := v.newOnePage()
	if err != nil {
		return err
	}
	return v.show("user", data)
}

// userAgain shows the page with one form as it was written. The form keeps the
// new revision: who sends it again has seen that somebody else was faster.
func (v *visit) userAgain(f *form, wrong error, put func(*onePage)) error {
	data, err := v.newOnePage()
	if err != nil {
		return err
	}
	put(data)
	f.values["rev"] = strconv.FormatUint(data.Rev, 10)
	return v.again("user", data, f, wrong)
}

func postUser(v *visit) error {
	f, err := v.form(append(userFields(), "rev")...)
	if err != nil {
		return err
	}
	own := func(p *onePage) { p.Own = f }
	if f.Get("extension") == "" {
		f.blame("extension", v.say("users.extension.missing"))
		return v.userAgain(f, nil, own)
	}
	in := userInput(f)
	if in.Rev, err = strconv.ParseUint(f.Get("rev"), 10, 64); err != nil {
		return v.to(userPage(v.id())) // no form of ours sends that
	}
	if x := v.secret("xsi_password"); !x.IsZero() {
		in.XSIPassword = admin.Set(x.Reveal())
	}
	return v.changeUser(f, in, own)
}

// changeUser has the API change the user, and says which phones hear of it.
func (v *visit) changeUser(f *form, in admin.UserInput, put func(*onePage)) error {
	u, err := v.api.EditUser(v.ctx(), v.id(), in)
	if err != nil {
		return v.userAgain(f, err, put)
	}
	return v.done(userPage(u.ID), "users.saved", userName(u), v.told(&u))
}

func postUserWebPassword(v *visit) error {
	f, err := v.form("web_password", "web_again")
	if err != nil {
		return err
	}
	put := func(p *onePage) { p.Web = f }
	if v.checkTwice(f, "web_password", "web_again"); !f.OK() {
		return v.userAgain(f, nil, put)
	}
	return v.changeUser(f, admin.UserInput{WebPassword: admin.Set(v.secret("web_password").Reveal())}, put)
}

func postUserPortalPIN(v *visit) error {
	f, err := v.form("portal_pin", "pin_again")
	if err != nil {
		return err
	}
	put := func(p *onePage) { p.PIN = f }
	if v.checkTwice(f, "portal_pin", "pin_again"); !f.OK() {
		return v.userAgain(f, nil, put)
	}
	return v.changeUser(f, admin.UserInput{PortalPIN: admin.Set(v.secret("portal_pin").Reveal())}, put)
}

func postUserUnlock(v *visit) error {
	u, err := v.api.UnlockUser(v.ctx(), v.id())
	if err != nil {
		return err
	}
	return v.done(userPage(u.ID), "users.unlocked", userName(u))
}

// postUserReset has a temporary password mailed, or shows it: this once, in the
// answer itself.
func postUserReset(v *visit) error {
	data, err := v.newOnePage()
	if err != nil {
		return err
	}
	if ok, err := v.sure(v.say("users.reset.sure", data.Name), v.say("users.reset")); !ok {
		return err
	}
	got, err := v.api.ResetUser(v.ctx(), v.id())
	switch {
	case err != nil:
		return err
	case got.Mailed != "":
		return v.done(userPage(data.ID), "users.mailed", got.Mailed)
	}
	return v.show("handover", handover{For: data.Name, SignIn: data.ID, Password: secret(got.Password), Why: got.Why, Back: userPage(data.ID)})
}

func postUserRemove(v *visit) error {
	data, err := v.newOnePage()
	if err != nil {
		return err
	}
	if ok, err := v.sure(v.say("users.remove.sure", data.Name, data.Extension), v.say("users.remove")); !ok {
		return err
	}
	if err := v.api.RemoveUser(v.ctx(), v.id()); err != nil {
		return v.userAgain(data.Own, err, func(p *onePage) { p.Own = data.Own })
	}
	return v.done("/users", "users.removed", data.Name)
}
