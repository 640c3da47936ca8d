package accounts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// Temporary is what became of a temporary password: it was mailed, or has to be
// handed over by whoever had it made, who is shown it this once.
type Temporary struct {
	Mailed   string // the address; empty for not
	Password phone.Secret
	Why      string // why it was not mailed
}

// receiver is whom a letter is for.
type receiver struct{ address, name, language string }

// ChangePassword gives somebody who is signed in a new password, and ends all
// their sessions but a new one.
func (d *Desk) ChangePassword(ctx context.Context, from netip.Addr, token, old, next phone.Secret) (Person, error) {
	who, ok := d.Who(token, true)
	if !ok {
		return Person{}, ErrSession
	}
	by := audit.Actor{Front: front, Name: who.Name, Remote: from}
	a, err := d.choose(ctx, by, who, old, next)
	if err != nil {
		return Person{}, err
	}
	return d.begin(ctx, d.now(), from, a, "")
}

// ChooseOwn is ChangePassword for who is known already, see Person.Must; it ends
// all sessions.
func (d *Desk) ChooseOwn(ctx context.Context, by audit.Actor, name, must string, old, next phone.Secret) error {
	_, err := d.choose(ctx, by, Person{Name: name, Must: must}, old, next)
	return err
}

// choose gives an account the password its person chose. Who signed in with a
// temporary one has shown it, and need not again: it is used up.
func (d *Desk) choose(ctx context.Context, by audit.Actor, who Person, old, next phone.Secret) (auth.Account, error) {
	a, ok := d.signIn(who.Name)
	if !ok {
		return auth.Account{}, ErrSession
	}
	if err := d.checkChosen(ctx, try{now: d.now(), from: by.Remote, net: d.network(by.Remote), account: a, password: old}, who.Must, next); err != nil {
		return auth.Account{}, err
	}
	hash, err := d.hash(ctx, next)
	if err != nil {
		return auth.Account{}, err
	}
	var out auth.Account
	err = d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		if now := all[a.Name]; now.Epoch != a.Epoch {
			return nil, nil, nil, ErrSession
		}
		out = all[a.Name].Change(d.now(), hash)
		return []auth.Account{out}, nil, []audit.Record{{By: by, Event: audit.PasswordChanged{Account: a.Name}}}, nil
	})
	return out, err
}

// checkChosen wants the old password, as a sign-in does, and a new one by the
// rules that is another.
func (d *Desk) checkChosen(ctx context.Context, t try, must string, next phone.Secret) error {
	if must != string(auth.MustTemporary) {
		if err := d.confirm(ctx, t, "the password was not changed", "old"); err != nil {
			return err
		}
	}
	if faults := passwordFaults(auth.CheckPassword(next, d.names(t.account)...)); len(faults) > 0 {
		return invalid("the new password does not do", faults)
	}
	leave, err := d.doors.enter(ctx, true)
	if err != nil {
		return err
	}
	defer leave()
	if auth.VerifyPassword(t.account.Password.Hash, next) {
		return ErrSame
	}
	return nil
}

// Confirm wants the password of somebody who is signed in, before a change that
// could give their account to whoever sits at their desk.
func (d *Desk) Confirm(ctx context.Context, from netip.Addr, name string, password phone.Secret) error {
	a, ok := d.signIn(name)
	if !ok {
		return ErrSession
	}
	const what = "this is changed with your password only"
	if password.IsZero() {
		return invalid(what, []string{"password: write the one you sign in with"})
	}
	return d.confirm(ctx, try{now: d.now(), from: from, net: d.network(from), account: a, password: password}, what, "password")
}

// confirm wants the password of t's account, as a sign-in does; what and field are
// for the refusal.
func (d *Desk) confirm(ctx context.Context, t try, what, field string) error {
	if wait := d.doors.addrs.wait(t.now, t.net); wait > 0 {
		return waitError(wait)
	}
	m, err := d.look(ctx, t)
	if err != nil {
		return err
	}
	if m.Own.IsZero() {
		return invalid(what, []string{field + ": this is not your password"})
	}
	return nil
}

// AddressChanged tells the e-mail address an account had that letters now go to
// another: whoever took the account over would have done that. Without a mail
// server, or such an address, there is nobody to tell.
func (d *Desk) AddressChanged(ctx context.Context, name, was, now string) {
	a, ok := d.signIn(name)
	if !ok || was == "" || was == now || d.dep.Mail == nil || !d.dep.Mail.On() {
		return
	}
	if err := d.dep.Mail.Send(ctx, d.movedLetter(a, receiver{was, "", a.Language}, now)); err != nil {
		d.dep.Log.Warn("the old address was not told that an account's e-mail address has changed", "err", err)
	}
}

// names are what a password of the account must not contain.
func (d *Desk) names(a auth.Account) []string {
	names := []string{a.Name}
	if u, err := d.dep.People.User(a.Name); err == nil && a.Role == auth.Personal {
		names = append(names, u.Extension, u.AlternateID)
	}
	return names
}

// Reset makes an operator's password void and has a temporary one made.
func (d *Desk) Reset(ctx context.Context, by audit.Actor, name string) (Temporary, error) {
	a, err := d.Account(name)
	if err != nil {
		return Temporary{}, err
	}
	return d.reset(ctx, by, a, receiver{a.Email, "", a.Language})
}

// ResetUser does the same for a user of the site, who can sign in from then on
// also where they never could.
func (d *Desk) ResetUser(ctx context.Context, by audit.Actor, id string) (Temporary, error) {
	u, err := d.dep.People.User(id)
	if err != nil {
		return Temporary{}, err
	}
	if a, ok := d.dep.Store.Account(id); ok && a.Role != auth.Personal {
		return Temporary{}, operators.Fail(http.StatusConflict, "an operator's account is called "+id+" too, and signs in by that name",
			"have that one's password reset with: lineside account reset-password "+id)
	}
	a := auth.Account{Name: u.ID, Role: auth.Personal, Created: d.now(), Person: u.Created}
	return d.reset(ctx, by, a, receiver{address: u.Email, name: u.Name()})
}

func (d *Desk) reset(ctx context.Context, by audit.Actor, a auth.Account, to receiver) (Temporary, error) {
	code := newCode()
	err := d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		old, there := all[a.Name]
		switch {
		case there && old.Role == a.Role && old.Person.Equal(a.Person):
		case there && old.Role == auth.Personal && a.Role == auth.Personal, !there && a.Role == auth.Personal:
			old = a // nobody's yet, or that of a user who is gone
		default:
			return nil, nil, nil, ErrUnknown
		}
		a = old.Reset(d.now(), hashCode(code))
		return []auth.Account{a}, nil, []audit.Record{{By: by, Event: audit.PasswordReset{Account: a.Name}}}, nil
	})
	if err != nil {
		return Temporary{}, err
	}
	if a.Language != "" {
		to.language = a.Language
	}
	d.doors.names.forget(a.Name)
	return d.hand(ctx, a, to, code), nil
}

// hand mails a temporary password, or gives it to be handed over.
func (d *Desk) hand(ctx context.Context, a auth.Account, to receiver, code phone.Secret) Temporary {
	switch {
	case d.dep.Mail == nil:
		return Temporary{Password: code, Why: mail.ErrOff.Error()}
	case to.address == "":
		return Temporary{Password: code, Why: "no e-mail address is known"}
	}
	switch err := d.dep.Mail.Send(ctx, d.letter(a, to, code, false)); {
	case errors.Is(err, mail.ErrOff):
		return Temporary{Password: code, Why: mail.ErrOff.Error()}
	case err != nil:
		return Temporary{Password: code, Why: fmt.Sprintf("it could not be mailed: %v", err)}
	}
	return Temporary{Mailed: to.address}
}

// forgotten is somebody who asked for a temporary password.
type forgotten struct {
	from netip.Addr
	name string
}

// Forgot has a temporary password mailed to whoever the name is of, beside their
// own. It answers at once, and whether there is such a name or not alike.
func (d *Desk) Forgot(_ context.Context, from netip.Addr, name string) error {
	now, net := d.now(), d.network(from)
	if wait := d.doors.asked.wait(now, net); wait > 0 {
		return waitError(wait)
	}
	d.doors.asked.wrong(now, net)
	select {
	case d.asked <- forgotten{from, readName(name)}:
		return nil
	default:
		return ErrBusy
	}
}

// answerForgotten does what Forgot promised, where there is somebody to mail to.
func (d *Desk) answerForgotten(ctx context.Context, f forgotten) {
	a, ok := d.signIn(f.name)
	if !ok || d.dep.Mail == nil || !d.dep.Mail.On() {
		return
	}
	to := receiver{a.Email, "", a.Language}
	if u, err := d.dep.People.User(a.Name); err == nil && a.Role == auth.Personal {
		to.address, to.name = u.Email, u.Name()
	}
	if to.address == "" {
		return
	}
	code := newCode()
	hash := hashCode(code)
	var before auth.Password
	given := false
	err := d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		var next auth.Account
		before = all[a.Name].Password
		if next, given = all[a.Name].Forget(d.now(), hash); !given || next.Epoch != a.Epoch {
			given = false
			return nil, nil, nil, nil
		}
		return []auth.Account{next}, nil, d.noteForgotten(f, a.Name), nil
	})
	if err == nil && given {
		if err = d.dep.Mail.Send(ctx, d.letter(a, to, code, true)); err != nil {
			err = errors.Join(err, d.takeBack(ctx, a.Name, hash, before))
		}
	}
	if err != nil {
		d.dep.Log.Warn("a temporary password that somebody asked for was not mailed", "err", err)
	}
}

// takeBack has the account as it was before a temporary password that nobody was
// sent, so that the next request makes another.
func (d *Desk) takeBack(ctx context.Context, name string, hash phone.Secret, before auth.Password) error {
	return d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		a := all[name]
		if !a.Password.Asked.Equal(hash) {
			return nil, nil, nil, nil // used, or another was made
		}
		a.Password.Asked, a.Password.AskedUntil = before.Asked, before.AskedUntil
		return []auth.Account{a}, nil, nil, nil
	})
}

// noteForgotten is the entry of one, as far as there is room.
func (d *Desk) noteForgotten(f forgotten, name string) []audit.Record {
	n := d.doors.forgot.note(d.now())
	if n == 0 {
		return nil
	}
	return []audit.Record{{By: audit.Actor{Front: front, Remote: f.from}, Event: audit.PasswordForgotten{Account: name, Times: n}}}
}
