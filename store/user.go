package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// bucketUsers came after schema 2 and is made when first written to: a file
// without it is whole, and older builds do not look.
const bucketUsers = "users"

// userSchema is the newest schema of a stored user.
//
//	1  first
const userSchema = 1

// storedUser is a user as it is kept, under the hash of its ID. All fields since
// schema 1.
type storedUser struct {
	version
	ID          string    `json:"id"`
	Rev         uint64    `json:"rev"`
	Extension   string    `json:"extension"`
	First       string    `json:"first_name,omitempty"`
	Last        string    `json:"last_name,omitempty"`
	Email       string    `json:"email,omitempty"`
	AlternateID string    `json:"alternate_id,omitempty"`
	WebPassword string    `json:"sealed_web_password,omitempty"`
	PortalPIN   string    `json:"sealed_portal_pin,omitempty"`
	Created     time.Time `json:"created,omitzero"`
	Fails       int       `json:"portal_fails,omitempty"`
	// Empty in records of older builds, which lose them when they write one.
	XSIUser     string `json:"xsi_user,omitempty"`
	XSIPassword string `json:"sealed_xsi_password,omitempty"`
	// Missing in records of builds that knew no platform.
	Platform bool `json:"platform,omitempty"`
}

// people is every user by ID. It is shared and never changed: a change makes
// another one.
type people map[string]phone.User

// User gives one user.
func (s *Store) User(id string) (phone.User, bool) {
	u, ok := (*s.users.Load())[id]
	return u, ok
}

// Users gives every user, in order of ID.
func (s *Store) Users() []phone.User {
	return slices.SortedFunc(maps.Values(*s.users.Load()), func(a, b phone.User) int { return strings.Compare(a.ID, b.ID) })
}

// ChangeUsers runs edit on the users of ids (nothing set but the ID, and Rev 0:
// there is none; next nil deletes) in one transaction and returns once they are
// on disk with their events. An error of edit for any of them changes nothing
// and is returned.
func (s *Store) ChangeUsers(ctx context.Context, edit func(old phone.User) (next *phone.User, events []audit.Record, err error), ids ...string) error {
	s.userMu.Lock()
	defer s.userMu.Unlock()
	var next people
	err := s.submit(ctx, func(v *view, d *draft) error {
		next = maps.Clone(*s.users.Load())
		for _, id := range ids {
			if err := s.editUser(v, d, next, id, edit); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.users.Store(&next)
	return nil
}

// editUser runs edit on one user and puts what came of it into d and next.
func (s *Store) editUser(v *view, d *draft, next people, id string, edit func(phone.User) (*phone.User, []audit.Record, error)) error {
	if id == "" {
		return errors.New("change user: no ID given")
	}
	old, there := next[id]
	if !there {
		old = phone.User{ID: id}
	}
	u, events, err := edit(old)
	if err != nil {
		return err
	}
	if err := d.record(events); err != nil {
		return err
	}
	switch {
	case u == nil && !there, u != nil && there && *u == old:
		return nil
	case u == nil:
		delete(next, id)
		d.delete(bucketUsers, userKey(id))
		return nil
	case u.ID != id:
		return fmt.Errorf("change user %s: the new record is of %.80q", id, u.ID)
	}
	kept := *u
	kept.Rev = v.nextRev(d)
	value, err := s.codec().encodeUser(kept)
	if err != nil {
		return fmt.Errorf("encode user %s: %w", id, err)
	}
	// As with devices: readers get what a restart would read.
	if next[id], err = s.codec().decodeUser(userKey(id), value); err != nil {
		return fmt.Errorf("read back user %s: %w", id, err)
	}
	d.put(bucketUsers, userKey(id), value)
	return nil
}

// userKey fits an ID of any length into a key.
func userKey(id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:16]
}

// secrets calls f for each secret, with the field's name in the associated data.
// Those names are part of the file's format.
func (s *storedUser) secrets(f func(field string, value *string) error) error {
	return errors.Join(f("web_password", &s.WebPassword), f("portal_pin", &s.PortalPIN), f("xsi_password", &s.XSIPassword))
}

func (c codec) userSealer(id string) sealer {
	return c.key.sealer(bucketUsers, hex.EncodeToString(userKey(id)))
}

func (c codec) encodeUser(u phone.User) ([]byte, error) {
	s := storedUser{
		version: version{userSchema}, ID: u.ID, Rev: u.Rev, Extension: u.Extension, First: u.First, Last: u.Last,
		Email: u.Email, AlternateID: u.AlternateID, WebPassword: u.WebPassword.Reveal(), PortalPIN: u.PortalPIN.Reveal(),
		Created: stamp(u.Created), Fails: u.Fails, XSIUser: u.XSIUser, XSIPassword: u.XSIPassword.Reveal(),
		Platform: u.Platform,
	}
	seal := c.userSealer(u.ID)
	_ = s.secrets(func(field string, value *string) error {
		*value = seal.seal(field, phone.NewSecret(*value))
		return nil
	})
	return frame(s)
}

// decodeUser reads the value stored under key.
func (c codec) decodeUser(key, value []byte) (phone.User, error) {
	s, err := parse[storedUser](value, userSchema)
	if err != nil {
		return phone.User{}, err
	}
	if s.ID == "" || !bytes.Equal(key, userKey(s.ID)) {
		return phone.User{}, fmt.Errorf("%w: user %.80q stands in another's place", errDamaged, s.ID)
	}
	seal := c.userSealer(s.ID)
	err = s.secrets(func(field string, value *string) error {
		plain, err := seal.open(field, *value)
		*value = plain.Reveal()
		return err
	})
	if err != nil {
		return phone.User{}, err
	}
	return phone.User{
		ID: s.ID, Rev: s.Rev, Extension: s.Extension, First: s.First, Last: s.Last, Email: s.Email, AlternateID: s.AlternateID,
		WebPassword: phone.NewSecret(s.WebPassword), PortalPIN: phone.NewSecret(s.PortalPIN), Created: stamp(s.Created), Fails: s.Fails,
		XSIUser: s.XSIUser, XSIPassword: phone.NewSecret(s.XSIPassword), Platform: s.Platform,
	}, nil
}

// readUsers reads every user; a file that never had one has no bucket.
func readUsers(tx *bolt.Tx, c codec) (people, error) {
	all := people{}
	if tx.Bucket([]byte(bucketUsers)) == nil {
		return all, nil
	}
	err := walk(tx, bucketUsers, func(k, value []byte) error {
		u, err := c.decodeUser(k, value)
		if err == nil {
			all[u.ID] = u
		}
		return err
	})
	return all, err
}
