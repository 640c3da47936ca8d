package main

import (
	"context"
	"fmt"
	"time"

	"github.com/lineside/lineside/mail"
)

const (
	// mailPatience is longer than the doctor's own: servers keep strangers waiting
	// on purpose.
	mailPatience = 15 * time.Second
	// renewBefore is how long before its end a certificate should have been
	// renewed.
	renewBefore = 14 * 24 * time.Hour
)

// mail signs in at the mail server and leaves.
func (d *doctor) mail(ctx context.Context) []finding {
	const check = "mail"
	server := d.settings.Mail.server(helloName())
	if server.IsZero() {
		return nil
	}
	const notice = "phones notice nothing; nobody gets a temporary password by mail"
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	p, err := mail.Try(ctx, server, time.Now)
	switch {
	case err != nil:
		return []finding{{check, gradeBad, fmt.Sprintf("%s cannot be used: %v", server.Address(), err), notice, mail.Advice(err)}}
	case !p.Expires.IsZero() && time.Until(p.Expires) < renewBefore:
		return []finding{{check, gradeWarn, fmt.Sprintf("the certificate of %s ends at %s", server.Address(), p.Expires.UTC().Format("2006-01-02 15:04 MST")),
			"from then on nobody gets a temporary password by mail", "have whoever keeps the mail server renew it"}}
	}
	return []finding{fine(check, "%s takes mail, %s", server.Address(), sealedWords(p))}
}

// sealedWords says how mail goes to a server that was tried.
func sealedWords(p mail.Probe) string {
	words := "in the clear"
	if p.TLS != "" {
		words = "by " + p.TLS
	}
	if p.SignedIn {
		words += ", and took the login"
	}
	return words
}
