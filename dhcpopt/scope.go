package dhcpopt

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// maxScopes bounds how many networks one box gives addresses of.
const maxScopes = 64

// Scope is a network behind a relay agent, with a pool of its own. What it
// leaves out is as on the box's own LAN, but for the router.
type Scope struct {
	Net    netip.Prefix
	Pool   []Range
	Router netip.Addr
	DNS    []netip.Addr
	Lease  time.Duration
}

// scope is the Config of one of c's scopes. Reservations are shared: each
// counts where its address lies.
func (c Config) scope(sc Scope) Config {
	c.Net, c.Pool, c.Router, c.Scopes = sc.Net.Masked(), sc.Pool, sc.Router, nil
	if len(sc.DNS) > 0 {
		c.DNS = sc.DNS
	}
	if sc.Lease != 0 {
		c.Lease = sc.Lease
	}
	return c.ownReservations()
}

// ownReservations leaves out those of other networks, where there are several.
func (c Config) ownReservations() Config {
	all := c.Reservations
	c.Reservations = nil
	for mac, a := range all {
		if c.network().Contains(a) {
			if c.Reservations == nil {
				c.Reservations = make(map[phone.MAC]netip.Addr)
			}
			c.Reservations[mac] = a
		}
	}
	return c
}

func (c Config) checkScopes() error {
	if len(c.Scopes) > maxScopes {
		return fmt.Errorf("dhcp.scope: %d networks are too many, at most %d", len(c.Scopes), maxScopes)
	}
	var errs []error
	nets := []netip.Prefix{c.network()}
	for _, sc := range c.Scopes {
		if !sc.Net.IsValid() || !sc.Net.Addr().Is4() || sc.Net.Bits() < 8 || sc.Net.Bits() > 30 {
			errs = append(errs, fmt.Errorf("dhcp.scope: %s is no IPv4 network phones can live on; write one such as \"10.30.0.0/24\"", sc.Net))
			continue
		}
		for _, n := range nets {
			if n.Overlaps(sc.Net) {
				errs = append(errs, fmt.Errorf("dhcp.scope: %s and %s overlap", n, sc.Net))
			}
		}
		nets = append(nets, sc.Net)
		if _, err := c.scope(sc).checked(); err != nil {
			errs = append(errs, fmt.Errorf("dhcp.scope: %s: %w", sc.Net, err))
		}
	}
	return errors.Join(errs...)
}

// inScope is the server a packet is for: by the relay it came through, or by
// the address its client uses. It is s itself where no scope's network fits.
func (s *Server) inScope(data []byte, from netip.AddrPort) *Server {
	if len(s.scopes) == 0 || len(data) < minPacket {
		return s
	}
	at := netip.AddrFrom4([4]byte(data[atGiaddr : atGiaddr+4]))
	if at.IsUnspecified() {
		// A renewal goes past the relay. Only its own client's: the answer goes
		// where the packet came from.
		if at = netip.AddrFrom4([4]byte(data[atCiaddr : atCiaddr+4])); at != from.Addr() {
			return s
		}
	}
	for _, sc := range s.scopes {
		if sc.cfg.network().Contains(at) {
			return sc
		}
	}
	return s
}

// checkRemote refuses what a client of a scope cannot have sent: without a
// relay it is heard only once it has an address.
func (s *Server) checkRemote(a *ask) error {
	if s.remote && a.giaddr.IsUnspecified() && a.kind == dhcpv4.MessageTypeDiscover {
		return errRelay
	}
	return nil
}
