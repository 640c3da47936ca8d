package accounts

import (
	"context"
	"crypto/rand"
	"net/netip"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// front is that of who signs in, in the audit log.
const front = "page"

// try is somebody who wants to sign in.
type try struct {
	now      time.Time
	from     netip.Addr
	net      netip.Prefix
	account  auth.Account // its name is empty where there is none of the name typed
	password phone.Secret
}

// SignIn lets somebody in by name and password. Its refusals are the same
// whether the name exists or not.
func (d *Desk) SignIn(ctx context.Context, from netip.Addr, name string, password phone.Secret) (Person, error) {
	t := try{now: d.now(), from: from, net: d.network(from), password: password}
	if wait := d.doors.addrs.wait(t.now, t.net); wait > 0 {
		return Person{}, waitError(wait)
	}
	t.account, _ = d.signIn(readName(name))
	m, err := d.look(ctx, t)
	if err != nil {
		return Person{}, err
	}
	if m == (auth.Matched{}) {
		return Person{}, d.refuse(ctx, t)
	}
	if !d.doors.lets(t.now, t.account.Name) {
		return Person{}, ErrOften
	}
	return d.enter(ctx, t, m)
}

// readName is a name as accounts have it.
func readName(typed string) string {
	if typed = strings.ToLower(strings.TrimSpace(typed)); len(typed) > MaxName {
		return ""
	}
	return typed
}

// look compares what was typed with what the account has. What is not to be
// looked at, or not there, costs the same work.
func (d *Desk) look(ctx context.Context, t try) (m auth.Matched, err error) {
	p := t.account.Password
	if code := hashCode(readCode(t.password)); p.Takes(t.now, code) {
		return auth.Matched{Temporary: code}, nil
	}
	known := t.account.IsKnown(t.net)
	if wait := d.doors.wait(t.now, t.net, known); wait > 0 {
		return auth.Matched{}, waitError(wait)
	}
	leave, err := d.doors.enter(ctx, known)
	if err != nil {
		return auth.Matched{}, err
	}
	defer leave()
	// Others from there may have used up the tries while this one waited.
	if wait := d.doors.wait(t.now, t.net, known); wait > 0 {
		return auth.Matched{}, waitError(wait)
	}
	looked := t.account.Name != "" && len(t.password.Reveal()) <= auth.MaxPassword
	held := !known && d.doors.names.wait(t.now, t.account.Name) > 0
	if auth.VerifyPassword(p.Hash, shorten(t.password)) && looked && !held {
		return auth.Matched{Own: p.Hash}, nil
	}
	d.doors.wrong(t.now, t.net)
	if looked && !known && !held {
		d.doors.names.wrong(t.now, t.account.Name)
	}
	return auth.Matched{}, nil
}

// shorten bounds the work of hashing something endless.
func shorten(password phone.Secret) phone.Secret {
	if plain := password.Reveal(); len(plain) > auth.MaxPassword {
		return phone.NewSecret(plain[:auth.MaxPassword])
	}
	return password
}

// refuse puts on record that somebody was refused, as far as there is room.
func (d *Desk) refuse(ctx context.Context, t try) error {
	if n := d.doors.refused.note(t.now); n > 0 {
		event := audit.SignInRefused{Account: t.account.Name, Times: n}
		if err := d.change(ctx, func(map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
			return nil, nil, []audit.Record{{By: t.actor(), Event: event}}, nil
		}); err != nil {
			d.dep.Log.Warn("refused sign-ins are not on record", "attempt", n, "err", err)
		}
	}
	return ErrWrong
}

func (t try) actor() audit.Actor {
	return audit.Actor{Front: front, Name: t.account.Name, Remote: t.from}
}

// enter has the account let its person in, which is on disk before the session
// begins.
func (d *Desk) enter(ctx context.Context, t try, m auth.Matched) (Person, error) {
	var next auth.Account
	var must auth.Must
	err := d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		old := all[t.account.Name]
		if old.Epoch != t.account.Epoch || old.Name == "" { // changed or removed while the hash was computed
			return nil, nil, nil, ErrWrong
		}
		var in bool
		if next, must, in = old.SignIn(t.now, t.net, m); !in {
			return nil, nil, nil, ErrWrong
		}
		event := audit.SignedIn{Account: next.Name, Role: next.Role.String(), Must: string(must)}
		return []auth.Account{next}, nil, []audit.Record{{By: t.actor(), Event: event}}, nil
	})
	if err != nil {
		return Person{}, err
	}
	d.renewHash(ctx, t, m, next)
	return d.begin(ctx, t.now, t.from, next, must)
}

// renewHash makes a hash anew that cost less than one does today.
func (d *Desk) renewHash(ctx context.Context, t try, m auth.Matched, a auth.Account) {
	if m.Own.IsZero() || !auth.WeakHash(m.Own) {
		return
	}
	hash, err := d.hash(ctx, t.password)
	if err != nil {
		return // next time
	}
	_ = d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		now := all[a.Name]
		if now.Password.Hash != m.Own {
			return nil, nil, nil, ErrStale
		}
		now.Password.Hash = hash
		return []auth.Account{now}, nil, nil, nil
	}) // next time
}

// hash hashes a password somebody chose, in the turn of people the box knows.
func (d *Desk) hash(ctx context.Context, password phone.Secret) (phone.Secret, error) {
	leave, err := d.doors.enter(ctx, true)
	if err != nil {
		return phone.Secret{}, err
	}
	defer leave()
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails, see crypto/rand
	return auth.HashPassword(password, salt), nil
}

// signIn is the account of a name that somebody could sign in with: of a user
// only while that user is there.
func (d *Desk) signIn(name string) (auth.Account, bool) {
	a, ok := d.dep.Store.Account(name)
	if !ok {
		return auth.Account{}, false
	}
	if a.Role == auth.Personal {
		u, err := d.dep.People.User(a.Name)
		if err != nil || !u.Created.Equal(a.Person) {
			return auth.Account{}, false
		}
	}
	return a, true
}

// change has the store change accounts.
func (d *Desk) change(ctx context.Context, edit Edit) error {
	return worded(d.dep.Store.ChangeAccounts(ctx, edit))
}

// worded says what people can do about an error of the disk.
func worded(err error) error {
	if full := operators.NoRoom(err); full != nil {
		return full
	}
	return err
}
