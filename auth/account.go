package auth

import (
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
)

// How long things of signing in last.
const (
	PasswordFor  = 90 * 24 * time.Hour // until a password must be changed
	TemporaryFor = 24 * time.Hour      // until a temporary one is dead
	TemporaryGap = 15 * time.Minute    // between two that were asked for by "forgot password"
	SessionIdle  = 30 * time.Minute
	SessionMost  = 12 * time.Hour
)

// MaxKnown is of how many networks an account remembers that its person signed
// in there.
const MaxKnown = 8

// Account is who may sign in: an operator, or a user of the site, of whom this
// is no more than the sign-in (phone.User is the person). Its name is in small
// letters and nobody else's.
type Account struct {
	Name string
	// Role is Personal for a user of the site.
	Role Role
	// Email and Language ("en", "de", empty for the browser's) are an operator's;
	// a user's address is the user's.
	Email, Language string
	Created         time.Time
	// Person is when the user was set up whose sign-in this is: another user of
	// the same ID is another person.
	Person time.Time
	// Epoch is raised by whatever ends all sessions of the account. No two
	// accounts of one name have the same.
	Epoch    int64
	Password Password
	// Known are the networks the person signed in from, the last one first.
	Known []netip.Prefix
	// SignedIn is when that was.
	SignedIn time.Time
	Rev      uint64
}

// Password is what somebody signs in with.
type Password struct {
	// Hash is Argon2id's of the one the person chose; empty for none.
	Hash phone.Secret
	// Set is when.
	Set time.Time
	// Temporary is the hash of one made up by the box, good once and until Until.
	// It has 80 random bits, so that it can be told by a quick hash, and nobody
	// can lock its owner out by guessing.
	Temporary phone.Secret
	Until     time.Time
	// Asked and AskedUntil are the same of one that somebody asked for by "forgot
	// password". It lies beside the others: a stranger's word voids neither.
	Asked      phone.Secret
	AskedUntil time.Time
}

// Matched is which hashes a password that somebody typed turned out to match.
type Matched struct {
	// Own is the hash it was found to match, Temporary the same of a temporary
	// one; empty for none.
	Own, Temporary phone.Secret
}

// Must says why somebody who has signed in has to change the password before
// anything else; empty where it need not be.
type Must string

// The reasons.
const (
	MustTemporary Must = "temporary"
	MustExpired   Must = "expired"
)

// SignIn lets the person in, or not, and gives the account with what that
// changes. Temporary passwords are gone with the first use of one, and with the
// first use of the person's own, after which they are not wanted.
func (a Account) SignIn(now time.Time, from netip.Prefix, s Matched) (next Account, must Must, in bool) {
	p := a.Password
	switch {
	case s.Own.Equal(p.Hash):
		if age := now.Sub(p.Set); age < 0 || age >= PasswordFor {
			must = MustExpired
		}
	case p.Takes(now, s.Temporary):
		must = MustTemporary
	default:
		return a, "", false
	}
	a.Password = a.Password.WithoutTemporary()
	a.SignedIn = now
	a.Known = slices.DeleteFunc(slices.Clone(a.Known), func(p netip.Prefix) bool { return p == from })
	a.Known = slices.Insert(a.Known, 0, from)
	a.Known = a.Known[:min(len(a.Known), MaxKnown)]
	return a, must, true
}

// Takes reports that the temporary password of this hash is good at now.
func (p Password) Takes(now time.Time, temporary phone.Secret) bool {
	return good(now, p.Until) && temporary.Equal(p.Temporary) || good(now, p.AskedUntil) && temporary.Equal(p.Asked)
}

// good reports that a temporary password, if there is one, is good at now. One from
// the future, of before a clock was put right, is not.
func good(now, until time.Time) bool {
	return now.Before(until) && !now.Before(until.Add(-TemporaryFor))
}

// HasTemporary reports that there is a temporary password, good or not.
func (p Password) HasTemporary() bool { return !p.Temporary.IsZero() || !p.Asked.IsZero() }

// WithoutTemporary is the password without the temporary ones.
func (p Password) WithoutTemporary() Password { return Password{Hash: p.Hash, Set: p.Set} }

// Change gives the account the password of this hash, which the person chose.
func (a Account) Change(now time.Time, hash phone.Secret) Account {
	a.Password = Password{Hash: hash, Set: now}
	return a.end(now)
}

// Reset makes the person's password void: only the temporary one of this hash
// lets them in.
func (a Account) Reset(now time.Time, temporary phone.Secret) Account {
	a.Password = Password{Temporary: temporary, Until: now.Add(TemporaryFor)}
	return a.end(now)
}

// Forget gives the account a temporary password beside the person's own and the one
// an admin had made: anybody can ask for one in another's name. It is not given
// again for TemporaryGap.
func (a Account) Forget(now time.Time, temporary phone.Secret) (next Account, given bool) {
	until := a.Password.AskedUntil
	if made := until.Add(-TemporaryFor); good(now, until) && now.Before(made.Add(TemporaryGap)) {
		return a, false
	}
	a.Password.Asked, a.Password.AskedUntil = temporary, now.Add(TemporaryFor)
	return a, true
}

// WithRole gives the account another role.
func (a Account) WithRole(now time.Time, r Role) Account {
	a.Role = r
	return a.end(now)
}

// end makes every session of the account void.
func (a Account) end(now time.Time) Account {
	a.Epoch = max(a.Epoch+1, now.UnixNano())
	return a
}

// IsKnown reports that the person signed in from there before.
func (a Account) IsKnown(from netip.Prefix) bool { return slices.Contains(a.Known, from) }

// Session is somebody being signed in. Who shows the token that ID is the
// SHA-256 of is that person.
type Session struct {
	ID         [32]byte
	Name       string // of the account
	Epoch      int64  // the account's, when it was made
	Must       Must
	Made, Seen time.Time
	Remote     netip.Addr
}

// Alive reports that the session is neither idle for too long, nor too old, nor
// ended by what became of its account. A clock behind ends it as well.
func (s Session) Alive(now time.Time, a Account) bool {
	return s.Name == a.Name && s.Epoch == a.Epoch &&
		!now.Before(s.Made) && now.Before(s.Made.Add(SessionMost)) && now.Before(s.Seen.Add(SessionIdle))
}
