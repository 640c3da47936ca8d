package accounts

import (
	"strings"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/phone"
)

// letterText is what letters say in one language; {at} is a line with the pages'
// address, or nothing.
type letterText struct {
	hello                          string
	subject, reset, forgotten, end string // of a temporary password
	movedSubject, moved            string // of another e-mail address
}

// letters are the texts by language.
func letters() map[string]letterText {
	return map[string]letterText{
		"en": {
			hello:        "Hello",
			movedSubject: "Your e-mail address for {site} has changed",
			moved:        "letters about your sign-in {name} for the telephones of {site} no longer go to this address; it was changed to {new}.\n\nIf it was not you: somebody knows your password. Tell an admin of {site} at once; they can set the address back and give you another password.\n",
			subject:      "Your temporary password for {site}",
			reset:        "an admin has had your password for the telephones of {site} reset.",
			forgotten:    "somebody, presumably you, has asked for a new password for the telephones of {site}. If it was not you, do nothing: your password stays as it is.",
			end:          "Name:               {name}\nTemporary password: {password}\n{at}\nIt is good once, within 24 hours; you are then asked to choose a password of your own.\n",
		},
		"de": {
			hello:        "Guten Tag",
			movedSubject: "Ihre E-Mail-Adresse für {site} wurde geändert",
			moved:        "Post zu Ihrer Anmeldung {name} bei den Telefonen von {site} geht nicht mehr an diese Adresse; sie wurde geändert in {new}.\n\nFalls Sie es nicht waren, kennt jemand Ihr Kennwort. Wenden Sie sich sofort an eine Verwaltungsperson von {site}; sie kann die Adresse zurücksetzen und Ihnen ein anderes Kennwort geben.\n",
			subject:      "Ihr vorläufiges Kennwort für {site}",
			reset:        "Ihr Kennwort für die Telefone von {site} wurde zurückgesetzt.",
			forgotten:    "jemand, vermutlich Sie selbst, hat ein neues Kennwort für die Telefone von {site} angefordert. Falls Sie es nicht waren, ist nichts zu tun: Ihr Kennwort bleibt, wie es ist.",
			end:          "Name:                  {name}\nVorläufiges Kennwort:  {password}\n{at}\nEs gilt ein Mal, innerhalb von 24 Stunden; danach wählen Sie ein eigenes Kennwort.\n",
		},
	}
}

// letter is the message that brings a temporary password.
func (d *Desk) letter(a auth.Account, to receiver, code phone.Secret, asked bool) mail.Message {
	m := mail.Message{Kind: temporaryPassword, About: "account " + a.Name}
	return d.write(m, to, func(text letterText) (subject, body string) {
		first := text.reset
		if asked {
			first = text.forgotten
		}
		return d.fill(text.subject, a, code), d.fill(first, a, code) + "\n\n" + d.fill(text.end, a, code)
	})
}

// movedLetter tells that letters go to another address now. Each such change is a
// thing of its own: a second one does not take the place of a letter that waits.
func (d *Desk) movedLetter(a auth.Account, to receiver, now string) mail.Message {
	m := mail.Message{Kind: "address-changed", About: "account " + a.Name + " at " + to.address}
	return d.write(m, to, func(text letterText) (subject, body string) {
		if now == "" {
			now = "–"
		}
		return d.fill(text.movedSubject, a, phone.Secret{}), strings.ReplaceAll(d.fill(text.moved, a, phone.Secret{}), "{new}", now)
	})
}

// write makes a letter in the receiver's language. Without one of their own it is
// in both.
func (d *Desk) write(m mail.Message, to receiver, in func(letterText) (subject, body string)) mail.Message {
	languages := []string{to.language}
	if to.language == "" {
		languages = Languages()
	}
	m.To, m.Name = to.address, to.name
	var texts []string
	for _, language := range languages {
		text := letters()[language]
		subject, body := in(text)
		if m.Subject == "" {
			m.Subject = subject
		}
		hello := text.hello
		if to.name != "" {
			hello += " " + to.name
		}
		texts = append(texts, hello+",\n\n"+body)
	}
	m.Text = phone.NewSecret(strings.Join(texts, "\n\n"))
	return m
}

func (d *Desk) fill(text string, a auth.Account, code phone.Secret) string {
	at, site := "", d.cfg.Site
	if d.cfg.URL != "" {
		at = "\n" + d.cfg.URL + "\n"
	}
	if site == "" {
		site = "Lineside"
	}
	return strings.NewReplacer("{site}", site, "{name}", a.Name, "{password}", code.Reveal(), "{at}", at).Replace(text)
}
