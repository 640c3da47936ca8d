package sipd

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"
)

// dialWait is how long a connection to an SBC may take to be made; who waits for
// it gives up sooner.
const dialWait = 10 * time.Second

var errNotAnSBC = errors.New("connections are made to SBCs only")

// dialer makes connections to SBCs and to nobody else. The library would connect
// to whatever a Via names when the connection its request came by has gone
// (RFC 3261 section 18.2.2): any host, at a stranger's word. Phones that are gone
// come back by themselves.
func (s *Server) dialer(from net.Addr) net.Dialer {
	return net.Dialer{
		Timeout: dialWait, LocalAddr: from,
		Control: func(_, to string, _ syscall.RawConn) error {
			if !s.sbcs.owns(parseAddrPort(to).Addr()) {
				return errNotAnSBC
			}
			return nil
		},
	}
}

// accepted is the far end of a connection that was accepted: what is read from
// it was framed and looked at by its guest.
type accepted struct{ net.Addr }

// RemoteAddr marks the connection as accepted, for strayFilter.
func (g *guest) RemoteAddr() net.Addr { return accepted{g.Conn.RemoteAddr()} }

func isAccepted(a net.Addr) bool {
	_, ok := a.(accepted)
	return ok
}

// pinned is a request of a stream whose top Via says where it really came from
// (RFC 3261 section 18.2.1, RFC 3581): the library looks there for a connection
// to answer by, and resolves no name a stranger made up. The sent-by stays, for
// phones drop answers that do not repeat theirs. Answers are given back as they
// are. It is nil for what cannot be pinned.
func (s *Server) pinned(msg []byte, m sip.Message, from netip.AddrPort) []byte {
	req, ok := m.(*sip.Request)
	if !ok {
		return msg
	}
	via := req.Via()
	for name, value := range map[string]string{"received": from.Addr().String(), "rport": strconv.Itoa(int(from.Port()))} {
		for via.Params.Has(name) {
			via.Params.Remove(name)
		}
		via.Params.Add(name, value)
	}
	out := withVias(msg, req.GetHeaders("Via"))
	again, ok := s.readable(from.String(), out)
	if !ok || again.Via().Value() != via.Value() {
		return nil
	}
	return out
}

// withVias puts other Via headers in the place of a message's own.
func withVias(msg []byte, vias []sip.Header) []byte {
	end := bytes.Index(msg, []byte("\r\n\r\n")) + 2
	out := make([]byte, 0, len(msg)+128)
	within, done := false, false
	for line := range bytes.Lines(msg[:end]) {
		if line[0] != ' ' && line[0] != '\t' { // else it goes on with the header before
			name, _, _ := bytes.Cut(line, []byte(":"))
			name = bytes.TrimSpace(name)
			within = bytes.EqualFold(name, []byte("Via")) || bytes.EqualFold(name, []byte("v"))
		}
		if !within {
			out = append(out, line...)
			continue
		}
		for _, v := range vias {
			if !done {
				out = append(out, v.Name()+": "+v.Value()+"\r\n"...)
			}
		}
		done = true
	}
	return append(out, msg[end:]...)
}
