package accounts

import (
	"context"
	"net/netip"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// NewAdmin is the first operator, as the set-up code makes them.
type NewAdmin struct {
	Name, Mail, Language string
	Password             phone.Secret
}

// NeedsSetUp says that no operator's account exists.
func (d *Desk) NeedsSetUp() bool { return d.dep.Store.Operators() == 0 }

// SetUpCode is the code the first account is made with; there is none once there
// is an account.
func (d *Desk) SetUpCode() (phone.Secret, bool) {
	if !d.NeedsSetUp() {
		return phone.Secret{}, false
	}
	return d.setup, true
}

// SetUp makes the first account, an admin's, and signs its person in.
func (d *Desk) SetUp(ctx context.Context, from netip.Addr, code phone.Secret, in NewAdmin) (Person, error) {
	now, net := d.now(), d.network(from)
	if wait := d.doors.addrs.wait(now, net); wait > 0 {
		return Person{}, waitError(wait)
	}
	switch {
	case !d.NeedsSetUp():
		return Person{}, ErrSetUpDone
	case !d.setup.Equal(readCode(code)):
		d.doors.addrs.wrong(now, net)
		return Person{}, ErrSetUp
	}
	a := auth.Account{Name: readName(in.Name), Role: auth.Admin, Email: in.Mail, Language: in.Language}
	if err := check(a, &in.Password); err != nil {
		return Person{}, err
	}
	hash, err := d.hash(ctx, in.Password)
	if err != nil {
		return Person{}, err
	}
	a.Created = now
	a = a.Change(now, hash)
	a, _, _ = a.SignIn(now, net, auth.Matched{Own: hash})
	err = d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		for _, other := range all {
			if other.Role != auth.Personal {
				return nil, nil, nil, ErrSetUpDone
			}
		}
		if err := d.free(all, a.Name); err != nil {
			return nil, nil, nil, err
		}
		event := audit.AccountAdded{Account: a.Name, Role: a.Role.String(), SetUp: true}
		return []auth.Account{a}, nil, []audit.Record{{By: audit.Actor{Front: front, Name: a.Name, Remote: from}, Event: event}}, nil
	})
	if err != nil {
		return Person{}, err
	}
	return d.begin(ctx, now, from, a, "")
}
