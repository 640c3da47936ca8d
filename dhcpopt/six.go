package dhcpopt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// SixConfig is what DHCPv6 needs to know of its LAN.
type SixConfig struct {
	// Interface is the one served, for the desk's eyes.
	Interface string
	// Hardware is its MAC; the server's identifier is made from it.
	Hardware phone.MAC
	// DNS and NTP are IPv6 addresses told to phones that ask; none by default.
	DNS, NTP []netip.Addr
	// Link gives the interface's link-local address as it is now, from which answers
	// leave by frame; while it is invalid, or where Link is nil, none do.
	Link func() netip.Addr
	// Refresh is when a phone that asks is to ask again, default 8h.
	Refresh time.Duration
}

// SixDesk says who a client is and what to tell it. Its methods must not block.
type SixDesk interface {
	Welcome6(provision.Caller) provision.Welcome6
	Sighted(provision.Sighting)
}

// Six answers phones that ask by DHCPv6 for what is no address: INFORMATION-REQUEST
// of RFC 8415 section 18.2.6, with the URL of their configs (RFC 5970). It gives
// no address, keeps nothing, and is silent to everybody else.
type Six struct {
	cfg  SixConfig
	desk SixDesk
	self func() netip.Addr
	deps Deps
	duid []byte
	conn net.PacketConn
	// frames reaches clients by hardware address; nil where the socket cannot.
	frames framer
	strain *strain
	// Of the answering goroutine alone.
	rates  rates
	sought time.Time // budget of answers that wait for neighbour discovery
}

// How many answers may have the kernel look for who asked: who is not there is
// looked for three seconds, and the kernel's table holds a thousand.
const (
	soughtEvery = 20 * time.Millisecond
	soughtBurst = 50
)

// NewSix checks cfg; it does no I/O. self gives the box's IPv6 address on the
// LAN as it is now, which goes into URLs; while it is invalid nobody is
// answered. Of deps Log, Metrics, Health, Now and Away are used.
func NewSix(cfg SixConfig, desk SixDesk, self func() netip.Addr, deps Deps) (*Six, error) {
	if cfg.Hardware.IsZero() || desk == nil || self == nil || deps.Log == nil || deps.Metrics == nil || deps.Health == nil {
		return nil, errors.New("make DHCPv6 server: a dependency is missing")
	}
	for _, a := range append(append([]netip.Addr(nil), cfg.DNS...), cfg.NTP...) {
		if !a.Is6() || a.Is4In6() || a.IsUnspecified() || a.IsMulticast() || a.Zone() != "" {
			return nil, fmt.Errorf("dhcp.dns6, dhcp.ntp6: %s is no IPv6 address of a server", a)
		}
	}
	if cfg.Refresh == 0 {
		cfg.Refresh = DefaultLease
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	deps.Log = deps.Log.With("component", "dhcp6")
	return &Six{
		cfg: cfg, desk: desk, self: self, deps: deps, duid: duidLL(cfg.Hardware),
		strain: &strain{code: codeStrain6, port: sixServerPort, iface: cfg.Interface, board: deps.Health},
	}, nil
}

// Serve answers what arrives on conn until ctx ends; then it returns nil. It is
// called once, and the caller closes conn.
func (s *Six) Serve(ctx context.Context, conn net.PacketConn) error {
	in := newIntake(maxIntake/8, s.connect(conn), s.drop)
	return in.serve(ctx, conn, s.deps.Log)
}

// connect notes the way out, and gives what deals with what comes in.
func (s *Six) connect(conn net.PacketConn) func(datagram) {
	s.conn = conn
	c, ok := conn.(*SixConn)
	if !ok {
		return func(p datagram) { s.receive(p.data, p.from, phone.MAC{}) }
	}
	if !c.Framed() {
		s.deps.Log.Warn("cannot address DHCPv6 clients by hardware address, a flood of made-up ones holds up the phones' answers; give the service CAP_NET_RAW", "err", c.reason)
		return func(p datagram) { s.receive(p.data, p.from, phone.MAC{}) }
	}
	s.frames = c
	return func(p datagram) {
		payload, from, mac, ok := cutFrame6(p.data)
		if !ok {
			s.drop("malformed", from)
			return
		}
		s.receive(payload, from, mac)
	}
}

// receive deals with one packet, from mac where the frame says so. Whatever it
// holds, the server lives on.
func (s *Six) receive(data []byte, from netip.AddrPort, mac phone.MAC) {
	defer func() {
		if v := recover(); v != nil {
			panicked(s.deps.Metrics, s.deps.Log, v)
		}
	}()
	s.strain.ease(s.deps.Now())
	if s.deps.away() {
		s.drop(errAway.Error(), from)
		return
	}
	reply := s.answer(data, from, mac)
	if reply == nil {
		return
	}
	// To the client's own port, whatever port the question was sent from.
	if err := s.send(reply, netip.AddrPortFrom(from.Addr(), sixClientPort), mac); err != nil {
		s.drop(unsent(err), from) // lost like any datagram: the client asks again
	}
}

// send puts an answer on the wire: to the hardware address the question came
// from, or else, few at a time, to whom the kernel finds.
func (s *Six) send(reply []byte, to netip.AddrPort, mac phone.MAC) error {
	if s.frames != nil && s.cfg.Link != nil && !mac.IsZero() {
		if link := s.cfg.Link(); link.IsValid() {
			return s.frames.WriteFrame(mac, netip.AddrPortFrom(link, sixServerPort), to, reply)
		}
	}
	sought, ok := step(s.sought, s.deps.Now(), soughtEvery, soughtBurst)
	if s.sought = sought; !ok {
		return errCrowded
	}
	if to.Addr().Zone() == "" { // read from a frame
		to = netip.AddrPortFrom(to.Addr().WithZone(s.cfg.Interface), to.Port())
	}
	_, err := s.conn.WriteTo(reply, net.UDPAddrFromAddrPort(to))
	return err
}

// answer is the reply to one packet, nil where it gets none.
func (s *Six) answer(data []byte, from netip.AddrPort, mac phone.MAC) []byte {
	q, reason := s.parse(data, from)
	if reason != "" {
		s.drop(reason, from)
		return nil
	}
	if !mac.IsZero() {
		q.mac = mac // what the frame says stands above what is made from it
	}
	within, heard := s.rates.spend(q.mac, sixKind, s.deps.Now())
	if !heard {
		s.drop("rate", from)
		return nil
	}
	self := s.self()
	if !self.IsValid() {
		s.count("no-address")
		return nil
	}
	w := s.welcome(q, self)
	if w.Ident.Vendor == "" {
		s.count("silent")
		return nil
	}
	s.count("answered")
	if within && !q.mac.IsZero() {
		s.desk.Sighted(provision.Sighting{
			MAC: q.mac, Front: provision.DHCP, Addr: from.Addr().WithZone(""), Ident: w.Ident, Text: "asked by DHCPv6 for its configs, " + toldText(w.Lead),
		})
	}
	return s.reply(q, w.Lead)
}

func toldText(l vendors.Lead6) string {
	if l.URL == "" {
		return "told the box's address in option 17"
	}
	return "told " + clean([]byte(l.URL), maxTold)
}

// welcome asks the desk by each name the client gives itself; a maker's class
// says more than the hardware address.
func (s *Six) welcome(q ask6, self netip.Addr) (w provision.Welcome6) {
	c := provision.Caller{MAC: q.mac, Interface: s.cfg.Interface, Self: self}
	for _, c.Class = range q.classes {
		if w = s.desk.Welcome6(c); w.Ident.Confidence == vendors.FromClass {
			return w
		}
	}
	c.Class = nil
	return s.desk.Welcome6(c)
}

func (s *Six) count(outcome string) {
	s.deps.Metrics.DHCP.WithLabelValues("information-request", outcome).Inc()
}

func (s *Six) drop(reason string, from netip.AddrPort) {
	s.deps.Metrics.Dropped.WithLabelValues(string(provision.DHCP), "six-"+reason).Inc()
	s.deps.Log.Debug("packet dropped", "remote", from, "reason", reason)
	if reason == dropOverload || reason == dropCrowded {
		s.strain.note(s.deps.Now(), reason)
	}
}
