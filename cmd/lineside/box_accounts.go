package main

import (
	"github.com/lineside/lineside/accounts"
)

// openAccounts makes what lets people in to the pages. While nobody has an
// account, the log says how the first one is made: whoever reads it is the
// box's owner.
func (b *box) openAccounts() (err error) {
	cfg := accounts.Config{Site: b.settings.Site.Name, Now: b.now}
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
