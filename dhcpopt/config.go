package dhcpopt

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
)

// Mode is how the box takes part in DHCP, as settings name it.
type Mode string

// The modes. This build serves ModeServer only; Config refuses the rest.
const (
	ModeServer Mode = "server" // pool of its own
	ModeRelay  Mode = "relay"  // adds options to an existing server's answers
	ModeInform Mode = "inform" // hands out no address
	ModeOff    Mode = "off"    // options are set elsewhere
)

// Defaults and bounds.
const (
	DefaultLease = 8 * time.Hour
	MinLease     = 2 * time.Minute
	MaxLease     = 365 * 24 * time.Hour
	MaxPool      = 65536 // addresses, reservations outside the pool included
)

// Config is what the server needs to know of its LAN. The zero value of a
// field means its default.
type Config struct {
	// Mode defaults to ModeServer.
	Mode Mode
	// Interface is the network interface served, for the desk's eyes; binding
	// to it is Listen's.
	Interface string
	// Self is the box's address on the phones' LAN with the LAN's prefix
	// length. It is the server identifier.
	Self netip.Prefix
	// Pool is what addresses are given from.
	Pool []Range
	// Reservations tie an address of the LAN, inside the pool or not, to one
	// hardware address.
	Reservations map[phone.MAC]netip.Addr
	// Router is the default gateway told; none by default.
	Router netip.Addr
	// DNS are the name servers told; none by default.
	DNS []netip.Addr
	// NTP are the time servers told, none by default: the box is not one.
	NTP []netip.Addr
	// Lease is how long an address is given for, default 8h. A client may ask
	// for less, down to MinLease, never for more.
	Lease time.Duration
	// Domain is the domain name told; none by default.
	Domain string
}

// Check says everything that is wrong with c, each line naming the key of the
// settings file and what to write.
func (c Config) Check() error {
	_, err := c.checked()
	return err
}

// checked fills in the defaults and says all that is wrong.
func (c Config) checked() (Config, error) {
	c.Mode = cmp.Or(c.Mode, ModeServer)
	c.Lease = cmp.Or(c.Lease, DefaultLease)
	if err := c.checkMode(); err != nil {
		return c, err
	}
	if !c.Self.IsValid() || !c.Self.Addr().Is4() || c.Self.Bits() > 30 || c.Self.Bits() < 8 {
		return c, fmt.Errorf("listen.interface: %s is no IPv4 network phones can live on; give the interface an address such as 10.20.0.1/24", c.Self)
	}
	if !c.hostAddr(c.Self.Addr()) {
		return c, fmt.Errorf("listen.interface: %s is the network or broadcast address; give the box a host address such as %s", c.Self, c.Self.Masked().Addr().Next())
	}
	return c, errors.Join(c.checkTimes(), c.checkServers(), c.checkPool(), c.checkReservations())
}

func (c Config) checkMode() error {
	switch c.Mode {
	case ModeServer:
		return nil
	case ModeRelay, ModeInform:
		return fmt.Errorf("dhcp.mode: %q is not in this build; write \"server\" where the box owns the voice LAN, or \"off\" and set options 66 and 160 on the existing server", c.Mode)
	case ModeOff:
		return errors.New("dhcp.mode: is \"off\", so no DHCP server can be made; write \"server\" to let the box give addresses")
	}
	return fmt.Errorf("dhcp.mode: %.20q is not known; write \"server\" or \"off\"", string(c.Mode))
}

func (c Config) checkTimes() error {
	if c.Lease < MinLease || c.Lease > MaxLease {
		return fmt.Errorf("dhcp.lease: %s is out of range; write %s to %s, such as \"8h\"", c.Lease, MinLease, MaxLease)
	}
	return nil
}

func (c Config) checkServers() error {
	var errs []error
	if c.Router.IsValid() && !c.hostAddr(c.Router) {
		errs = append(errs, fmt.Errorf("dhcp.router: %s is not on %s; write the gateway's address on the phones' LAN", c.Router, c.Self.Masked()))
	}
	for _, list := range []struct {
		key   string
		addrs []netip.Addr
	}{{"dhcp.dns", c.DNS}, {"dhcp.ntp", c.NTP}} {
		if len(list.addrs) > 8 {
			errs = append(errs, fmt.Errorf("%s: %d are too many, at most 8", list.key, len(list.addrs)))
		}
		for _, a := range list.addrs {
			if !a.Is4() || a.IsUnspecified() || a.IsMulticast() {
				errs = append(errs, fmt.Errorf("%s: %s is no IPv4 address of a server", list.key, a))
			}
		}
	}
	if len(c.Domain) > phone.MaxHost || clean([]byte(c.Domain), phone.MaxHost) != c.Domain {
		errs = append(errs, fmt.Errorf("dhcp.domain: %.60q is no domain name; write one such as phones.example.net", c.Domain))
	}
	return errors.Join(errs...)
}

func (c Config) checkPool() error {
	var errs []error
	if len(c.Pool) == 0 {
		errs = append(errs, errors.New("dhcp.pool: missing; write first-last, such as \"10.20.0.50-10.20.0.250\""))
	}
	size := len(c.Reservations)
	for i, r := range c.Pool {
		if !c.hostAddr(r.First) || !c.hostAddr(r.Last) || r.Last.Less(r.First) {
			errs = append(errs, fmt.Errorf("dhcp.pool: %s does not lie within %s without its network and broadcast address", r, c.Self.Masked()))
			continue
		}
		size += r.Size()
		for _, own := range []struct {
			what string
			addr netip.Addr
		}{{"the box itself", c.Self.Addr()}, {"dhcp.router", c.Router}} {
			if own.addr.IsValid() && r.Contains(own.addr) {
				errs = append(errs, fmt.Errorf("dhcp.pool: %s contains %s, which is %s; write two ranges around it", r, own.addr, own.what))
			}
		}
		for _, other := range c.Pool[:i] {
			if r.Overlaps(other) {
				errs = append(errs, fmt.Errorf("dhcp.pool: %s and %s overlap", other, r))
			}
		}
	}
	if size > MaxPool {
		errs = append(errs, fmt.Errorf("dhcp.pool: %d addresses are too many, at most %d", size, MaxPool))
	}
	return errors.Join(errs...)
}

func (c Config) checkReservations() error {
	var errs []error
	taken := make(map[netip.Addr]phone.MAC, len(c.Reservations))
	for _, mac := range slices.SortedFunc(maps.Keys(c.Reservations), compareMACs) {
		a := c.Reservations[mac]
		switch other, twice := taken[a]; {
		case mac.IsZero():
			errs = append(errs, fmt.Errorf("dhcp.reservations: %s is kept for no hardware address; write the phone's", a))
		case !c.hostAddr(a):
			errs = append(errs, fmt.Errorf("dhcp.reservations: %s of %s is no host address of %s", a, mac, c.Self.Masked()))
		case a == c.Self.Addr() || a == c.Router:
			errs = append(errs, fmt.Errorf("dhcp.reservations: %s of %s is the box or the router", a, mac))
		case twice:
			errs = append(errs, fmt.Errorf("dhcp.reservations: %s is kept for both %s and %s", a, other, mac))
		}
		taken[a] = mac
	}
	return errors.Join(errs...)
}

// hostAddr reports that a can be a machine on the LAN.
func (c Config) hostAddr(a netip.Addr) bool {
	return a.Is4() && c.Self.Contains(a) && a != c.Self.Masked().Addr() && a != lastAddr(c.Self)
}

// lastAddr is the broadcast address of an IPv4 prefix.
func lastAddr(p netip.Prefix) netip.Addr {
	host := uint32(1)<<(32-p.Bits()) - 1
	return fromNumber(number(p.Masked().Addr()) | host)
}

func compareMACs(a, b phone.MAC) int { return bytes.Compare(a[:], b[:]) }
