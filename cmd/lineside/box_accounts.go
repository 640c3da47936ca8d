package main

import (
	"net/netip"

	"github.com/lineside/lineside/accounts"
)

// openAccounts makes what lets people in to the pages. While nobody has an
// account, the log says how the first one is made: whoever reads it is the
// box's owner.
func (b *box) openAccounts() (err error) {
	cfg := accounts.Config{Site: b.settings.Site.Name, URL: pagesURL(b.settings, b.where), OnLink: b.onLink, Now: b.now}
	b.accounts, err = accounts.New(cfg, accounts.Deps{Store: b.store, People: b.desk, Mail: b.post, Log: b.log})
	if err != nil {
		return err
	}
	if code, ok := b.accounts.SetUpCode(); ok {
		b.log.Info("nobody has an account yet: open the admin page, or type lineside account add, to make the first; the code is good until then or the next start",
			"code", code.Reveal())
	}
	b.base = append(b.base, newServer("accounts", b.accounts.Run))
	return nil
}

// pagesURL is where people find the pages: at the address listen.admin names, or
// the box's own; empty while the listener is off. What a browser calls the box is
// not asked: whoever sends a request could write anything there.
func pagesURL(s settings, where lan) string {
	for _, d := range s.doors() {
		if d.name != "admin" {
			continue
		}
		at, err := netip.ParseAddrPort(d.on(where.Self.Addr()).addr)
		switch {
		case err != nil:
			return ""
		case at.Addr().IsUnspecified():
			at = netip.AddrPortFrom(where.Self.Addr(), at.Port())
		}
		return "https://" + at.String() + "/"
	}
	return ""
}
