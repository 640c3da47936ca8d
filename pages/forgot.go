package pages

// forgotPage is where people ask for a temporary password. Asked says that they
// have: the page is the same whether the name is anybody's or not.
type forgotPage struct {
	Form  *form
	Asked bool
}

func getForgot(v *visit) error {
	if v.in {
		return v.to("/password")
	}
	return v.show("forgot", &forgotPage{Form: filled("name", cut(v.r.URL.Query().Get("name"), 100))})
}

func postForgot(v *visit) error {
	f, err := v.form("name")
	if err != nil {
		return err
	}
	data := &forgotPage{Form: f}
	if f.Get("name") == "" {
		f.blame("name", v.say("forgot.missing"))
		return v.again("forgot", data, f, nil)
	}
	if err := v.s.dep.People.Forgot(v.ctx(), v.from(), f.Get("name")); err != nil {
		return v.again("forgot", data, f, err)
	}
	data.Asked = true
	return v.show("forgot", data)
}
