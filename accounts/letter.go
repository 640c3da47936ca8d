package accounts

import (
	"strings"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/phone"
)

// letterText is a letter in one language; {at} is a line with the pages' address,
// or nothing.
type letterText struct{ subject, reset, forgotten, end string }

// letters are the texts by language.
func letters() map[string]letterText {
	return map[string]letterText{
		"en": {
			subject:   "Your temporary password for {site}",
			reset:     "an admin has had your password for the telephones of {site} reset.",
			forgotten: "somebody, presumably you, has asked for a new password for the telephones of {site}. If it was not you, do nothing: your password stays as it is.",
			end:       "Name:               {name}\nTemporary password: {password}\n{at}\nIt is good once, within 24 hours; you are then asked to choose a password of your own.\n",
		},
		"de": {
			subject:   "Ihr vorläufiges Kennwort für {site}",
			reset:     "Ihr Kennwort für die Telefone von {site} wurde zurückgesetzt.",
			forgotten: "jemand, vermutlich Sie selbst, hat ein neues Kennwort für die Telefone von {site} angefordert. Falls Sie es nicht waren, ist nichts zu tun: Ihr Kennwort bleibt, wie es ist.",
			end:       "Name:                  {name}\nVorläufiges Kennwort:  {password}\n{at}\nEs gilt ein Mal, innerhalb von 24 Stunden; danach wählen Sie ein eigenes Kennwort.\n",
		},
	}
}

// letter is the message that brings a temporary password. Without a language of
// the person's own it is in both.
func (d *Desk) letter(a auth.Account, to receiver, code phone.Secret, asked bool) mail.Message {
	languages := []string{to.language}
	if to.language == "" {
		languages = Languages()
	}
	m := mail.Message{Kind: temporaryPassword, About: "account " + a.Name, To: to.address, Name: to.name}
	var texts []string
	for _, language := range languages {
		text := letters()[language]
		if m.Subject == "" {
			m.Subject = d.fill(text.subject, a, code)
		}
		first := text.reset
		if asked {
			first = text.forgotten
		}
		hello := map[string]string{"en": "Hello", "de": "Guten Tag"}[language]
		if to.name != "" {
			hello += " " + to.name
		}
		texts = append(texts, hello+",\n\n"+d.fill(first, a, code)+"\n\n"+d.fill(text.end, a, code))
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
