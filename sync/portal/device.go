package portal

import (
	"fmt"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

func deviceRoutes() []route {
	const one = V1 + "/devices/{mac}"
	return []route{
		{method: "GET", path: V1 + "/devices", least: Viewer, about: "Lists devices.", query: deviceQuery(), out: Devices{}, status: 200, do: (*Server).getDevices},
		{method: "POST", path: V1 + "/devices", least: Operator, about: "Sets a device up at a site and gives the secrets the platform made, once.", in: DeviceInput{}, out: DeviceMade{}, status: 201, do: (*Server).postDevice},
		{method: "GET", path: one, least: Viewer, about: "Shows a device.", out: central.DeviceInfo{}, status: 200, do: (*Server).getDevice},
		{method: "PATCH", path: one, least: Operator, about: "Changes a device; what is left out stays.", in: DeviceInput{}, out: DeviceMade{}, status: 200, do: (*Server).patchDevice},
		{method: "DELETE", path: one, least: Operator, about: "Takes a device from its site.", status: 204, do: (*Server).deleteDevice},
		{method: "POST", path: one + "/password", least: Operator, about: "Makes a new SIP password for one line, the first if none is named, and gives it once.", in: PasswordInput{}, out: DeviceMade{}, status: 200, do: (*Server).postPassword},
		{method: "POST", path: one + "/move", least: Operator, about: "Moves a device to another site, with everything anew that the platform makes.", in: MoveInput{}, out: DeviceMade{}, status: 200, do: (*Server).postMove},
	}
}

func deviceQuery() []param {
	return append(pageQuery("a MAC"), param{"site", "a site's ID"}, param{"search", "part of a MAC, label, owner, maker, model, address or line"})
}

// Devices is a page of devices; Next, where set, is what to ask "after" for more.
type Devices struct {
	Devices []central.DeviceInfo `json:"devices"`
	Next    string               `json:"next,omitempty"`
}

// DeviceInput sets a device up or changes it: what is left out stays as it is.
type DeviceInput struct {
	MAC           *phone.MAC         `json:"mac"`
	Site          *string            `json:"site"`
	Vendor        *string            `json:"vendor"`
	Model         *string            `json:"model"`
	Label         *string            `json:"label"`
	Owner         *string            `json:"owner"`
	Address       *string            `json:"address"`
	Overrides     *map[string]string `json:"overrides"`
	PlainTFTP     *bool              `json:"plain_tftp"`
	AdminPassword *string            `json:"admin_password"`
	Lines         *[]LineInput       `json:"lines"`
}

// LineInput is one SIP account. Without a password the platform makes one, or
// leaves that of the same account.
type LineInput struct {
	wire.Line
	Password string `json:"password,omitempty"`
}

// DeviceMade is a device with what the platform made for it. The secrets are
// shown this once.
type DeviceMade struct {
	Device central.DeviceInfo `json:"device"`
	// Secrets are by kind: "pin", "sip.0" for the first line, "otp".
	Secrets map[string]string `json:"secrets,omitempty"`
	// Kept names secrets the platform did not make and could not make anew:
	// change them where they come from.
	Kept []string `json:"kept,omitempty"`
	// Notes are what may not be what was meant.
	Notes []string `json:"notes,omitempty"`
}

// MoveInput says where a device goes.
type MoveInput struct {
	Site string `json:"site"`
}

// PasswordInput says which line, counted from 1.
type PasswordInput struct {
	Line int `json:"line"`
}

func (s *Server) postPassword(c *call) (any, error) {
	mac, err := c.mac()
	in := PasswordInput{Line: 1}
	if err == nil {
		err = c.body(&in)
	}
	if err != nil {
		return nil, err
	}
	made, err := s.by(c).NewPassword(mac, in.Line)
	if err != nil {
		return nil, err
	}
	return s.made(mac, made, DeviceMade{})
}

// edit is the input in the platform's words.
func (in DeviceInput) edit() central.DeviceEdit {
	e := central.DeviceEdit{Vendor: in.Vendor, Model: in.Model, Label: in.Label, Owner: in.Owner, Address: in.Address,
		Overrides: in.Overrides, PlainTFTP: in.PlainTFTP, Admin: secret(in.AdminPassword)}
	if in.Lines != nil {
		lines := []central.LineEdit{}
		for _, l := range *in.Lines {
			lines = append(lines, central.LineEdit{Line: l.Line, Password: phone.NewSecret(l.Password)})
		}
		e.Lines = &lines
	}
	return e
}

// secret wraps what was sent, nil for what was left out.
func secret(plain *string) *phone.Secret {
	if plain == nil {
		return nil
	}
	s := phone.NewSecret(*plain)
	return &s
}

func revealed(made central.Made) map[string]string {
	out := map[string]string{}
	for kind, s := range made {
		out[kind] = s.Reveal()
	}
	return out
}

func (s *Server) getDevices(c *call) (any, error) {
	q := central.DeviceQuery{Site: c.word("site"), Search: c.word("search")}
	var err error
	if q.Limit, err = c.number("limit", pageSize, maxPage); err != nil {
		return nil, err
	}
	if after := c.word("after"); after != "" {
		if q.After, err = phone.ParseMAC(after); err != nil {
			return nil, err
		}
	}
	list, more, err := s.p.Devices(q)
	out := Devices{Devices: filled(list)}
	if more {
		out.Next = list[len(list)-1].MAC.String()
	}
	return out, err
}

func (s *Server) getDevice(c *call) (any, error) {
	mac, err := c.mac()
	if err != nil {
		return nil, err
	}
	return s.p.Device(mac)
}

func (s *Server) postDevice(c *call) (any, error) {
	var in DeviceInput
	if err := c.body(&in); err != nil {
		return nil, err
	}
	var wrong central.InvalidError
	if in.MAC == nil || in.MAC.IsZero() {
		wrong.Add("mac: missing; write the twelve hex digits on the phone's label")
	}
	if in.Site == nil {
		wrong.Add("site: missing; write the site's ID")
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	e := in.edit()
	notes, err := s.fits(&e, central.DeviceInfo{Site: *in.Site})
	if err != nil {
		return nil, err
	}
	made, err := s.by(c).AddDevice(*in.MAC, *in.Site, e)
	if err != nil {
		return nil, err
	}
	return s.made(*in.MAC, made, DeviceMade{Notes: notes})
}

// made is the answer to a call that may have made secrets, with what out says
// already.
func (s *Server) made(mac phone.MAC, made central.Made, out DeviceMade) (any, error) {
	d, err := s.p.Device(mac)
	out.Device, out.Secrets = d, revealed(made)
	return out, err
}

func (s *Server) patchDevice(c *call) (any, error) {
	mac, err := c.mac()
	var in DeviceInput
	if err == nil {
		err = c.body(&in)
	}
	if err != nil {
		return nil, err
	}
	var wrong central.InvalidError
	if in.MAC != nil && *in.MAC != mac {
		wrong.Add("mac: cannot be changed; remove the device and set the other one up")
	}
	if in.Site != nil {
		wrong.Add(fmt.Sprintf("site: is changed by a move: POST %s/devices/%s/move", V1, mac))
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	had, err := s.p.Device(mac)
	if err != nil {
		return nil, err
	}
	e := in.edit()
	notes, err := s.fits(&e, had)
	if err != nil {
		return nil, err
	}
	made, err := s.by(c).EditDevice(mac, e)
	if err != nil {
		return nil, err
	}
	return s.made(mac, made, DeviceMade{Notes: notes})
}

func (s *Server) deleteDevice(c *call) (any, error) {
	mac, err := c.mac()
	if err != nil {
		return nil, err
	}
	return nil, s.by(c).RemoveDevice(mac)
}

func (s *Server) postMove(c *call) (any, error) {
	mac, err := c.mac()
	var in MoveInput
	if err == nil {
		err = c.body(&in)
	}
	if err != nil {
		return nil, err
	}
	made, kept, err := s.by(c).MoveDevice(mac, in.Site)
	if err != nil {
		return nil, err
	}
	return s.made(mac, made, DeviceMade{Kept: kept})
}
