package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"time"
)

// Probe is what a server was found to be.
type Probe struct {
	// TLS is the version of TLS spoken, empty for none, and Expires when the
	// server's certificate does.
	TLS     string
	Expires time.Time
	// SignedIn says that it took the login.
	SignedIn bool
}

// Try connects to a server as for a letter, and leaves. Advice has words for its
// errors.
func Try(ctx context.Context, s Server, now func() time.Time) (Probe, error) {
	t, err := openTrip(ctx, s, now)
	if err != nil {
		return Probe{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = t.conn.Close() })
	defer stop()
	p := Probe{SignedIn: s.User != ""}
	if state, ok := t.client.TLSConnectionState(); ok {
		p.TLS = tls.VersionName(state.Version)
		if len(state.PeerCertificates) > 0 {
			p.Expires = state.PeerCertificates[0].NotAfter
		}
	}
	t.leave()
	return p, nil
}

// Advice is what an operator does about an error of Try.
func Advice(err error) string {
	var t *trouble
	if errors.As(err, &t) {
		return t.do
	}
	return ""
}
