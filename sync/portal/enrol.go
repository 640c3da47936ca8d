package portal

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
)

func enrolRoutes() []route {
	const one = V1 + "/devices/{mac}"
	return []route{
		{method: "POST", path: one + "/reset", least: Operator, about: "Makes everything a device proved void and gives its new PIN, once.", out: DeviceMade{}, status: 200, do: (*Server).postReset},
		{method: "POST", path: one + "/pin", least: Operator, about: "Gives a device a new PIN, once.", out: DeviceMade{}, status: 200, do: (*Server).postPIN},
		{method: "POST", path: one + "/block", least: Operator, about: "Has no PIN and no one-time password of a device taken any more.", out: central.DeviceInfo{}, status: 200, do: onDevice(central.Operator.BlockDevice)},
		{method: "POST", path: one + "/unblock", least: Operator, about: "Has a device's PIN taken again.", out: central.DeviceInfo{}, status: 200, do: onDevice(central.Operator.UnblockDevice)},
		{method: "POST", path: one + "/ticket", least: Operator, about: "Makes a device a one-time password of its own and gives it, once.", in: TicketInput{}, out: Ticket{}, status: 201, do: (*Server).postTicket},
		{method: "POST", path: one + "/ticket/approve", least: Operator, about: "Says yes to a one-time password that waits for it.", out: central.DeviceInfo{}, status: 200, do: onDevice(central.Operator.ApproveTicket)},
		{method: "DELETE", path: one + "/ticket", least: Operator, about: "Makes a device's one-time password void.", status: 204, do: (*Server).deleteTicket},
		{method: "POST", path: one + "/allow-global-password-once", least: Reseller, about: "Lets a device in by its brand's password once more.", in: AllowOnceInput{}, out: central.DeviceInfo{}, status: 200, do: (*Server).postAllowOnce},
	}
}

// TicketInput asks for a one-time password of one device.
type TicketInput struct {
	// User goes with it; left out it is the MAC.
	User string `json:"user,omitempty"`
	// Hours is how long it is good, 1 to 336; left out 8.
	Hours int `json:"hours,omitempty"`
	// Approval says that somebody must say yes before it lets the device in.
	Approval bool `json:"approval,omitempty"`
}

// Ticket is what the phone is to show, given once.
type Ticket struct {
	User     string    `json:"user"`
	Password string    `json:"password"`
	Until    time.Time `json:"until"`
}

// AllowOnceInput says what happens to what the device has.
type AllowOnceInput struct {
	// Clear makes the device's own login void.
	Clear bool `json:"clear,omitempty"`
}

// onDevice is a call that names a device and changes it.
func onDevice(change func(central.Operator, phone.MAC) error) func(*Server, *call) (any, error) {
	return func(s *Server, c *call) (any, error) {
		mac, err := c.mac()
		if err == nil {
			err = change(s.by(c), mac)
		}
		if err != nil {
			return nil, err
		}
		return s.p.Device(mac)
	}
}

func (s *Server) postReset(c *call) (any, error) { return s.pin(c, central.Operator.ResetDevice) }

func (s *Server) postPIN(c *call) (any, error) { return s.pin(c, central.Operator.NewPIN) }

func (s *Server) pin(c *call, change func(central.Operator, phone.MAC) (phone.Secret, error)) (any, error) {
	mac, err := c.mac()
	if err != nil {
		return nil, err
	}
	pin, err := change(s.by(c), mac)
	if err != nil {
		return nil, err
	}
	return s.made(mac, central.Made{"pin": pin}, DeviceMade{})
}

func (s *Server) postTicket(c *call) (any, error) {
	mac, err := c.mac()
	var in TicketInput
	if err == nil {
		err = c.body(&in)
	}
	if err != nil {
		return nil, err
	}
	if in.Hours < 0 || in.Hours > 336 {
		return nil, &central.InvalidError{Fields: []string{fmt.Sprintf("hours: %d is not 1 to 336", in.Hours)}}
	}
	t, err := s.by(c).MakeTicket(mac, central.TicketRequest{User: in.User, Life: time.Duration(in.Hours) * time.Hour, Approval: in.Approval})
	return Ticket{User: t.User, Password: t.Password.Reveal(), Until: t.Until}, err
}

func (s *Server) deleteTicket(c *call) (any, error) {
	mac, err := c.mac()
	if err != nil {
		return nil, err
	}
	return nil, s.by(c).RemoveTicket(mac)
}

func (s *Server) postAllowOnce(c *call) (any, error) {
	mac, err := c.mac()
	var in AllowOnceInput
	if err == nil {
		err = c.body(&in)
	}
	if err == nil {
		err = s.by(c).AllowBrandOnce(mac, in.Clear)
	}
	if err != nil {
		return nil, err
	}
	return s.p.Device(mac)
}
