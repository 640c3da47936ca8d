package sipd

import (
	"net"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Passes is the look before parsing.
func (s *Server) Passes(local, remote netip.AddrPort, data []byte) bool {
	in, _ := s.passes(local, remote, data)
	return in != nil
}

// Answered is what a packet is answered without being let in, empty for none.
func (s *Server) Answered(local, remote netip.AddrPort, data []byte) string {
	_, answer := s.passes(local, remote, data)
	return string(answer)
}

// Frames cuts a stream that comes in pieces of n bytes into messages.
func Frames(stream []byte, n int) (all [][]byte, err error) {
	var f framer
	for len(stream) > 0 {
		f.add(stream[:min(n, len(stream))])
		stream = stream[min(n, len(stream)):]
		for {
			msg, err := f.next()
			if err != nil {
				return all, err
			}
			if msg == nil {
				break
			}
			all = append(all, append([]byte(nil), msg...))
		}
	}
	return all, nil
}

// Remembered is how many addresses and ports are remembered.
func (s *Server) Remembered() (addrs, ports int) { return s.sources.count() }

// InCalls is how many calls run.
func (s *Server) InCalls() (emergency, others int) { return s.calls.count() }

// Bounds of what is remembered.
const (
	MaxSources = maxSources
	MaxPorts   = maxPorts
)

// Emergency classifies a request URI.
func Emergency(site []string, uri string) (string, bool) { return numbers(site).emergency(uri) }

// Peek looks at a packet's first bytes.
func Peek(site []string, data []byte) (method, uri string, emergent, ok bool) {
	l, ok := numbers(site).peek(data)
	return l.method, l.uri, l.emergent, ok
}

// Credentials reads an Authorization header.
func Credentials(s string) (user, nonce, uri string, ok bool) {
	c, ok := parseCredentials(s)
	return c.user, c.nonce, c.uri, ok
}

// NonceGoodFor mints a nonce for one address and checks it for another.
func NonceGoodFor(now time.Time, to, from netip.Addr, later time.Duration) (ours, stale bool) {
	n := newNonces()
	return n.check(now.Add(later), n.mint(now, to), from)
}

// PnPMAC reads the MAC out of a PnP user part.
func PnPMAC(user string) (string, bool) {
	mac, ok := pnpMAC(user)
	return mac.Hex(), ok
}

// Filtered is what is let in of a connection's bytes.
func (s *Server) Filtered(from netip.AddrPort, taken bool, data []byte) ([]byte, error) {
	p := sip.TransportReadProps{Transport: "TCP", LocalAddr: new(net.TCPAddr), RemoteAddr: net.TCPAddrFromAddrPort(from)}
	if taken {
		p.RemoteAddr = accepted{p.RemoteAddr}
	}
	return s.strayFilter(p, data)
}

// MayDial reports whether a connection may be made to an address.
func (s *Server) MayDial(to string) error {
	d := s.dialer(nil)
	return d.Control("tcp", to, nil)
}

// Pinned is a stream's request as the library is given it, and what its top Via
// says then.
func (s *Server) Pinned(msg []byte, from netip.AddrPort) (out []byte, received, rport string, ok bool) {
	m, ok := s.readable(from.String(), msg)
	if !ok {
		return nil, "", "", false
	}
	if out = s.pinned(msg, m, from); out == nil {
		return nil, "", "", false
	}
	m, ok = s.readable(from.String(), out)
	if !ok {
		return out, "", "", true
	}
	received, _ = m.Via().Params.Get("received")
	rport, _ = m.Via().Params.Get("rport")
	return out, received, rport, true
}

// MaxTold bounds the NOTIFYs that are repeated.
const MaxTold = maxTold

// Waiting is how many NOTIFYs no phone has answered yet.
func (s *Server) Waiting() int {
	s.told.mu.Lock()
	defer s.told.mu.Unlock()
	return len(s.told.by)
}

// ReadRival is what a packet says of a PnP server that was asked under id.
func ReadRival(data []byte, id string) (text []string, reply string, ok bool) {
	p, reply, ok := readRival(data, netip.MustParseAddrPort("192.0.2.1:5060"), []string{id})
	return []string{p.Name, p.URL}, reply, ok
}

// Mended is a call for help written anew, and whether that can be read.
func (s *Server) Mended(from netip.AddrPort, data []byte) (out []byte, ok bool) {
	if out = s.mended(from, "UDP", data); out != nil {
		_, ok = s.read(out)
	}
	return out, ok
}

// Roughly cuts a message off a stream by guess.
func Roughly(data []byte, over bool) (msg, left []byte) {
	f := framer{held: data}
	msg = f.roughly(over)
	return msg, f.held
}

// Recounted is a message with the length it has.
func Recounted(msg []byte) []byte { return recounted(msg) }

// HasEmptyLine reports that a header ends.
func HasEmptyLine(msg []byte) bool {
	_, body := emptyLine(msg)
	return body > 0
}
