package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// deviceSchema is the newest schema of a stored device.
//
//	1  first
const deviceSchema = 1

// storedDevice is a device as it is kept. Fields called sealed hold base64 of
// a sealed value. All fields since schema 1.
type storedDevice struct {
	version
	MAC           storedMAC    `json:"mac"`
	Rev           uint64       `json:"rev"`
	Vendor        phone.Vendor `json:"vendor"`
	Model         string       `json:"model,omitempty"`
	Label         string       `json:"label,omitempty"`
	Owner         string       `json:"owner,omitempty"`
	Created       time.Time    `json:"created,omitzero"`
	PlainTFTP     bool         `json:"plain_tftp,omitempty"`
	Lines         []storedLine `json:"lines,omitempty"`
	AdminPassword string       `json:"sealed_admin_password,omitempty"`
	// Overrides is a JSON object; it is sealed whole because an operator may
	// well write a password into it.
	Overrides string          `json:"sealed_overrides,omitempty"`
	Enrolment storedEnrolment `json:"enrolment"`
	// Addr is missing in files of the first versions, which reserved none here.
	Addr netip.Addr `json:"address,omitzero"`
	// Platform is missing where no platform ever said anything of the device.
	Platform storedPlatform `json:"platform,omitzero"`
}

type storedLine struct {
	Registrar     string          `json:"registrar"`
	Port          int             `json:"port,omitempty"`
	Transport     phone.Transport `json:"transport,omitempty"`
	OutboundProxy string          `json:"outbound_proxy,omitempty"`
	User          string          `json:"user"`
	AuthID        string          `json:"auth_id,omitempty"`
	Password      string          `json:"sealed_password,omitempty"`
	DisplayName   string          `json:"display_name,omitempty"`
	Label         string          `json:"label,omitempty"`
}

type storedEnrolment struct {
	State     auth.State       `json:"state"`
	Epoch     uint32           `json:"epoch,omitempty"`
	PIN       string           `json:"sealed_pin,omitempty"`
	Fails     int              `json:"fails,omitempty"`
	LockOuts  int              `json:"lock_outs,omitempty"`
	Until     time.Time        `json:"until,omitzero"`
	Suspended time.Time        `json:"suspended,omitzero"`
	Pass      storedPass       `json:"pass,omitzero"`
	OTP       storedArming     `json:"otp"`
	Current   storedCredential `json:"current,omitzero"`
	Pending   storedCredential `json:"pending,omitzero"`
	// Ticket and TicketOnly are missing in files of the first versions, which
	// knew no tickets.
	Ticket     storedTicket `json:"ticket,omitzero"`
	TicketOnly bool         `json:"ticket_only,omitempty"`
}

type storedPass struct {
	Until time.Time `json:"until,omitzero"`
	By    string    `json:"by,omitempty"`
	Used  bool      `json:"used,omitempty"`
}

type storedArming struct {
	Generation uint64    `json:"generation"`
	Used       bool      `json:"used"`
	Allowed    bool      `json:"allowed,omitempty"`
	Brand      uint64    `json:"brand,omitempty"`
	By         string    `json:"by,omitempty"`
	Until      time.Time `json:"until,omitzero"`
}

type storedCredential struct {
	User     string    `json:"user,omitempty"`
	Password string    `json:"sealed_password,omitempty"`
	Minted   time.Time `json:"minted,omitzero"`
	By       string    `json:"by,omitempty"`
}

// codec turns domain values into stored ones and back. The two directions
// share no code, so each must name every field; a test fills all of them.
type codec struct{ key Key }

func (c codec) deviceSealer(mac phone.MAC) sealer { return c.key.sealer(bucketDevices, mac.Hex()) }

// plainDevice is the mirror of rec with its secrets as they are: for comparing
// and for sealing, never for writing.
func plainDevice(rec auth.Record) (storedDevice, error) {
	d, e := rec.Device, rec.Enrolment
	s := storedDevice{
		version: version{deviceSchema},
		MAC:     storedMAC(d.MAC), Rev: rec.Rev, Vendor: d.Vendor, Model: d.Model, Label: d.Label, Owner: d.Owner,
		Created: stamp(d.Created), PlainTFTP: d.PlainTFTP, AdminPassword: d.AdminPassword.Reveal(), Addr: d.Addr,
		Platform: plainPlatform(rec.Platform),
		Enrolment: storedEnrolment{
			State: e.State, Epoch: e.Epoch, PIN: e.PIN.Reveal(), Fails: e.Fails, LockOuts: e.LockOuts,
			Until: stamp(e.Until), Suspended: stamp(e.Suspended),
			Pass: storedPass{Until: stamp(e.Pass.Until), By: e.Pass.By, Used: e.Pass.Used},
			OTP: storedArming{
				Generation: e.OTP.Generation, Used: e.OTP.Used, Allowed: e.OTP.Allowed,
				Brand: e.OTP.Brand, By: e.OTP.By, Until: stamp(e.OTP.Until),
			},
			Current: plainCredential(e.Current),
			Pending: plainCredential(e.Pending),
			Ticket:  plainTicket(e.Ticket), TicketOnly: e.TicketOnly,
		},
	}
	for _, l := range d.Lines {
		s.Lines = append(s.Lines, storedLine{
			Registrar: l.Registrar, Port: l.Port, Transport: l.Transport, OutboundProxy: l.OutboundProxy,
			User: l.User, AuthID: l.AuthID, Password: l.Password.Reveal(), DisplayName: l.DisplayName, Label: l.Label,
		})
	}
	if len(d.Overrides) > 0 {
		b, err := json.Marshal(d.Overrides) // keys sorted: equal maps, equal text
		if err != nil {
			return storedDevice{}, fmt.Errorf("encode overrides: %w", err)
		}
		s.Overrides = string(b)
	}
	return s, nil
}

func plainCredential(c auth.Credential) storedCredential {
	return storedCredential{User: c.User, Password: c.Password.Reveal(), Minted: stamp(c.Minted), By: c.By}
}

// stamp is a time as it will be read back: UTC, without the monotonic clock.
func stamp(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Round(0).UTC()
}

// secrets calls f for each secret of s, with the field's name in the
// associated data. Those names are part of the file's format.
func (s *storedDevice) secrets(f func(field string, value *string) error) error {
	errs := []error{
		f("admin_password", &s.AdminPassword),
		f("overrides", &s.Overrides),
		f("enrolment.pin", &s.Enrolment.PIN),
		f("enrolment.current.password", &s.Enrolment.Current.Password),
		f("enrolment.pending.password", &s.Enrolment.Pending.Password),
		f("enrolment.ticket.password", &s.Enrolment.Ticket.Password),
	}
	for i := range s.Lines {
		errs = append(errs, f("lines."+strconv.Itoa(i)+".password", &s.Lines[i].Password))
	}
	return errors.Join(errs...)
}

// encodeDevice gives the stored value of rec.
func (c codec) encodeDevice(rec auth.Record) ([]byte, error) {
	s, err := plainDevice(rec)
	if err != nil {
		return nil, err
	}
	seal := c.deviceSealer(phone.MAC(s.MAC))
	_ = s.secrets(func(field string, value *string) error {
		*value = seal.seal(field, phone.NewSecret(*value))
		return nil
	})
	return frame(s)
}

// decodeDevice reads the value stored under key.
func (c codec) decodeDevice(key, value []byte) (*auth.Record, error) {
	return c.decodeDeviceInto(new(storedDevice), key, value)
}

// decodeDeviceInto is decodeDevice with s, which is used again for the next: a start
// reads all devices, and what it leaves behind lies between what it keeps.
func (c codec) decodeDeviceInto(s *storedDevice, key, value []byte) (*auth.Record, error) {
	*s = storedDevice{}
	if err := parseInto(s, value, deviceSchema); err != nil {
		return nil, err
	}
	if !bytes.Equal(key, s.MAC[:]) || s.MAC == (storedMAC{}) {
		return nil, fmt.Errorf("%w: record of %s stands in another's place", errDamaged, phone.MAC(s.MAC))
	}
	seal := c.deviceSealer(phone.MAC(s.MAC))
	err := s.secrets(func(field string, value *string) error {
		plain, err := seal.open(field, *value)
		*value = plain.Reveal()
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.record()
}

// record is the domain value of s, its secrets opened.
func (s *storedDevice) record() (*auth.Record, error) {
	e := s.Enrolment
	rec := &auth.Record{
		Rev: s.Rev, Platform: s.Platform.platform(),
		Device: phone.Device{
			MAC: phone.MAC(s.MAC), Vendor: s.Vendor, Model: s.Model, Label: s.Label, Owner: s.Owner,
			Created: stamp(s.Created), PlainTFTP: s.PlainTFTP, AdminPassword: phone.NewSecret(s.AdminPassword), Addr: s.Addr,
		},
		Enrolment: auth.Enrolment{
			State: e.State, Epoch: e.Epoch, PIN: phone.NewSecret(e.PIN), Fails: e.Fails, LockOuts: e.LockOuts,
			Until: stamp(e.Until), Suspended: stamp(e.Suspended),
			Pass: auth.Pass{Until: stamp(e.Pass.Until), By: e.Pass.By, Used: e.Pass.Used},
			OTP: auth.Arming{
				Generation: e.OTP.Generation, Used: e.OTP.Used, Allowed: e.OTP.Allowed,
				Brand: e.OTP.Brand, By: e.OTP.By, Until: stamp(e.OTP.Until),
			},
			Current: e.Current.credential(),
			Pending: e.Pending.credential(),
			Ticket:  e.Ticket.ticket(), TicketOnly: e.TicketOnly,
		},
	}
	for _, l := range s.Lines {
		rec.Device.Lines = append(rec.Device.Lines, phone.Line{
			Registrar: l.Registrar, Port: l.Port, Transport: l.Transport, OutboundProxy: l.OutboundProxy,
			User: l.User, AuthID: l.AuthID, Password: phone.NewSecret(l.Password), DisplayName: l.DisplayName, Label: l.Label,
		})
	}
	if s.Overrides != "" {
		if err := json.Unmarshal([]byte(s.Overrides), &rec.Device.Overrides); err != nil {
			return nil, fmt.Errorf("%w: overrides are no object", errDamaged)
		}
	}
	return rec, nil
}

func (c storedCredential) credential() auth.Credential {
	return auth.Credential{User: c.User, Password: phone.NewSecret(c.Password), Minted: stamp(c.Minted), By: c.By}
}

// sameDevice reports that two records differ in nothing that is kept, Rev
// aside.
func sameDevice(a, b auth.Record) bool {
	a.Rev, b.Rev = 0, 0
	x, errX := plainDevice(a)
	y, errY := plainDevice(b)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}
