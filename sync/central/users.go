package central

import (
	"fmt"
	"strings"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// bucketUsers are people by "<site>/<extension>".
const bucketUsers = "users"

// maxUsers bounds the people of one site, as at a box.
const maxUsers = 10_000

// person is what is kept of a user.
type person struct {
	Body    wire.User         `json:"body"`
	Secrets map[string][]byte `json:"secrets,omitempty"`
}

// UserInfo is a user as operators see it, without secrets.
type UserInfo struct {
	Site      string `json:"site"`
	Extension string `json:"extension"`
	wire.User
	// Web and Portal say that a web-access password and a portal PIN are set.
	Web    bool `json:"web"`
	Portal bool `json:"portal"`
}

// UserEdit is what is to change of a user; nil leaves it, an empty secret takes
// it away.
type UserEdit struct {
	ID, First, Last, Email, AlternateID *string
	Web, Portal                         *phone.Secret
}

func userKey(site, extension string) string { return site + "/" + extension }

func userOwn(site, extension string) proto.ID {
	return proto.ID("user/" + userKey(site, extension))
}

func (t *tx) user(site, extension string) (u person, ok bool) {
	ok = t.get(bucketUsers, userKey(site, extension), &u)
	return u, ok
}

func (u person) info(site, extension string) UserInfo {
	return UserInfo{Site: site, Extension: extension, User: u.Body, Web: len(u.Secrets["web"]) > 0, Portal: len(u.Secrets["portal"]) > 0}
}

// Users gives people in the order of site and extension, of one site where it
// is not "", behind a user where after is not "" ("<site>/<extension>").
func (p *Platform) Users(site, search, after string, limit int) (list []UserInfo, more bool, err error) {
	prefix := ""
	if site != "" {
		prefix = site + "/"
	}
	err = p.view(func(t *tx) {
		if _, ok := t.site(site); site != "" && !ok {
			t.fail(fmt.Errorf("site %s: %w", site, ErrUnknownSite))
			return
		}
		t.walk(bucketUsers, prefix, after, func(name string, value []byte) bool {
			var u person
			if !t.read(value, &u) {
				return false
			}
			at, extension, _ := strings.Cut(name, "/")
			one := u.info(at, extension)
			if !one.has(search) {
				return true
			}
			if more = len(list) == limit; !more {
				list = append(list, one)
			}
			return !more
		})
	})
	return list, more, err
}

func (u UserInfo) has(text string) bool {
	all := strings.ToLower(strings.Join([]string{u.Extension, u.ID, u.First + " " + u.Last, u.Email, u.AlternateID}, "\n"))
	return strings.Contains(all, strings.ToLower(text))
}

// User gives one.
func (p *Platform) User(site, extension string) (out UserInfo, err error) {
	err = p.view(func(t *tx) {
		u, ok := t.user(site, extension)
		if !ok {
			t.fail(fmt.Errorf("user %s at site %s: %w", extension, site, ErrUnknown))
		}
		out = u.info(site, extension)
	})
	return out, err
}

// AddUser sets a user up at a site.
func (o Operator) AddUser(site, extension string, e UserEdit) error {
	return o.putUser("user added", site, extension, e, true)
}

// EditUser changes a user. Where nothing would change, nothing is written.
func (o Operator) EditUser(site, extension string, e UserEdit) error {
	if same, err := o.p.sameUser(site, extension, e); err != nil || same {
		return err
	}
	return o.putUser("user changed", site, extension, e, false)
}

func (o Operator) putUser(what, site, extension string, e UserEdit, fresh bool) error {
	return o.change(Deed{What: what, Site: site, Key: extension}, func(t *tx, _ *Deed) {
		t.open(site)
		u, known := t.user(site, extension)
		switch {
		case fresh && known:
			t.fail(fmt.Errorf("user %s at site %s: %w", extension, site, ErrExists))
		case !fresh && !known:
			t.fail(fmt.Errorf("user %s at site %s: %w", extension, site, ErrUnknown))
		}
		e.over(&u.Body)
		if u.Body.ID == "" {
			u.Body.ID = extension
		}
		given := map[string]phone.Secret{}
		for kind, s := range map[string]*phone.Secret{"web": e.Web, "portal": e.Portal} {
			if s != nil {
				given[kind] = *s
			}
		}
		t.fail(checkUser(extension, u.Body, given))
		t.fail(t.roomFor(site, extension, u.Body.ID))
		if t.err != nil {
			return
		}
		u.Secrets = t.keepSecrets(userOwn(site, extension), u.Secrets, given)
		t.put(bucketUsers, userKey(site, extension), u)
		t.publish(site, wire.DocID(wire.UserDoc, extension), false)
	})
}

// roomFor refuses an ID another of the site has, and one user too many.
func (t *tx) roomFor(site, extension, id string) (err error) {
	count := 0
	t.walk(bucketUsers, site+"/", "", func(name string, value []byte) bool {
		var u person
		count++
		if name != userKey(site, extension) && t.read(value, &u) && u.Body.ID == id {
			err = fmt.Errorf("user ID %s at site %s: %w", id, site, ErrExists)
		}
		return err == nil
	})
	if count >= maxUsers {
		return fmt.Errorf("add a user at site %s: %w", site, ErrFull)
	}
	return err
}

func (e UserEdit) over(u *wire.User) {
	for _, f := range []struct {
		from *string
		to   *string
	}{{e.ID, &u.ID}, {e.First, &u.First}, {e.Last, &u.Last}, {e.Email, &u.Email}, {e.AlternateID, &u.AlternateID}} {
		if f.from != nil {
			*f.to = strings.TrimSpace(*f.from)
		}
	}
}

// checkUser says everything a box would have against the user.
func checkUser(extension string, u wire.User, given map[string]phone.Secret) error {
	var wrong InvalidError
	wrong.AddAll("", phone.User{ID: u.ID, Extension: extension, First: u.First, Last: u.Last, Email: u.Email, AlternateID: u.AlternateID,
		WebPassword: given["web"], PortalPIN: given["portal"]}.Validate())
	return wrong.Err()
}

// RemoveUser takes a user away.
func (o Operator) RemoveUser(site, extension string) error {
	return o.change(Deed{What: "user removed", Site: site, Key: extension}, func(t *tx, _ *Deed) {
		if _, ok := t.user(site, extension); !ok {
			t.fail(fmt.Errorf("user %s at site %s: %w", extension, site, ErrUnknown))
			return
		}
		t.del(bucketUsers, userKey(site, extension))
		t.publish(site, wire.DocID(wire.UserDoc, extension), true)
	})
}
