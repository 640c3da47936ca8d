package sipd

import (
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/provision"
)

// guard is a UDP socket whose reader sees only packets worth handling: what is
// dropped here costs one look and no memory.
type guard struct {
	net.PacketConn
	s *Server
}

// ReadFrom gives the next packet that passes.
func (g *guard) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, addr, err := g.PacketConn.ReadFrom(b)
		if err != nil {
			return n, addr, err
		}
		in, answer := g.s.passes(addrPortOf(g.LocalAddr()), addrPortOf(addr), b[:n])
		if len(answer) > 0 && roomy(g.PacketConn) { // the reader never waits
			_, _ = g.WriteTo(answer, addr) // lost, it is asked for again
		}
		if in != nil {
			return copy(b, in), addr, nil
		}
	}
}

// passes decides on one packet. It parses it as well: what the parser cannot
// read, or throws at, ends here instead of in the library's reader. in is the
// packet as the library is given it, nil where it is not; answer is what a
// stranger is told without being let in.
func (s *Server) passes(local, remote netip.AddrPort, data []byte) (in, answer []byte) {
	defer func() {
		if r := recover(); r != nil {
			s.panicked(r, remote.String())
			in, answer = nil, nil
		}
	}()
	if s.told.settles(remote.Addr(), data) {
		return nil, nil
	}
	v := s.judge(local, remote, data)
	if v == pass || v == unproven || v == question {
		msg, ok := s.read(data)
		if (!ok || len(data) > maxMessage) && v == pass && !s.sbcs.owns(remote.Addr()) {
			data = s.mended(remote, "UDP", data)
			msg, ok = s.read(data)
		}
		switch {
		case !ok:
			v = malformed
		case v == unproven:
			return nil, s.meetAtTheDoor(remote, msg)
		case v == question:
			s.answerQuestion(remote, msg)
			return nil, nil
		default:
			if answer := s.meddled(remote, "UDP", msg); answer != nil {
				return nil, answer
			}
			if over, answer := s.callsOver(local, remote, "UDP", msg); over {
				v = rate
				s.drop(v)
				return nil, answer
			}
		}
	}
	if v != pass {
		s.drop(v)
		return nil, nil
	}
	return data, nil
}

func (s *Server) drop(v verdict) {
	s.dep.Metrics.Dropped.WithLabelValues(string(provision.SIP), string(v)).Inc()
}

// read parses a message that has what a transaction is made of; a panic of the
// parser is one that it cannot read.
func (s *Server) read(data []byte) (msg sip.Message, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			s.panicked(r, "")
			ok = false
		}
	}()
	msg, err := sip.NewParser().ParseSIP(data)
	return msg, err == nil && s.usable(msg) && !s.odd(msg, data)
}

// odd reports a call for help whose request line the handlers would not know as
// one, though the library reads it.
func (s *Server) odd(msg sip.Message, data []byte) bool {
	req, ok := msg.(*sip.Request)
	if !ok || !strings.EqualFold(string(req.Method), "INVITE") {
		return false
	}
	l, _ := s.numbers().peek(data)
	return l.odd
}

// judge looks at a packet before it is parsed.
func (s *Server) judge(local, remote netip.AddrPort, data []byte) verdict {
	if keepAlive(data) {
		return noise
	}
	l, ok := s.numbers().peek(data)
	switch {
	case len(data) > maxMessage && (!l.emergent || s.sbcs.owns(remote.Addr())):
		return oversize // a call for help is shortened instead
	case !ok:
		return noise
	case s.sbcs.owns(remote.Addr()):
		l.emergent, l.sbc = false, true // it takes such calls, it does not make them
	case local == s.uplinkAddr() && local.IsValid():
		return foreign // nobody else has business there
	case !s.inLAN(remote.Addr()):
		return foreign
	case l.method == "SUBSCRIBE":
		return s.judgeQuestion(remote, l, len(data))
	case l.asks() && !s.sources.expects(remote.Addr()):
		if l.proven = s.nonces.shows(s.dep.Now(), data, remote.Addr()); !l.proven {
			return s.judgeStranger(remote, l)
		}
	case l.emergent:
		l.proven = s.nonces.shows(s.dep.Now(), data, remote.Addr())
	}
	v, fresh := s.sources.admit(s.dep.Now(), remote, l)
	if v == rate && (s.calls.within(s.dep.Now(), remote.Addr(), l, data) || l.sbc && s.asked.awaits(s.dep.Now(), l, data)) {
		return pass
	}
	if v == pass && l.scanner && !l.emergent {
		return scanning
	}
	if v == pass && fresh {
		s.meet(local, remote)
	}
	return v
}

// judgeStream looks at a message of a connection before it is parsed, as judge
// does at a packet: the address is the caller's own, or it would not be
// connected, but it has one share of messages however often it connects.
func (s *Server) judgeStream(remote netip.AddrPort, msg []byte) verdict {
	l, ok := s.numbers().peek(msg)
	if !ok {
		return malformed
	}
	if s.sbcs.owns(remote.Addr()) {
		l.emergent, l.sbc = false, true
	}
	l.stream, l.proven = true, true
	v, _ := s.sources.admit(s.dep.Now(), remote, l)
	if v == pass && l.scanner && !l.emergent {
		return scanning
	}
	return v
}

// judgeStranger counts a message that is answered at the doorstep, or not.
func (s *Server) judgeStranger(remote netip.AddrPort, l look) verdict {
	switch {
	case l.scanner:
		return scanning
	case !s.doorstep.admit(s.dep.Now(), remote.Addr()):
		return rate
	}
	return unproven
}

// keepAlive reports the CRLF or NULs phones send to keep a NAT open.
func keepAlive(data []byte) bool {
	return len(data) <= 4 || strings.Trim(string(data[:min(len(data), 8)]), "\r\n\x00") == ""
}

// usable reports that a message has what a transaction is made of. A request
// whose CSeq names another method is a trick. Only a call for help may lack the
// From tag, as those before RFC 3261 did (section 12.1.1 bids to be prepared).
func (s *Server) usable(msg sip.Message) bool {
	if msg.Via() == nil || msg.CSeq() == nil || msg.From() == nil || msg.To() == nil || msg.CallID() == nil {
		return false
	}
	if len(*msg.CallID()) == 0 || len(*msg.CallID()) > 256 {
		return false
	}
	if req, ok := msg.(*sip.Request); ok {
		_, tagged := req.From().Params.Get("tag")
		if !tagged && req.IsInvite() {
			_, tagged = s.numbers().emergency(req.Recipient.String())
		}
		return req.CSeq().MethodName == req.Method && tagged
	}
	return true
}

// inLAN reports that an address is of the phones' networks.
func (s *Server) inLAN(a netip.Addr) bool {
	in := func(p netip.Prefix) bool { return p.Contains(a) }
	return slices.ContainsFunc(s.cfg.LAN, in) || s.cfg.LANNow != nil && slices.ContainsFunc(s.cfg.LANNow(), in)
}

// meet ties an address to the socket it came to, and forget takes the tie away.
// The library makes the tie itself, but not again after it was taken away; it
// would then answer from a new socket.
func (s *Server) meet(local, remote netip.AddrPort) {
	pool := s.ua.TransportLayer().Pool("udp")
	if c := pool.Get(local.String()); c != nil {
		pool.Add(remote.String(), c)
	}
}

func (s *Server) forget(remote netip.AddrPort) {
	s.ua.TransportLayer().Pool("udp").Delete(remote.String())
}

// strayFilter drops what comes in on sockets the library made by itself: none is
// meant to be, but connections to SBCs. Of those it hands on whole messages only,
// as guest does of those that were accepted.
func (s *Server) strayFilter(p sip.TransportReadProps, data []byte) ([]byte, error) {
	remote := addrPortOf(p.RemoteAddr)
	switch {
	case p.Transport == "UDP" && s.ours(addrPortOf(p.LocalAddr)):
		return data, nil
	case p.Transport == "UDP":
		return nil, nil
	case isAccepted(p.RemoteAddr):
		return data, nil
	case !s.sbcs.owns(remote.Addr()):
		return nil, errNotAnSBC
	}
	return s.uplinks.whole(s, p.LocalAddr.String(), remote.String(), data)
}

func (s *Server) ours(local netip.AddrPort) bool {
	if local == s.uplinkAddr() || local.Addr().IsMulticast() {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.locals {
		if l == local {
			return true
		}
	}
	return false
}

func (s *Server) uplinkAddr() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.uplink
}

// addrPortOf is an address in the one spelling used as a key.
func addrPortOf(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
	case *net.TCPAddr:
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
	}
	return parseAddrPort(a.String())
}

func parseAddrPort(s string) netip.AddrPort {
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

// silent is a logger that says nothing.
func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
