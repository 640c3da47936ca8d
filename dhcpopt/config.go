package dhcpopt

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
)

// Mode is how the box takes part in DHCP, as settings name it.
type Mode string

// The modes. New makes a server for the first and third, NewRelay a relay for
// the second; the last needs neither.
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
	// Net is the network of the clients; the zero value is that of Self. A scope
	// behind a relay has one that Self is not on.
	Net netip.Prefix
	// Pool is what addresses are given from; ModeServer alone has one.
	Pool []Range
	// Scopes are further networks, whose clients come by a relay agent.
	Scopes []Scope
	// PhonesOnly gives no address to what is no phone, nor set up or reserved.
	PhonesOnly bool
	// Upstream are the servers of ModeRelay, the one to be asked first, first.
	Upstream []netip.AddrPort
	// TrustRelayInfo carries messages that another machine, as a rule a switch,
	// has put option 82 into (RFC 3046 section 2.1.1).
	TrustRelayInfo bool
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
	if own := c.Self.Masked(); c.Self.Addr() == own.Addr() || c.Self.Addr() == lastAddr(own) {
		return c, fmt.Errorf("listen.interface: %s is the network or broadcast address; give the box a host address such as %s", c.Self, own.Addr().Next())
	}
	switch c.Mode {
	case ModeRelay:
		return c, c.checkUpstream()
	case ModeInform:
		return c, nil
	}
	return c, errors.Join(c.checkTimes(), c.checkServers(), c.checkPool(), c.checkReservations(), c.checkScopes())
}

// network is where the clients are.
func (c Config) network() netip.Prefix {
	if c.Net.IsValid() {
		return c.Net
	}
	return c.Self.Masked()
}

func (c Config) checkMode() error {
	switch c.Mode {
	case ModeServer, ModeRelay, ModeInform:
		return nil
	case ModeOff:
		return errors.New("dhcp.mode: is \"off\", so no DHCP server can be made; write \"server\" to let the box give addresses")
	}
	return fmt.Errorf("dhcp.mode: %.20q is not known; write \"server\", \"relay\", \"inform\" or \"off\"", string(c.Mode))
}

// maxUpstream is how many servers a relay asks at most.
const maxUpstream = 8

func (c Config) checkUpstream() error {
	if c.Interface == "" {
		return errors.New("listen.interface: a relay has to know which side the phones are on; write the interface's name")
	}
	if len(c.Upstream) == 0 {
		return errors.New("dhcp.upstream: missing; write the addresses of the servers that give the addresses, such as [\"10.0.0.5\"]")
	}
	if len(c.Upstream) > maxUpstream {
		return fmt.Errorf("dhcp.upstream: %d servers are too many, at most %d", len(c.Upstream), maxUpstream)
	}
	var errs []error
	for _, u := range c.Upstream {
		switch a := u.Addr(); {
		case !a.Is4() || a.IsUnspecified() || a.IsMulticast() || u.Port() == 0:
			errs = append(errs, fmt.Errorf("dhcp.upstream: %s is no IPv4 address of a server", u))
		case a == c.Self.Addr():
			errs = append(errs, fmt.Errorf("dhcp.upstream: %s is this box; write the address of the server that gives the addresses", a))
		case c.network().Contains(a):
			errs = append(errs, fmt.Errorf("dhcp.upstream: %s is on the phones' own network and answers them itself, so the box cannot come between; write dhcp.mode = \"inform\"", a))
		}
	}
	return errors.Join(errs...)
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
		errs = append(errs, fmt.Errorf("dhcp.router: %s is not on %s; write the gateway's address on the phones' LAN", c.Router, c.network()))
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
			errs = append(errs, fmt.Errorf("dhcp.pool: %s does not lie within %s without its network and broadcast address", r, c.network()))
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
	for _, mac := range inOrder(c.Reservations) {
		a := c.Reservations[mac]
		switch other, twice := taken[a]; {
		case mac.IsZero():
			errs = append(errs, fmt.Errorf("dhcp.reservations: %s is kept for no hardware address; write the phone's", a))
		case !c.hostAddr(a):
			errs = append(errs, fmt.Errorf("dhcp.reservations: %s of %s is no host address of %s", a, mac, c.network()))
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
	return a.Is4() && c.network().Contains(a) && a != c.network().Addr() && a != lastAddr(c.network())
}

// lastAddr is the broadcast address of an IPv4 prefix.
func lastAddr(p netip.Prefix) netip.Addr {
	host := uint32(1)<<(32-p.Bits()) - 1
	return fromNumber(number(p.Masked().Addr()) | host)
}

func compareMACs(a, b phone.MAC) int { return bytes.Compare(a[:], b[:]) }
