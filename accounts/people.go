package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/phone"
)

// Languages are those the pages speak, for an account to choose one of.
func Languages() []string { return []string{"en", "de"} }

// Accounts gives the operators' accounts, in order of name.
func (d *Desk) Accounts() []auth.Account {
	return slices.DeleteFunc(slices.Clone(d.dep.Store.Accounts()), func(a auth.Account) bool { return a.Role == auth.Personal })
}

// Account gives an operator's account, or ErrUnknown.
func (d *Desk) Account(name string) (auth.Account, error) {
	a, ok := d.dep.Store.Account(readName(name))
	if !ok || a.Role == auth.Personal {
		return auth.Account{}, ErrUnknown
	}
	return a, nil
}

// Of gives the account somebody signed in with: an operator's, or a user's.
func (d *Desk) Of(name string) (auth.Account, error) {
	a, ok := d.signIn(name)
	if !ok {
		return auth.Account{}, ErrUnknown
	}
	return a, nil
}

// Held reports that too many wrong passwords were shown for an account at places
// its person does not know.
func (d *Desk) Held(name string) bool { return d.doors.names.wait(d.now(), name) > 0 }

// Add makes an operator's account, with a temporary password.
func (d *Desk) Add(ctx context.Context, by audit.Actor, a auth.Account) (auth.Account, Temporary, error) {
	a = auth.Account{Name: readName(a.Name), Role: a.Role, Email: a.Email, Language: a.Language, Created: d.now()}
	if err := check(a, nil); err != nil {
		return auth.Account{}, Temporary{}, err
	}
	code := newCode()
	a = a.Reset(d.now(), hashCode(code))
	err := d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		if err := d.free(all, a.Name); err != nil {
			return nil, nil, nil, err
		}
		return []auth.Account{a}, nil, []audit.Record{{By: by, Event: audit.AccountAdded{Account: a.Name, Role: a.Role.String()}}}, nil
	})
	if err != nil {
		return auth.Account{}, Temporary{}, err
	}
	a, err = d.Account(a.Name)
	return a, d.hand(ctx, a, receiver{a.Email, "", a.Language}, code), err
}

// free refuses a name that is taken, and one account too many.
func (d *Desk) free(all map[string]auth.Account, name string) error {
	if old, ok := all[name]; ok && old.Role != auth.Personal {
		return ErrExists
	}
	if _, err := d.dep.People.User(name); err == nil {
		return ErrIsUser
	}
	n := 0
	for _, a := range all {
		if a.Role != auth.Personal {
			n++
		}
	}
	if n >= MaxAccounts {
		return ErrFull
	}
	return nil
}

// Edit changes an operator's account. rev is the revision that was seen, 0 for
// whatever it is now. Another role signs its person out.
func (d *Desk) Edit(ctx context.Context, by audit.Actor, name string, rev uint64, edit func(*auth.Account)) (auth.Account, error) {
	name = readName(name)
	err := d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		old, ok := all[name]
		if !ok || old.Role == auth.Personal {
			return nil, nil, nil, ErrUnknown
		}
		if rev != 0 && rev != old.Rev {
			return nil, nil, nil, ErrStale
		}
		want := old
		edit(&want)
		next := old
		next.Email, next.Language = want.Email, want.Language
		if want.Role != old.Role {
			next = next.WithRole(d.now(), want.Role)
		}
		if err := check(next, nil); err != nil {
			return nil, nil, nil, err
		}
		fields := changed(old, next)
		if len(fields) == 0 {
			return nil, nil, nil, nil
		}
		if next.Role != auth.Admin && lastAdmin(all, name) {
			return nil, nil, nil, ErrLast
		}
		event := audit.AccountChanged{Account: name, Role: next.Role.String(), Fields: fields}
		return []auth.Account{next}, nil, []audit.Record{{By: by, Event: event}}, nil
	})
	if err != nil {
		return auth.Account{}, err
	}
	return d.Account(name)
}

// SetLanguage keeps the language somebody chose, an operator or a user.
func (d *Desk) SetLanguage(ctx context.Context, by audit.Actor, name, language string) error {
	return d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		a, ok := all[name]
		if !ok {
			return nil, nil, nil, ErrUnknown
		}
		if fault := languageFault(language); fault != "" {
			return nil, nil, nil, invalid("this cannot be changed so", []string{fault})
		}
		if a.Language == language {
			return nil, nil, nil, nil
		}
		a.Language = language
		event := audit.AccountChanged{Account: name, Role: a.Role.String(), Fields: []string{"language"}}
		return []auth.Account{a}, nil, []audit.Record{{By: by, Event: event}}, nil
	})
}

func languageFault(language string) string {
	if language == "" || slices.Contains(Languages(), language) {
		return ""
	}
	return "language: write one of " + strings.Join(Languages(), ", ") + ", or leave it empty for the browser's"
}

func changed(old, next auth.Account) (fields []string) {
	for _, f := range []struct {
		name string
		is   bool
	}{{"role", old.Role != next.Role}, {"email", old.Email != next.Email}, {"language", old.Language != next.Language}} {
		if f.is {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// Remove takes an account away and signs its person out.
func (d *Desk) Remove(ctx context.Context, by audit.Actor, name string) error {
	name = readName(name)
	return d.change(ctx, func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		old, ok := all[name]
		switch {
		case !ok, old.Role == auth.Personal:
			return nil, nil, nil, ErrUnknown
		case lastAdmin(all, name):
			return nil, nil, nil, ErrLast
		}
		return nil, []string{name}, []audit.Record{{By: by, Event: audit.AccountRemoved{Account: name, Role: old.Role.String()}}}, nil
	})
}

// lastAdmin reports that without this account there would be no admin's.
func lastAdmin(all map[string]auth.Account, name string) bool {
	if all[name].Role != auth.Admin {
		return false
	}
	for other, a := range all {
		if other != name && a.Role == auth.Admin {
			return false
		}
	}
	return true
}

// Unlock has the wrong passwords of an account, or of a user's sign-in,
// forgotten.
func (d *Desk) Unlock(ctx context.Context, by audit.Actor, name string) error {
	a, ok := d.signIn(readName(name))
	if !ok {
		return ErrUnknown
	}
	err := d.change(ctx, func(map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		return nil, nil, []audit.Record{{By: by, Event: audit.AccountUnlocked{Account: a.Name}}}, nil
	})
	if err == nil {
		d.doors.names.forget(a.Name)
	}
	return err
}

// check says everything that is wrong with an operator's account, and with the
// password given.
func check(a auth.Account, password *phone.Secret) error {
	var faults []string
	if len(a.Name) < 2 || strings.Trim(a.Name, "abcdefghijklmnopqrstuvwxyz0123456789.-_@") != "" || strings.ContainsAny(a.Name[:1], "-.") {
		faults = append(faults, fmt.Sprintf("name: write 2 to %d small letters, digits, dots, dashes, underscores or @", MaxName))
	}
	if !a.Role.May(auth.Viewer) {
		faults = append(faults, "role: write viewer, installer or admin")
	}
	if a.Email != "" {
		if err := mail.CheckAddress(a.Email); err != nil {
			faults = append(faults, "email: "+err.Error())
		}
	}
	if fault := languageFault(a.Language); fault != "" {
		faults = append(faults, fault)
	}
	if password != nil {
		faults = append(faults, passwordFaults(auth.CheckPassword(*password, a.Name))...)
	}
	if len(faults) > 0 {
		return invalid("the account cannot be like this", faults)
	}
	return nil
}

// passwordFaults are the lines of a refused password, without its first.
func passwordFaults(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")[1:]
}
