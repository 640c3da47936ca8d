package pages

import (
	"net/http"

	"github.com/lineside/lineside/admin"
)

// signIn is the page where people say who they are.
type signIn struct {
	Form *form
	To   string // where they wanted to go
	Note string // why they see it again
}

func (v *visit) newSignIn(to, note string) *signIn {
	return &signIn{Form: filled(), To: local(to), Note: note}
}

func getSignIn(v *visit) error {
	to := local(v.r.URL.Query().Get("to"))
	if v.in {
		return v.to(to)
	}
	return v.show("sign-in", v.newSignIn(to, ""))
}

// postSignIn signs in. The dialog that a page opens over itself when its session
// has ended (app.js) is answered in a header, so that the page stays as it is.
func postSignIn(v *visit) error {
	f, err := v.form("name", "to")
	if err != nil {
		return err
	}
	data := &signIn{Form: f, To: local(f.Get("to"))}
	over := v.r.Header.Get("X-Over") != ""
	if f.Get("name") == "" || v.secret("password").IsZero() {
		f.blame("name", v.say("signin.both"))
		return v.again("sign-in", data, f, nil)
	}
	p, err := v.s.dep.People.SignIn(v.ctx(), v.from(), f.Get("name"), v.secret("password"))
	switch {
	case err != nil && over:
		return v.overError(err)
	case err != nil:
		return v.again("sign-in", data, f, err)
	}
	v.begin(p)
	if over {
		v.begun = true
		v.w.Header().Set(csrfHeader, csrfOf(v.cookie()))
		v.w.Header().Set("X-Person", p.Name)
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if p.Must != "" {
		return v.to("/password")
	}
	return v.to(data.To)
}

// overError tells the dialog why not, as text.
func (v *visit) overError(err error) error {
	p := v.problem(err)
	v.begun = true
	http.Error(v.w, p.What+" "+p.Do, p.Status)
	return nil
}

// getSignOut is for who has no script, or typed it.
func getSignOut(v *visit) error {
	if !v.in {
		return v.to("/sign-in")
	}
	return v.show("sign-out", nil)
}

func postSignOut(v *visit) error {
	v.setCookie(sessionCookie, "", -1) // whatever the disk says
	if v.in {
		if err := v.s.dep.People.SignOut(v.ctx(), v.who.Token); err != nil { // it has ended all the same
			v.s.dep.Log.Warn("the end of a session is not on disk yet", "err", err)
		}
	}
	v.w.Header().Set("Clear-Site-Data", `"cache"`)
	return v.done("/sign-in", "signin.out")
}

// passwordPage is where a password is changed, of one's own will or because it
// must be.
type passwordPage struct {
	Form *form
	Must string
}

func getPassword(v *visit) error {
	return v.show("password", &passwordPage{Form: filled(), Must: v.who.Must})
}

func postPassword(v *visit) error {
	f, err := v.form("old", "new", "again")
	if err != nil {
		return err
	}
	data := &passwordPage{Form: f, Must: v.who.Must}
	next := v.secret("new")
	v.checkTwice(f, "new", "again")
	if v.who.Must != "temporary" && v.secret("old").IsZero() {
		f.blame("old", v.say("password.old.missing"))
	}
	if !f.OK() {
		return v.again("password", data, f, nil)
	}
	p, err := v.s.dep.People.ChangePassword(v.ctx(), v.from(), v.who.Token, v.secret("old"), next)
	if err != nil {
		return v.again("password", data, f, err)
	}
	v.begin(p)
	return v.done(v.home(), "password.done")
}

// checkTwice blames a password that is missing, or not the same twice.
func (v *visit) checkTwice(f *form, name, again string) {
	switch first := v.secret(name).Reveal(); {
	case first == "":
		f.blame(name, v.say("password.missing"))
	case first != v.secret(again).Reveal():
		f.blame(again, v.say("password.differ"))
	}
}

// home is the first page of a role.
func (v *visit) home() string {
	if v.role().May(admin.Viewer) {
		return "/"
	}
	return "/me"
}
