package central

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/proto"
)

// sameDevice reports that an edit would leave a device as it is, with nothing
// made for it: a file of a thousand devices that is imported again writes only
// what is new in it.
func (p *Platform) sameDevice(mac phone.MAC, e DeviceEdit) (same bool, err error) {
	err = p.view(func(t *tx) {
		d := t.living(mac)
		body := d.Body
		e.over(&body)
		if t.err != nil || e.Admin != nil || e.Lines != nil && !t.sameLines(mac, d, *e.Lines) {
			return
		}
		same = sameJSON(body, d.Body)
	})
	return same, err
}

func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// sameLines reports that a device has these lines with these passwords.
func (t *tx) sameLines(mac phone.MAC, d device, lines []LineEdit) bool {
	if len(lines) != len(d.Body.Lines) {
		return false
	}
	for i, l := range lines {
		sealed := d.Secrets[sipKind(i)]
		if l.Line != d.Body.Lines[i] || len(sealed) == 0 {
			return false
		}
		if l.Password.IsZero() {
			continue
		}
		plain, err := t.p.keys.Seal.Open(ownLabel(deviceName(mac), sipKind(i)), sealed)
		if err != nil || phone.NewSecret(string(plain)) != l.Password {
			return false
		}
	}
	return true
}

// sameUser reports that an edit would leave a user as it is.
func (p *Platform) sameUser(site, extension string, e UserEdit) (same bool, err error) {
	err = p.view(func(t *tx) {
		u, known := t.user(site, extension)
		was := u.Body
		e.over(&u.Body)
		same = known && e.Web == nil && e.Portal == nil && was == u.Body && u.Body.ID != ""
	})
	return same, err
}

// HasUser reports that a site has a user with this ID.
func (p *Platform) HasUser(site, id string) (there bool, err error) {
	err = p.view(func(t *tx) {
		// Most have their extension as their ID: the others cost a walk.
		if u, ok := t.user(site, id); ok && u.Body.ID == id {
			there = true
			return
		}
		t.walk(bucketUsers, site+"/", "", func(_ string, value []byte) bool {
			var u person
			there = t.read(value, &u) && u.Body.ID == id
			return !there && t.err == nil
		})
	})
	return there, err
}

// NewPassword gives a line of a device, counted from 1, another SIP password
// and gives it out this once.
func (o Operator) NewPassword(mac phone.MAC, line int) (made Made, err error) {
	random := draw()
	return made, o.onDevice("SIP password made", mac, func(t *tx, d *device, c *Deed) func() {
		c.Detail = "line " + strconv.Itoa(line)
		if line < 1 || line > len(d.Body.Lines) {
			t.fail(fmt.Errorf("line %d of device %s: %w", line, mac, ErrUnknown))
			return func() {}
		}
		kind := sipKind(line - 1)
		made = Made{kind: random.sip[line-1]}
		d.Secrets = t.keepSecrets(deviceName(mac), d.Secrets, made)
		if !slices.Contains(d.Minted, kind) {
			d.Minted = append(slices.Clone(d.Minted), kind)
		}
		return func() { proto.Rewrite(t, deviceName(mac)) }
	})
}
