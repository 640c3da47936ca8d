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
	// Reason is one sentence that says why it is away and what to do; while it is
	// dialled again, why it was.
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
	// PutBack says that the box was found put back to an older state since this
	// process started: one-time passwords that were still to be used are void.
	PutBack bool `json:"put_back,omitempty"`
	// Refused is the platform's own no, empty where it is away for another reason.
	Refused wire.Reason `json:"refused,omitempty"`
	// Since is from when it has been linked, or has not: dialling in vain begins
	// nothing new. Heard is when the platform last answered; that is told by
	// Site.Status alone.
	Since time.Time `json:"since,omitzero"`
	Heard time.Time `json:"heard,omitzero"`
}

// say keeps a status and tells the desk if it is another. Why the platform is
// away stays told while it is dialled again, until that has an outcome.
func (s *Site) say(st Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.status
	if st.State == Dialling {
		st.Reason, st.Refused = next.Reason, next.Refused
	}
	next.State, next.Reason, next.Refused = st.State, st.Reason, st.Refused
	s.put(next)
}

// put keeps a status and tells the desk if it is another; s.mu is held.
func (s *Site) put(st Status) {
	if s.status.Since.IsZero() || (st.State == Linked) != (s.status.State == Linked) {
		st.Since = time.Now()
	}
	if st == s.status {
		return
	}
	s.status = st
	s.desk.Told(st)
}

// Status is how the link stands now.
func (s *Site) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	st.Heard = s.answered
	return st
}

// note takes from an answer what operators are told; s.mu is held.
func (s *Site) note(r wire.Reply, news proto.News) {
	s.answered = time.Now()
	st := s.status
	st.Reason, st.Refused = "", ""
	if r.Hello != nil {
		s.cap = min(max(r.Hello.BackoffCap, minCap), maxCap)
		st.Via = s.via.String()
		if o := r.Hello.Offer; o != nil && s.cfg.Offered != nil {
			s.cfg.Offered(*o)
		}
		st.Name, st.Whitelisting, st.Skew = r.Hello.Name, r.Hello.Whitelisting, time.Since(r.Hello.Now).Round(time.Second)
	}
	if r.Push != nil {
		st.Whitelisting = r.Push.Whitelisting
		s.pause = time.Now().Add(min(r.Push.Retry, maxPause))
	}
	st.Restored, st.PutBack = st.Restored || news.Restored, st.PutBack || news.Rolled
	st.State = Joining
	if s.link.Phase() == proto.InStep {
		st.State = Linked
	}
	s.put(st)
}

// away is the status of a lost or refused connection.
func away(err error) Status {
	st := Status{State: Away, Reason: reasonFor(err)}
	var no refusal
	if errors.As(err, &no) {
		st.Refused = no.Reason
	}
	return st
}

// Pending counts what either side has yet to take of the other.
type Pending struct {
	// States are devices whose state the platform has not acknowledged, Undone
	// the documents the desk has not been told of.
	States, Undone int
	// Acked is the newest entry of the audit log the platform has.
	Acked uint64
}

// Pending reads the counts.
func (s *Site) Pending(ctx context.Context) (p Pending, err error) {
	err = s.change(ctx, nil, func(t *tx) {
		p.Undone = len(t.Names(todoOf))
		t.Each("", func(_ proto.ID, d proto.Device) bool {
			if d.Dirty && !d.Gone {
				p.States++
			}
			return true
		})
		p.Acked = t.meta().told()
	})
	return p, err
}

// reasonFor says in one sentence why the platform is away, and what to do.
func reasonFor(err error) string {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var cert x509.CertificateInvalidError
	var refused refusal
	var record tls.RecordHeaderError
	var proxy proxyFault
	switch {
	case errors.As(err, &refused):
		return refused.Text
	case errors.Is(err, ErrProxyPassword):
		return "the proxy wants a user name and password, or other ones: put them into the proxy's address in the settings, http://user:password@host:port"
	case errors.As(err, &proxy):
		return proxyWords(proxy)
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

// proxyWords says in one sentence what is wrong with the way through a proxy.
func proxyWords(f proxyFault) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(f, &dns):
		return fmt.Sprintf("the proxy's name %s does not resolve: look at central.proxy in the settings, and at the DNS servers of the box with `lineside doctor`", dns.Name)
	case errors.As(f, &cert):
		return fmt.Sprintf("the certificate of the proxy %s itself is not trusted: its CA has to be among the box's own (/usr/local/share/ca-certificates, then update-ca-certificates and restart lineside): %v", f.proxy.Redacted(), cert.Err)
	}
	return fmt.Sprintf("the proxy %s does not let the box through: is central.proxy right, and may the box go to the platform's host and port there? %v", f.proxy.Redacted(), f.cause)
}
