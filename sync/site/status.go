package site

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// State is how the link stands, in a word.
type State string

// States of the link.
const (
	Dialling State = "connecting"
	Joining  State = "merging"
	Linked   State = "linked"
	Away     State = "away"
)

// Status is what operators are told of the link.
type Status struct {
	State State `json:"state"`
	// Reason is one sentence that says why it is away and what to do.
	Reason string `json:"reason,omitempty"`
	// Name is the site's at the platform, and Whitelisting how it sees the address.
	Name string `json:"name,omitempty"`
	wire.Whitelisting
	// Skew is how far the box's clock is ahead of the platform's.
	Skew time.Duration `json:"skew,omitempty"`
	// Via is how the platform is reached: its address in the transport in use.
	Via string `json:"via,omitempty"`
	// Restored says that the platform was put back while this process ran.
	Restored bool `json:"restored,omitempty"`
}

// say keeps a status and tells the desk if it is another.
func (s *Site) say(st Status) {
	s.mu.Lock()
	if st.Name == "" {
		st.Name, st.Whitelisting, st.Skew, st.Restored = s.status.Name, s.status.Whitelisting, s.status.Skew, s.status.Restored
		st.Via = s.status.Via
	}
	same := st == s.status
	s.status = st
	s.mu.Unlock()
	if !same {
		s.desk.Told(st)
	}
}

// Status is how the link stands now.
func (s *Site) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// note takes from an answer what operators are told; s.mu is held.
func (s *Site) note(r wire.Reply, news proto.News) {
	st := s.status
	st.Reason = ""
	if r.Hello != nil {
		s.cap = min(max(r.Hello.BackoffCap, minCap), maxCap)
		st.Via = s.via.String()
		st.Name, st.Whitelisting, st.Skew = r.Hello.Name, r.Hello.Whitelisting, time.Since(r.Hello.Now).Round(time.Second)
	}
	if r.Push != nil {
		st.Whitelisting = r.Push.Whitelisting
	}
	st.Restored = st.Restored || news.Restored
	st.State = Joining
	if s.link.Phase() == proto.InStep {
		st.State = Linked
	}
	if st == s.status {
		return
	}
	s.status = st
	s.desk.Told(st)
}

// reasonFor says in one sentence why the platform is away, and what to do.
func reasonFor(err error) string {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var cert x509.CertificateInvalidError
	var refused refusal
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &refused):
		return refused.Text
	case errors.Is(err, ErrProxyPassword):
		return "the proxy wants a user name and password, or other ones: put them into the proxy's address in the settings, http://user:password@host:port"
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %s does not resolve: look at the DNS servers of the box with `lineside doctor`", dns.Name)
	case errors.As(err, &cert) && cert.Reason == x509.Expired:
		return "the platform's certificate is not valid at the box's time: is the box's clock right?"
	case errors.As(err, &unknown), errors.As(err, &host), errors.Is(err, wire.ErrPin):
		return "somebody else's certificate was shown: a proxy that inspects TLS stands between; exempt the platform's address from inspection"
	case errors.Is(err, seal.ErrSignature), errors.Is(err, wire.ErrForeign):
		return "an answer was not signed by the platform: somebody on the way changes messages; nothing of it was read"
	case errors.As(err, &record):
		return "something at the platform's address does not speak TLS: a proxy or a sign-in page of the network stands between; exempt the platform's address from it"
	case errors.Is(err, errBusy):
		return "the platform is there and does not answer: it is starting or has too much to do; it is dialled again"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the platform's address refuses connections: is its port open to the outside?"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "the platform does not answer: is the internet line up, and the port open in the firewall?"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "connections to the platform are cut as soon as they begin: is its address open in the firewall, for TLS too?"
	case errors.Is(err, errLost):
		return "the connection to the platform was lost; it is dialled again"
	}
	return fmt.Sprintf("the platform cannot be reached: %v", err)
}
