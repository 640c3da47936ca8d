package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// Codes of the conditions.
const (
	CodeStuck   = "mail-stuck"
	CodeRefused = "mail-refused"
)

// tell puts before operators how mail stands.
func (p *Post) tell() {
	p.show(p.stuck())
	p.show(p.refused())
}

// show raises a condition that has a detail, and clears any other.
func (p *Post) show(c health.Condition) {
	if c.Detail == "" {
		p.tools.Health.Clear(c.Code)
		return
	}
	p.tools.Health.Raise(p.now(), c)
}

// stuck is that mail does not get through: at once where that will not pass by
// itself, else once a letter waits for longer than greylisting does.
func (p *Post) stuck() health.Condition {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	c := health.Condition{
		Code: CodeStuck, Title: "Mail does not get through",
		Meaning: "phones notice nothing; people wait for their temporary passwords",
		Do:      "see what the server says of each: lineside mail list; then try at once: lineside mail retry ID",
	}
	waiting, late, oldest := 0, false, Letter{}
	for _, l := range p.letters {
		if l.Refused {
			continue
		}
		waiting++
		late = late || l.isStuck(now)
		if oldest.ID == "" || l.Since.Before(oldest.Since) {
			oldest = l
		}
	}
	if p.last != nil && p.last.do != "" {
		c.Do = p.last.do + "; then: systemctl reload lineside, and see whether mail arrives: lineside mail test ADDRESS"
	}
	why := oldest.LastError
	if p.last != nil {
		why = said(p.last.Error())
	}
	switch {
	case p.lost > 0:
		c.Detail = fmt.Sprintf("%d letters were given up after a day, and %d wait: %s", p.lost, waiting, cmp.Or(why, "see the audit log"))
	case late, waiting > 0 && p.last != nil && p.last.lasting:
		c.Detail = fmt.Sprintf("%d letters wait, the oldest since %s: %s", waiting, oldest.Since.Format("2006-01-02 15:04 MST"), why)
	}
	return c
}

// refused is that the server will not take some letters.
func (p *Post) refused() health.Condition {
	c := health.Condition{
		Code: CodeRefused, Title: "The mail server refuses some letters",
		Meaning: "phones notice nothing; those people get no temporary password",
		Do:      "correct the person's address, or what the server has against this box as sender (mail.from, mail.user); then: lineside mail retry ID, or take it out: lineside mail remove ID",
	}
	n := 0
	for _, l := range p.Letters() {
		if !l.Refused {
			continue
		}
		if n++; n == 1 {
			c.Detail = fmt.Sprintf("%s to %s: %s", l.Kind, l.To, l.LastError)
		}
	}
	if n > 1 {
		c.Detail += fmt.Sprintf("; and %d more", n-1)
	}
	return c
}

// Test puts a test message into the queue and on record.
func (p *Post) Test(ctx context.Context, by audit.Actor, to, site string) (Letter, error) {
	if err := CheckAddress(to); err != nil {
		return Letter{}, errors.Join(ErrMessage, fmt.Errorf("to: %w", err))
	}
	m := Message{
		Kind: "test", About: "test " + to, To: to, Subject: said("Lineside " + site + ": test"),
		Text: phone.NewSecret("This is a test message of the Lineside box of " + said(site) + ".\nMail from it arrives here.\n"),
	}
	return p.send(ctx, m, []audit.Record{{By: by, Event: audit.MailTested{To: to}}})
}
