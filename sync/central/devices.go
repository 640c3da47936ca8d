package central

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// DeviceInfo is a device as operators see it, without its secrets.
type DeviceInfo struct {
	MAC  phone.MAC `json:"mac"`
	Site string    `json:"site"`
	wire.Device
	// OTP says whether a one-time password may still let it in: "armed" or
	// "used". Fails counts wrong PINs; Blocked says that none is taken until an
	// operator unblocks or resets the device.
	OTP     string `json:"otp"`
	Fails   uint16 `json:"fails"`
	Blocked bool   `json:"blocked"`
	// Ticket says that a one-time password of its own is set.
	Ticket bool `json:"ticket"`
}

// DeviceEdit is what is to change of a device; nil leaves it.
type DeviceEdit struct {
	Vendor, Model, Label, Owner, Address *string
	Overrides                            *map[string]string
	PlainTFTP                            *bool
	Admin                                *phone.Secret
	Lines                                *[]LineEdit
}

// LineEdit is one SIP account. Without a password the one there is stays, as
// long as it is the same account; else the platform makes one.
type LineEdit struct {
	wire.Line
	Password phone.Secret
}

func deviceName(mac phone.MAC) proto.ID { return wire.DocID(wire.DeviceDoc, mac.Hex()) }

func sipKind(i int) string { return fmt.Sprintf("sip.%d", i) }

func (d device) info(mac phone.MAC, epoch int64) DeviceInfo {
	sec := d.Sec.At(epoch)
	out := DeviceInfo{MAC: mac, Site: string(d.Home), Device: d.Body, OTP: "used", Fails: sec.Fails, Blocked: sec.Locked, Ticket: len(d.Secrets["otp"]) > 0}
	if sec.Armed() {
		out.OTP = "armed"
	}
	return out
}

// Device gives one device.
func (p *Platform) Device(mac phone.MAC) (out DeviceInfo, err error) {
	err = p.view(func(t *tx) { out = t.living(mac).info(mac, t.Meta().Epoch) })
	return out, err
}

// Device gives one device.
func (o Operator) Device(mac phone.MAC) (DeviceInfo, error) { return o.p.Device(mac) }

// living is a device that has a home; another is an error.
func (t *tx) living(mac phone.MAC) device {
	d, ok := t.device(deviceName(mac))
	if !ok || d.Home == "" {
		t.fail(fmt.Errorf("device %s: %w", mac, ErrUnknownDevice))
	}
	return d
}

// DeviceQuery says which devices: of a site, holding a text in any shown
// field; empty is all. After is the MAC to go on behind, Limit how many.
type DeviceQuery struct {
	Site, Search string
	After        phone.MAC
	Limit        int
}

// Devices gives devices in the order of their MACs; more says that there are
// others behind the last one.
func (p *Platform) Devices(q DeviceQuery) (list []DeviceInfo, more bool, err error) {
	after := ""
	if !q.After.IsZero() {
		after = string(deviceName(q.After))
	}
	err = p.view(func(t *tx) {
		epoch := t.Meta().Epoch
		t.walk(bucketDevices, "", after, func(name string, value []byte) bool {
			var d device
			_, hex, _ := wire.SplitID(proto.ID(name))
			mac, err := phone.ParseMAC(hex)
			if err != nil || !t.read(value, &d) {
				t.fail(err)
				return false
			}
			one := d.info(mac, epoch)
			if d.Home == "" || q.Site != "" && one.Site != q.Site || !one.has(q.Search) {
				return true
			}
			if more = len(list) == q.Limit; !more {
				list = append(list, one)
			}
			return !more
		})
	})
	return list, more, err
}

// has reports that a text stands in what is shown of the device, in any case.
func (d DeviceInfo) has(text string) bool {
	if text == "" {
		return true
	}
	text = strings.ToLower(text)
	shown := []string{d.MAC.String(), d.MAC.Hex(), d.Vendor, d.Model, d.Label, d.Owner, d.Address}
	for _, l := range d.Lines {
		shown = append(shown, l.User, l.DisplayName, l.Label)
	}
	return slices.ContainsFunc(shown, func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
}

// AddDevice sets a device up at a site and gives what the platform made for it.
func (o Operator) AddDevice(mac phone.MAC, site string, e DeviceEdit) (made Made, err error) {
	random := draw()
	name := deviceName(mac)
	err = o.change(Deed{What: "device added", Site: site, Key: mac.String()}, func(t *tx, _ *Deed) {
		t.open(site)
		d, known := t.device(name)
		if known && d.Home != "" {
			t.fail(fmt.Errorf("device %s at site %s: %w", mac, d.Home, ErrExists))
		}
		d.Body, d.Secrets, d.Minted = wire.Device{}, nil, nil
		made = Made{"pin": random.pin}
		t.edit(mac, &d, e, random, made)
		d.Secrets = t.keepSecrets(name, d.Secrets, map[string]phone.Secret{"pin": random.pin})
		t.put(bucketDevices, string(name), d)
		if t.err == nil {
			proto.Settle(t, name, proto.Site(site), random.mint)
		}
	})
	return made, err
}

// open is a site that devices may be set up at.
func (t *tx) open(id string) site {
	s, ok := t.site(id)
	if !ok || s.Revoked {
		t.fail(fmt.Errorf("site %s: %w", id, ErrUnknownSite))
	}
	return s
}

// EditDevice changes a device and gives what the platform had to make. Where
// nothing would change, nothing is written.
func (o Operator) EditDevice(mac phone.MAC, e DeviceEdit) (made Made, err error) {
	if same, err := o.p.sameDevice(mac, e); err != nil || same {
		return Made{}, err
	}
	random := draw()
	return made, o.onDevice("device changed", mac, func(t *tx, d *device, _ *Deed) func() {
		made = Made{}
		t.edit(mac, d, e, random, made)
		return func() { proto.Rewrite(t, deviceName(mac)) }
	})
}

// onDevice changes one living device. f changes what is kept of it and gives
// what the rules do then, which writes its document.
func (o Operator) onDevice(what string, mac phone.MAC, f func(*tx, *device, *Deed) func()) error {
	return o.change(Deed{What: what, Key: mac.String()}, func(t *tx, c *Deed) {
		d := t.living(mac)
		if t.err == nil && o.site != "" {
			t.fail(t.lets(o.site, mac, d))
		}
		if t.err != nil {
			return
		}
		c.Site = string(d.Home)
		rules := f(t, &d, c)
		t.put(bucketDevices, string(deviceName(mac)), d)
		if t.err == nil {
			rules()
		}
	})
}

// edit lays an edit over a device and checks the outcome.
func (t *tx) edit(mac phone.MAC, d *device, e DeviceEdit, random drawn, made Made) {
	e.over(&d.Body)
	given := map[string]phone.Secret{}
	if e.Admin != nil {
		given["admin"] = *e.Admin
	}
	t.fail(checkDevice(mac, d.Body, e))
	if e.Lines != nil && t.err == nil {
		t.lines(mac, d, *e.Lines, random, given, made)
	}
	d.Secrets = t.keepSecrets(deviceName(mac), d.Secrets, given)
}

// over lays all but secrets and lines over a device.
func (e DeviceEdit) over(d *wire.Device) {
	for _, f := range []struct {
		from *string
		to   *string
	}{{e.Vendor, &d.Vendor}, {e.Model, &d.Model}, {e.Label, &d.Label}, {e.Owner, &d.Owner}, {e.Address, &d.Address}} {
		if f.from != nil {
			*f.to = strings.TrimSpace(*f.from)
		}
	}
	if e.Overrides != nil {
		d.Overrides = *e.Overrides
	}
	if e.PlainTFTP != nil {
		d.PlainTFTP = *e.PlainTFTP
	}
}

// lines replaces the SIP accounts. given are the secrets to seal, made those of
// them the platform made.
func (t *tx) lines(mac phone.MAC, d *device, lines []LineEdit, random drawn, given map[string]phone.Secret, made Made) {
	old, had := d.Body.Lines, maps.Clone(d.Secrets)
	minted := slices.Clone(d.Minted)
	d.Body.Lines, d.Minted = nil, nil
	for i := range old {
		given[sipKind(i)] = phone.Secret{}
	}
	for i, l := range lines {
		d.Body.Lines = append(d.Body.Lines, l.Line)
		kind, password := sipKind(i), l.Password
		same := slices.IndexFunc(old, func(o wire.Line) bool { return o.User == l.User && o.Registrar == l.Registrar })
		switch {
		case !password.IsZero():
		case same >= 0 && len(had[sipKind(same)]) > 0:
			plain, err := t.p.keys.Seal.Open(ownLabel(deviceName(mac), sipKind(same)), had[sipKind(same)])
			t.fail(err)
			password = phone.NewSecret(string(plain))
			if slices.Contains(minted, sipKind(same)) {
				d.Minted = append(d.Minted, kind)
			}
		default:
			password = random.sip[i]
			made[kind] = password
			d.Minted = append(d.Minted, kind)
		}
		given[kind] = password
	}
}

// checkDevice says everything a box would have against the device.
func checkDevice(mac phone.MAC, body wire.Device, e DeviceEdit) error {
	var wrong InvalidError
	lines := make([]LineEdit, len(body.Lines))
	for i, l := range body.Lines {
		lines[i].Line = l
	}
	if e.Lines != nil {
		lines = *e.Lines
	}
	dev := phone.Device{MAC: mac, Vendor: phone.Vendor(body.Vendor), Model: body.Model, Label: body.Label, Owner: body.Owner,
		Overrides: body.Overrides, PlainTFTP: body.PlainTFTP, Created: time.Unix(0, 0)}
	if e.Admin != nil {
		dev.AdminPassword = *e.Admin
	}
	for _, l := range lines {
		dev.Lines = append(dev.Lines, phone.Line{Registrar: l.Registrar, Port: l.Port, Transport: phone.Transport(l.Transport), OutboundProxy: l.OutboundProxy,
			User: l.User, AuthID: l.AuthID, Password: l.Password, DisplayName: l.DisplayName, Label: l.Label})
	}
	if body.Vendor == "" {
		wrong.Add("vendor: missing; write the maker's name, such as yealink")
	}
	if a, err := netip.ParseAddr(body.Address); body.Address != "" && (err != nil || !a.Is4()) {
		wrong.Add("address: write an IPv4 address of the site's LAN, such as 10.20.0.60")
	}
	wrong.AddAll("", dev.Validate())
	return wrong.Err()
}

// MoveDevice moves a device to another site: it gets a new PIN, new one-time
// passwords, and new SIP passwords where the platform made them; kept names
// those it did not make, which the old site's configs still hold.
func (o Operator) MoveDevice(mac phone.MAC, to string) (made Made, kept []string, err error) {
	random := draw()
	err = o.onDevice("device moved", mac, func(t *tx, d *device, c *Deed) func() {
		t.open(to)
		c.Detail = "to site " + to
		if string(d.Home) == to {
			t.fail(fmt.Errorf("device %s is at site %s: %w", mac, to, ErrExists))
		}
		made, kept = Made{"pin": random.pin}, nil
		for i := range d.Body.Lines {
			if slices.Contains(d.Minted, sipKind(i)) {
				made[sipKind(i)] = random.sip[i]
			} else {
				kept = append(kept, sipKind(i))
			}
		}
		d.clearOTP()
		d.Secrets = t.keepSecrets(deviceName(mac), d.Secrets, made)
		return func() { proto.Settle(t, deviceName(mac), proto.Site(to), random.mint) }
	})
	return made, kept, err
}

// RemoveDevice takes a device from its site. What is known of its generations
// stays, so that nothing made for it ever counts again.
func (o Operator) RemoveDevice(mac phone.MAC) error {
	return o.onDevice("device removed", mac, func(t *tx, d *device, _ *Deed) func() {
		d.Body, d.Secrets, d.Minted = wire.Device{}, nil, nil
		return func() { proto.Settle(t, deviceName(mac), "", "") }
	})
}
