package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Person is somebody signed in.
type Person struct {
	// Token is what the browser keeps, and shows with each request.
	Token phone.Secret
	// Name is what was signed in with, ID the user where the role is Personal.
	Name, ID string
	// Role is what the person may do. While Must is not empty it is Personal, and
	// the API takes nothing but a new password.
	Role auth.Role
	// Language is what the person chose, empty for the browser's.
	Language string
	// Must says that the password has to be changed before anything else.
	Must string
}

// Who gives whose session it is. alive says that the person did something, where
// a page that keeps itself up to date did not.
func (d *Desk) Who(token phone.Secret, alive bool) (Person, bool) {
	id := sha256.Sum256([]byte(token.Reveal()))
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.sessions[id]
	if !ok {
		return Person{}, false
	}
	a, ok := d.signIn(s.Name)
	if !ok || !s.Alive(now, a) {
		return Person{}, false // the next save removes it
	}
	if alive && now.After(s.Seen) {
		s.Seen = now
		d.unsaved[id] = true
	}
	return person(token, a, s.Must), true
}

func person(token phone.Secret, a auth.Account, must auth.Must) Person {
	p := Person{Token: token, Name: a.Name, Role: a.Role, Language: a.Language, Must: string(must)}
	if a.Role == auth.Personal {
		p.ID = a.Name
	}
	if must != "" {
		p.Role = auth.Personal
	}
	return p
}

// begin makes a session, which is on disk before its token leaves.
func (d *Desk) begin(ctx context.Context, now time.Time, from netip.Addr, a auth.Account, must auth.Must) (Person, error) {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails, see crypto/rand
	token := phone.NewSecret(base64.RawURLEncoding.EncodeToString(raw[:]))
	s := auth.Session{
		ID: sha256.Sum256([]byte(token.Reveal())), Name: a.Name, Epoch: a.Epoch, Must: must, Made: now, Seen: now, Remote: from,
	}
	d.mu.Lock()
	gone := d.overLocked(now, a.Name)
	d.mu.Unlock()
	if err := d.dep.Store.SaveSessions(ctx, []auth.Session{s}, gone); err != nil {
		return Person{}, worded(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropLocked(gone)
	d.sessions[s.ID] = &s
	return person(token, a, must), nil
}

// overLocked names the sessions that are over, and the longest unused of those
// that are too many: of one account, and of all.
func (d *Desk) overLocked(now time.Time, name string) (gone [][32]byte) {
	var mine, all []*auth.Session
	for id, s := range d.sessions {
		a, ok := d.signIn(s.Name)
		switch {
		case !ok, !s.Alive(now, a):
			gone = append(gone, id)
			continue
		case s.Name == name:
			mine = append(mine, s)
		}
		all = append(all, s)
	}
	for _, list := range []struct {
		of   []*auth.Session
		most int
	}{{mine, maxSessionsOfOne}, {all, maxSessions}} {
		slices.SortFunc(list.of, func(a, b *auth.Session) int { return a.Seen.Compare(b.Seen) })
		for _, s := range list.of[:max(0, len(list.of)-list.most+1)] {
			gone = append(gone, s.ID)
		}
	}
	return gone
}

func (d *Desk) dropLocked(gone [][32]byte) {
	for _, id := range gone {
		delete(d.sessions, id)
		delete(d.unsaved, id)
	}
}

// SignOut ends a session: at once, and on disk as soon as there is room.
func (d *Desk) SignOut(ctx context.Context, token phone.Secret) error {
	gone := [][32]byte{sha256.Sum256([]byte(token.Reveal()))}
	d.mu.Lock()
	_, there := d.sessions[gone[0]]
	d.dropLocked(gone) // at once, whatever the disk says
	d.mu.Unlock()
	if !there {
		return nil
	}
	err := d.dep.Store.SaveSessions(ctx, nil, gone)
	if err != nil {
		d.mu.Lock()
		d.ended = append(d.ended, gone...)
		d.mu.Unlock()
	}
	return worded(err)
}

// saveSeen writes when people were last seen, and forgets sessions that are over.
func (d *Desk) saveSeen(ctx context.Context) {
	now := d.now()
	d.mu.Lock()
	gone := d.overLocked(now, "")
	d.dropLocked(gone)
	gone, d.ended = append(gone, d.ended...), nil
	var put []auth.Session
	for id := range d.unsaved {
		put = append(put, *d.sessions[id])
	}
	clear(d.unsaved)
	d.mu.Unlock()
	if len(put)+len(gone) == 0 {
		return
	}
	if err := d.dep.Store.SaveSessions(ctx, put, gone); err != nil {
		d.mu.Lock()
		d.ended = append(d.ended, gone...)
		d.mu.Unlock()
		d.dep.Log.Warn("who was last seen could not be written; after a restart some have to sign in again", "err", err)
	}
}
