package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// MaxUsers bounds how many users a site may have.
const MaxUsers = 20_000

// Errors about users, wrapped with the user.
var (
	// ErrUserExists is returned for adding a user the box already has.
	ErrUserExists = errors.New("user exists already")
	// ErrUserOwns is returned for removing a user who owns devices.
	ErrUserOwns = errors.New("owns devices")
	// ErrExtensionTaken is returned for an extension another user has.
	ErrExtensionTaken = errors.New("another user has this extension")
	// ErrUsersFull is returned when there is no room for another user.
	ErrUsersFull = errors.New("there is no room for another user")
	// ErrNoUsers is returned where the box keeps no users.
	ErrNoUsers = errors.New("this box keeps no users")
)

// UserEdit computes what becomes of one user: next nil deletes it. It only
// computes, and may run more than once.
type UserEdit = func(old phone.User) (next *phone.User, events []audit.Record, err error)

// Users keeps the site's people.
type Users interface {
	User(id string) (phone.User, bool)
	// Users gives every user, in order of ID.
	Users() []phone.User
	// ChangeUsers runs edit on the users of ids (Rev 0 and nothing set but the
	// ID: there is none) in one transaction and returns once they are on disk
	// with the audit events. An error of edit changes nothing.
	ChangeUsers(ctx context.Context, edit UserEdit, ids ...string) error
}

// people is what the desk keeps beside the store of users.
type people struct {
	// owners is held for reading while a device is given an owner, and for
	// writing while users change: no device is left with an owner that is gone,
	// no two users with one extension.
	owners sync.RWMutex

	mu   sync.Mutex
	book *book // nil: to be made from the store
}

// User gives one user, or phone.ErrUnknownUser, wrapped.
func (d *Desk) User(id string) (phone.User, error) {
	if d.store.Users != nil {
		if u, ok := d.store.Users.User(id); ok {
			return u, nil
		}
	}
	return phone.User{}, fmt.Errorf("%.80s: %w", id, phone.ErrUnknownUser)
}

// Users gives every user, in order of ID.
func (d *Desk) Users() []phone.User {
	if d.store.Users == nil {
		return nil
	}
	return d.store.Users.Users()
}

// checkOwner refuses a device an owner that is no user. An owner the device has
// had before there were users stays as it is.
func (d *Desk) checkOwner(was string, dev phone.Device) error {
	if dev.Owner == "" || dev.Owner == was || d.store.Users == nil {
		return nil
	}
	if _, ok := d.store.Users.User(dev.Owner); ok {
		return nil
	}
	return fmt.Errorf("device %s is %w: owner: there is no user %.80q; set it up first: lineside user add %.80s --extension NUMBER", dev.MAC, ErrInvalid, dev.Owner, dev.Owner)
}

// AddUser sets up a user.
func (d *Desk) AddUser(ctx context.Context, by audit.Actor, u phone.User) (phone.User, error) {
	if _, _, err := d.changeUsers(ctx, by, []phone.User{u}, func(old, _ phone.User) error {
		if old.Rev != 0 {
			return fmt.Errorf("%s: %w", u.ID, ErrUserExists)
		}
		return nil
	}); err != nil {
		return phone.User{}, err
	}
	return d.User(u.ID)
}

// ImportUsers sets up new users and changes existing ones, all or none. A
// password left empty stays as it is.
func (d *Desk) ImportUsers(ctx context.Context, by audit.Actor, users []phone.User) (added, changed int, err error) {
	return d.changeUsers(ctx, by, users, func(phone.User, phone.User) error { return nil })
}

// EditUser changes a user. rev is the revision the operator saw, 0 for whatever
// it is now. A new portal PIN unlocks the portal; edit may set Fails to 0 for
// the same one again.
func (d *Desk) EditUser(ctx context.Context, by audit.Actor, id string, rev uint64, edit func(*phone.User) error) (phone.User, error) {
	old, err := d.User(id)
	if err != nil {
		return phone.User{}, err
	}
	next := old
	if err := edit(&next); err != nil {
		return phone.User{}, err
	}
	next.ID = id
	if next.PortalPIN != old.PortalPIN {
		next.Fails = 0
	}
	_, _, err = d.replaceUsers(ctx, by, []phone.User{next}, func(now phone.User) (phone.User, error) {
		switch {
		case now.Rev == 0:
			return now, fmt.Errorf("%s: %w", id, phone.ErrUnknownUser)
		case now.Rev != old.Rev, rev != 0 && rev != now.Rev:
			return now, fmt.Errorf("user %s was %w", id, ErrStale)
		}
		return next, nil
	})
	if err != nil {
		return phone.User{}, err
	}
	return d.User(id)
}

// changeUsers lays rows over the users there are, after refuse had its say.
func (d *Desk) changeUsers(ctx context.Context, by audit.Actor, rows []phone.User, refuse func(old, row phone.User) error) (added, changed int, err error) {
	byID := make(map[string]phone.User, len(rows))
	for _, u := range rows {
		if _, twice := byID[u.ID]; twice {
			return 0, 0, fmt.Errorf("user %.80s is %w: it is listed twice", u.ID, ErrInvalid)
		}
		byID[u.ID] = u
	}
	return d.replaceUsers(ctx, by, rows, func(old phone.User) (phone.User, error) {
		row := byID[old.ID]
		if err := refuse(old, row); err != nil {
			return old, err
		}
		return overUser(old, row), nil
	})
}

// overUser keeps of a user what an import file may leave out.
func overUser(old, row phone.User) phone.User {
	if row.WebPassword.IsZero() {
		row.WebPassword = old.WebPassword
	}
	if row.XSIPassword.IsZero() {
		row.XSIPassword = old.XSIPassword
	}
	switch {
	case row.PortalPIN.IsZero():
		row.PortalPIN, row.Fails = old.PortalPIN, old.Fails
	default:
		row.Fails = 0
	}
	return row
}

// replaceUsers puts what next makes of each user in its place: valid, with an
// extension nobody else has, on record; and has the phones of those told whose
// configs changed with it.
func (d *Desk) replaceUsers(ctx context.Context, by audit.Actor, users []phone.User, next func(old phone.User) (phone.User, error)) (added, changed int, err error) {
	if d.store.Users == nil {
		return 0, 0, ErrNoUsers
	}
	ids, err := checkUsers(users)
	if err != nil {
		return 0, 0, err
	}
	d.people.owners.Lock()
	defer d.people.owners.Unlock()
	if err := errors.Join(d.checkExtensions(users), d.checkXSIUsers(users)); err != nil {
		return 0, 0, err
	}
	was, rules := make(map[string]phone.User, len(ids)), d.Policy()
	fresh, touched := make(map[string]bool), make(map[string]bool)
	err = d.store.Users.ChangeUsers(ctx, func(old phone.User) (*phone.User, []audit.Record, error) {
		was[old.ID] = old
		u, err := next(old)
		if err != nil {
			return nil, nil, err
		}
		u.Rev, u.Created = old.Rev, old.Created
		if by.Front != string(PlatformFront) {
			u.Platform = old.Platform
		}
		if fresh[u.ID] = old.Rev == 0; fresh[u.ID] {
			u.Created = d.tools.Now().UTC()
			return &u, one(phone.MAC{}, by, audit.UserAdded{User: u.ID}), nil
		}
		fields := ChangedFields(old, u)
		if touched[u.ID] = len(fields) > 0; !touched[u.ID] {
			return &u, nil, nil
		}
		if err := mayChange(by, rules, old.Platform, "user "+u.ID); err != nil {
			return nil, nil, err
		}
		return &u, one(phone.MAC{}, by, audit.UserChanged{User: u.ID, Fields: fields}), nil
	}, ids...)
	if err != nil {
		return 0, 0, err
	}
	d.people.forget()
	d.nudgeOwned(func(owner string) bool {
		u, _ := d.store.Users.User(owner)
		old, ok := was[owner]
		return ok && InConfigs(old, u)
	})
	return count(fresh), count(touched), nil
}

// InConfigs reports that of a user has changed what the configs of the user's own
// phones have: they are told to fetch.
func InConfigs(old, u phone.User) bool {
	return u.Extension != old.Extension || u.WebPassword != old.WebPassword || u.XSIUser != old.XSIUser || u.XSIPassword != old.XSIPassword
}

func count(set map[string]bool) (n int) {
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}

func checkUsers(users []phone.User) (ids []string, err error) {
	var errs []error
	for _, u := range users {
		if err := u.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("user %.80s is %w:\n%w", u.ID, ErrInvalid, err))
		}
		ids = append(ids, u.ID)
	}
	return ids, errors.Join(errs...)
}

// checkXSIUsers refuses a login that a phone the user owns would not be told as it
// is: that phone would get no config any more.
func (d *Desk) checkXSIUsers(users []phone.User) error {
	login := make(map[string]string)
	for _, u := range users {
		if u.XSIUser != "" {
			login[u.ID] = u.XSIUser
		}
	}
	if len(login) == 0 {
		return nil
	}
	all, err := d.store.Devices.All()
	if err != nil {
		return fmt.Errorf("list devices: %w", err)
	}
	for _, rec := range all {
		user, ok := login[rec.Device.Owner]
		if !ok {
			continue
		}
		if err := d.table.CheckXSIUser(rec.Device.Vendor, user); err != nil {
			return fmt.Errorf("user %.80s is %w: the phone %s is theirs: %w", rec.Device.Owner, ErrInvalid, rec.Device.MAC, err)
		}
	}
	return nil
}

// checkExtensions makes sure that what results has no extension twice, and not
// too many users.
func (d *Desk) checkExtensions(users []phone.User) error {
	of := make(map[string]string) // extension to ID
	all := make(map[string]string)
	for _, u := range d.store.Users.Users() {
		all[u.ID] = u.Extension
	}
	for _, u := range users {
		all[u.ID] = u.Extension
	}
	if len(all) > MaxUsers {
		return fmt.Errorf("%w: a site has at most %d", ErrUsersFull, MaxUsers)
	}
	for id, ext := range all {
		if other, taken := of[ext]; taken {
			pair := []string{id, other}
			slices.Sort(pair)
			return fmt.Errorf("extension %s of %s: %w", ext, strings.Join(pair, " and "), ErrExtensionTaken)
		}
		of[ext] = id
	}
	return nil
}

// RemoveUser deletes a user who owns no device.
func (d *Desk) RemoveUser(ctx context.Context, by audit.Actor, id string) error {
	u, err := d.User(id)
	if err != nil {
		return err
	}
	if u.Platform {
		return fmt.Errorf("user %s %w", id, ErrPlatform)
	}
	d.people.owners.Lock()
	defer d.people.owners.Unlock()
	all, err := d.store.Devices.All()
	if err != nil {
		return fmt.Errorf("list devices: %w", err)
	}
	if i := slices.IndexFunc(all, func(r auth.Record) bool { return r.Device.Owner == id }); i >= 0 {
		mac := all[i].Device.MAC
		return fmt.Errorf("%s %w, %s for one; give it another owner first: lineside device edit %s --owner \"\"", id, ErrUserOwns, mac, mac)
	}
	err = d.store.Users.ChangeUsers(ctx, func(old phone.User) (*phone.User, []audit.Record, error) {
		if old.Rev == 0 {
			return nil, nil, fmt.Errorf("%s: %w", id, phone.ErrUnknownUser)
		}
		return nil, one(phone.MAC{}, by, audit.UserRemoved{User: id}), nil
	}, id)
	d.people.forget()
	return err
}

// TryPortalPIN checks a user's portal PIN. A wrong one is an outcome, not an
// error, and is on disk before the answer; for a user there is none of, and for
// a locked one, the answer is that of a wrong PIN.
func (d *Desk) TryPortalPIN(ctx context.Context, by audit.Actor, id string, pin phone.Secret) (right bool, err error) {
	if _, err := d.User(id); err != nil {
		return false, nil // whether there is such a user is not a stranger's to know
	}
	d.people.owners.Lock()
	defer d.people.owners.Unlock()
	err = d.store.Users.ChangeUsers(ctx, func(old phone.User) (*phone.User, []audit.Record, error) {
		right = false
		if old.Rev == 0 || old.Locked() {
			return keepUser(old), nil, nil
		}
		next, ok := old.TryPIN(pin)
		result := "wrong"
		if right = ok; ok {
			result = "right"
		}
		return &next, one(phone.MAC{}, by, audit.PortalTried{User: id, Result: result, Locked: next.Locked()}), nil
	}, id)
	return right && err == nil, err
}

// keepUser leaves a user as it is, or absent.
func keepUser(old phone.User) *phone.User {
	if old.Rev == 0 {
		return nil
	}
	return &old
}

// nudgeOwned has the phones told to fetch again whose owner changed.
func (d *Desk) nudgeOwned(changed func(owner string) bool) {
	all, err := d.store.Devices.All()
	if err != nil {
		d.tools.Log.Warn("phones were not told that their owner changed; they fetch by themselves within hours", "err", err)
		return
	}
	for _, rec := range all {
		if rec.Device.Owner != "" && changed(rec.Device.Owner) {
			d.nudge(rec.Device.MAC)
		}
	}
}
