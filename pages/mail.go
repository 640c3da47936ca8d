package pages

import (
	"github.com/lineside/lineside/admin"
)

// mailPage is what waits to be mailed.
type mailPage struct {
	admin.Mail
	Form *form
}

func getMail(v *visit) error { return v.showMail(&form{}, nil) }

func (v *visit) showMail(f *form, wrong error) error {
	mail, err := v.api.Mail(v.ctx())
	if err != nil {
		return err
	}
	data := mailPage{Mail: mail, Form: f}
	if wrong != nil {
		return v.again("mail", data, f, wrong)
	}
	return v.show("mail", data)
}

func postMailTest(v *visit) error {
	f, err := v.form("to")
	if err != nil {
		return err
	}
	letter, wrong := v.api.TestMail(v.ctx(), f.Get("to"))
	if wrong != nil {
		return v.showMail(f, wrong)
	}
	return v.done("/mail", "mail.tested", letter.To)
}

func postMailRetry(v *visit) error {
	f, err := v.form("id")
	if err != nil {
		return err
	}
	letter, err := v.api.RetryMail(v.ctx(), f.Get("id"))
	if err != nil {
		return err
	}
	return v.done("/mail", "mail.retried", letter.To)
}

func postMailRemove(v *visit) error {
	f, err := v.form("id")
	if err != nil {
		return err
	}
	if ok, err := v.sure(v.say("mail.remove.sure"), v.say("mail.remove"), "id"); !ok {
		return err
	}
	if err := v.api.RemoveMail(v.ctx(), f.Get("id")); err != nil {
		return err
	}
	return v.done("/mail", "mail.removed")
}
