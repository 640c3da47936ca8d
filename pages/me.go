package pages

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/lineside/lineside/admin"
)

// mePage is everybody's own page. Each of its forms is one thing to change: what
// is wrong with one leaves the others as they are.
type mePage struct {
	admin.Me
	Own, Web, PIN *form
}

// newMePage is the page as things are now.
func (v *visit) newMePage() (*mePage, error) {
	me, err := v.api.Me(v.ctx())
	if err != nil {
		return nil, err
	}
	return &mePage{Me: me, Own: filled("email", me.Email, "language", me.Language, "rev", strconv.FormatUint(me.Rev, 10)), Web: filled(), PIN: filled()}, nil
}

func getMe(v *visit) error {
	data, err := v.newMePage()
	if err != nil {
		return err
	}
	return v.show("me", data)
}

// postMe changes what letters and pages go by: the address and the language.
func postMe(v *visit) error {
	f, err := v.form("email", "language", "rev")
	if err != nil {
		return err
	}
	f.values["password"] = "" // for what is wrong with it; a secret is not drawn again
	in := admin.MeInput{
		Email: admin.Set(f.Get("email")), Language: admin.Set(f.Get("language")), Rev: number(f.Get("rev")), Password: v.secret("password").Reveal(),
	}
	_, wrong := v.api.EditMe(v.ctx(), in)
	if wrong != nil {
		return v.meAgain(f, wrong, func(p *mePage) { v.meanwhile(p, f, wrong) })
	}
	was := v.lang
	v.speak(f.Get("language"))
	if v.byScript() && v.lang != was {
		v.w.Header().Set("HX-Redirect", "/me") // the whole page is in another language
		v.begun = true
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return v.done("/me", "me.saved")
}

// meanwhile puts what was written into the page as it is now. Where another window
// was faster, it says what is stored, and the next try counts from there.
func (v *visit) meanwhile(p *mePage, f *form, wrong error) {
	now := p.Own
	p.Own = f
	var e *admin.Error
	if errors.As(wrong, &e) && e.Status == http.StatusPreconditionFailed {
		f.values["rev"] = now.Get("rev")
		if now.Get("email") != f.Get("email") {
			f.blame("email", v.say("me.stored", now.Get("email")))
		}
	}
}

// speak has this browser follow the language a person has just chosen.
func (v *visit) speak(lang string) {
	if speaks(lang) {
		v.lang = lang
		v.setCookie(langCookie, lang, lookAge)
		return
	}
	v.setCookie(langCookie, "", -1)
}

// postMyWebPassword changes what opens the directory and the call log on the
// person's phones, which are told to fetch it.
func postMyWebPassword(v *visit) error {
	f, err := v.form("web_password", "web_again")
	if err != nil {
		return err
	}
	return v.changeMine(f, "web_password", "web_again", func(in *admin.MeInput) *admin.Field[string] { return &in.WebPassword },
		func(p *mePage) { p.Web = f }, "me.web.told")
}

// postMyPortalPIN changes what the person signs in with at somebody else's phone.
func postMyPortalPIN(v *visit) error {
	f, err := v.form("portal_pin", "pin_again")
	if err != nil {
		return err
	}
	return v.changeMine(f, "portal_pin", "pin_again", func(in *admin.MeInput) *admin.Field[string] { return &in.PortalPIN },
		func(p *mePage) { p.PIN = f }, "me.pin.done")
}

// changeMine changes one secret, written twice.
func (v *visit) changeMine(f *form, name, again string, of func(*admin.MeInput) *admin.Field[string], put func(*mePage), said string) error {
	v.checkTwice(f, name, again)
	if !f.OK() {
		return v.meAgain(f, nil, put)
	}
	var in admin.MeInput
	*of(&in) = admin.Set(v.secret(name).Reveal())
	me, err := v.api.EditMe(v.ctx(), in)
	switch {
	case err != nil:
		return v.meAgain(f, err, put)
	case in.WebPassword.Given && me.User != nil:
		return v.done("/me", said, v.told(me.User))
	}
	return v.done("/me", said)
}

// meAgain shows the page with one form as it was written.
func (v *visit) meAgain(f *form, wrong error, put func(*mePage)) error {
	data, err := v.newMePage()
	if err != nil {
		return err
	}
	put(data)
	return v.again("me", data, f, wrong)
}
