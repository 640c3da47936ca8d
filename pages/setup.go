package pages

import (
	"errors"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/admin"
)

// setUpPage is the first start: the box shows its set-up code where only its
// owner reads it, and who has that makes the first account.
type setUpPage struct {
	Form *form
	Step int // 1 the code, 2 the account
}

// Steps are those of the whole first start.
func (p *setUpPage) Steps() []stepOf { return stepsAt(p.Step) }

func getSetUp(v *visit) error {
	if !v.s.dep.People.NeedsSetUp() {
		return v.to("/")
	}
	return v.show("setup", &setUpPage{Form: filled(), Step: 1})
}

// postSetUp is both steps. The code is proved with the account, in one go: a code
// shown to be right without being used up would be worth guessing.
func postSetUp(v *visit) error {
	if !v.s.dep.People.NeedsSetUp() {
		return v.to("/")
	}
	f, err := v.form("step", "code", "name", "email", "password", "again")
	if err != nil {
		return err
	}
	data := &setUpPage{Form: f, Step: 2}
	if f.Get("code") == "" {
		data.Step = 1
		f.blame("code", v.say("setup.code.missing"))
		return v.again("setup", data, f, nil)
	}
	if f.Get("step") != "2" {
		return v.show("setup", data)
	}
	v.checkTwice(f, "password", "again")
	if f.Get("name") == "" {
		f.blame("name", v.say("setup.name.missing"))
	}
	if !f.OK() {
		return v.again("setup", data, f, nil)
	}
	in := accounts.NewAdmin{Name: f.Get("name"), Mail: f.Get("email"), Language: v.lang, Password: v.secret("password")}
	p, err := v.s.dep.People.SetUp(v.ctx(), v.from(), secret(f.Get("code")), in)
	switch {
	case errors.Is(err, accounts.ErrSetUp):
		data.Step = 1
		f.blame("code", v.say("setup.code.wrong"))
		return v.again("setup", data, f, nil)
	case err != nil:
		return v.again("setup", data, f, err)
	}
	v.begin(p)
	return v.done(v.afterSetUp(), "setup.done", p.Name)
}

// afterSetUp is where a new admin goes on: the steps that follow.
func (v *visit) afterSetUp() string {
	if v.role().May(admin.Admin) {
		return pathSite
	}
	return "/"
}
