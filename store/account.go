package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// bucketAccounts came after schema 2 and is made when first written to.
const bucketAccounts = "accounts"

// accountSchema is the newest schema of a stored account.
//
//	1  first
const accountSchema = 1

// storedAccount is an account under the hash of its name, sealed whole: who can
// write to the file, but has no key, can neither add one nor give it another role
// or password.
type storedAccount struct {
	version
	Account string `json:"sealed_account"`
}

// plainAccount is what is sealed. All fields since schema 1. A role this build
// does not know is none, and opens nothing.
type plainAccount struct {
	Name      string         `json:"name"`
	Role      string         `json:"role"`
	Email     string         `json:"email,omitempty"`
	Language  string         `json:"language,omitempty"`
	Created   time.Time      `json:"created,omitzero"`
	Person    time.Time      `json:"person,omitzero"`
	Epoch     int64          `json:"epoch"`
	Hash      string         `json:"hash,omitempty"`
	Set       time.Time      `json:"set,omitzero"`
	Temporary string         `json:"temporary,omitempty"`
	Until     time.Time      `json:"until,omitzero"`
	Asked     string         `json:"asked,omitempty"`
	AskedTill time.Time      `json:"asked_until,omitzero"`
	Known     []netip.Prefix `json:"known,omitempty"`
	SignedIn  time.Time      `json:"signed_in,omitzero"`
	Rev       uint64         `json:"rev"`
}

// accounts is every account by name. It is shared and never changed: a change
// makes another one.
type accounts map[string]auth.Account

// Account gives one account. What is behind its slices is shared.
func (s *Store) Account(name string) (auth.Account, bool) {
	a, ok := (*s.accounts.Load())[name]
	return a, ok
}

// Accounts gives every account, in order of name.
func (s *Store) Accounts() []auth.Account {
	return slices.SortedFunc(maps.Values(*s.accounts.Load()), func(a, b auth.Account) int { return strings.Compare(a.Name, b.Name) })
}

// ChangeAccounts runs edit on the accounts there are in one transaction, puts and
// removes what it says, and returns once that is on disk with its events. edit
// must leave the map alone; an error of it changes nothing.
func (s *Store) ChangeAccounts(ctx context.Context, edit func(all map[string]auth.Account) (put []auth.Account, remove []string, events []audit.Record, err error)) error {
	s.accountMu.Lock()
	defer s.accountMu.Unlock()
	var next accounts
	err := s.submit(ctx, func(v *view, d *draft) error {
		next = *s.accounts.Load()
		put, remove, events, err := edit(next)
		if err != nil {
			return err
		}
		if len(put)+len(remove) > 0 {
			next = maps.Clone(next)
		}
		for _, a := range put {
			if err := s.codec().putAccount(v, d, next, a); err != nil {
				return err
			}
		}
		for _, name := range remove {
			delete(next, name)
			d.delete(bucketAccounts, userKey(name))
		}
		return d.record(events)
	})
	if err != nil {
		return err
	}
	s.keepAccounts(next)
	return nil
}

// keepAccounts makes next what is read from now on.
func (s *Store) keepAccounts(next accounts) {
	n := 0
	for _, a := range next {
		if a.Role != auth.Personal {
			n++
		}
	}
	s.accounts.Store(&next)
	s.operators.Store(int64(n))
}

// Operators is how many accounts are not users' sign-ins.
func (s *Store) Operators() int { return int(s.operators.Load()) }

// putAccount puts one account into d and next.
func (c codec) putAccount(v *view, d *draft, next accounts, a auth.Account) error {
	if a.Name == "" {
		return errors.New("keep account: no name given")
	}
	a.Rev = v.nextRev(d)
	value, err := c.encodeAccount(a)
	if err == nil {
		next[a.Name], err = c.decodeAccount(userKey(a.Name), value)
	}
	if err != nil {
		return fmt.Errorf("keep account %.80q: %w", a.Name, err)
	}
	d.put(bucketAccounts, userKey(a.Name), value)
	return nil
}

// burnTemporary makes the temporary passwords of a copy void: they may have been
// used since.
func (s *Store) burnTemporary(v *view, d *draft) error {
	next := maps.Clone(*s.accounts.Load())
	for _, a := range next {
		if !a.Password.HasTemporary() {
			continue
		}
		a.Password = a.Password.WithoutTemporary()
		if err := s.codec().putAccount(v, d, next, a); err != nil {
			return err
		}
	}
	if len(next) > 0 {
		s.report.Detail += " Who may sign in to the pages, and with which password, is as it was then: look through them with `lineside account list`."
	}
	return nil
}

func (c codec) accountSealer(key []byte) sealer {
	return c.key.sealer(bucketAccounts, hex.EncodeToString(key))
}

func (c codec) encodeAccount(a auth.Account) ([]byte, error) {
	text, err := json.Marshal(plainAccount{
		Name: a.Name, Role: a.Role.String(), Email: a.Email, Language: a.Language, Created: stamp(a.Created), Person: stamp(a.Person),
		Epoch: a.Epoch, Hash: a.Password.Hash.Reveal(), Set: stamp(a.Password.Set), Temporary: a.Password.Temporary.Reveal(),
		Until: stamp(a.Password.Until), Asked: a.Password.Asked.Reveal(), AskedTill: stamp(a.Password.AskedUntil), Known: a.Known, SignedIn: stamp(a.SignedIn), Rev: a.Rev,
	})
	if err != nil {
		return nil, err
	}
	return frame(storedAccount{version{accountSchema}, c.accountSealer(userKey(a.Name)).seal("account", phone.NewSecret(string(text)))})
}

// decodeAccount reads the value stored under key.
func (c codec) decodeAccount(key, value []byte) (auth.Account, error) {
	s, err := parse[storedAccount](value, accountSchema)
	if err != nil {
		return auth.Account{}, err
	}
	text, err := c.accountSealer(key).open("account", s.Account)
	if err != nil {
		return auth.Account{}, err
	}
	var p plainAccount
	if err := json.Unmarshal([]byte(text.Reveal()), &p); err != nil || p.Name == "" || !bytes.Equal(key, userKey(p.Name)) {
		return auth.Account{}, fmt.Errorf("%w: account %.80q stands in another's place", errDamaged, p.Name)
	}
	a := auth.Account{
		Name: p.Name, Email: p.Email, Language: p.Language, Created: stamp(p.Created), Person: stamp(p.Person), Epoch: p.Epoch,
		Password: auth.Password{Hash: phone.NewSecret(p.Hash), Set: stamp(p.Set), Temporary: phone.NewSecret(p.Temporary), Until: stamp(p.Until),
			Asked: phone.NewSecret(p.Asked), AskedUntil: stamp(p.AskedTill)},
		Known: p.Known, SignedIn: stamp(p.SignedIn), Rev: p.Rev,
	}
	_ = a.Role.UnmarshalText([]byte(p.Role)) // an unknown one stays zero
	return a, nil
}

// readAccounts reads every account; a file that never had one has no bucket.
func readAccounts(tx *bolt.Tx, c codec) (accounts, error) {
	all := accounts{}
	if tx.Bucket([]byte(bucketAccounts)) == nil {
		return all, nil
	}
	err := walk(tx, bucketAccounts, func(k, value []byte) error {
		a, err := c.decodeAccount(k, value)
		if err == nil {
			all[a.Name] = a
		}
		return err
	})
	return all, err
}
