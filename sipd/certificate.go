package sipd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// Times of an SBC's certificate.
const (
	renewal    = 30 * 24 * time.Hour // before its end operators are told
	lookAgain  = time.Hour           // a connection that showed a bad one is made anew then: it may have been renewed
	dateFormat = "2006-01-02"
)

// shownCert is the certificate that an SBC showed when it was connected to.
type shownCert struct {
	at          time.Time
	begin, over time.Time
}

// dateless is cfg with the dates of certificates taken out of what decides: chain
// and name do, as ever. The package comment says why.
func (s *Server) dateless(cfg *tls.Config) *tls.Config {
	if cfg.InsecureSkipVerify {
		return cfg
	}
	roots, name := cfg.RootCAs, cfg.ServerName
	cfg.InsecureSkipVerify = true // VerifyConnection does it
	cfg.VerifyConnection = func(c tls.ConnectionState) error {
		return verified(s.dep.Now(), c.PeerCertificates, name, roots)
	}
	return cfg
}

// verified checks a chain up to a root and the name at its end. Where it does not
// hold now it may have held at another moment of the certificate's own life: when
// it was made its issuers were valid, or else at its end, where they were renewed
// meanwhile.
func verified(now time.Time, chain []*x509.Certificate, name string, roots *x509.CertPool) error {
	if len(chain) == 0 {
		return errors.New("it showed no certificate")
	}
	opts := x509.VerifyOptions{Roots: roots, DNSName: name, Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	var first error
	for _, at := range []time.Time{now, chain[0].NotBefore, chain[0].NotAfter} {
		opts.CurrentTime = at
		_, err := chain[0].Verify(opts)
		var invalid x509.CertificateInvalidError
		if err == nil || !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// showed notes the certificate of the SBC at an address.
func (g *gateways) showed(now time.Time, to netip.AddrPort, cert *x509.Certificate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.certs[to] = shownCert{at: now, begin: cert.NotBefore, over: cert.NotAfter}
}

// dated says what is wrong with the dates of SBCs' certificates, and where a
// connection is to be made anew to see whether it still is.
func (g *gateways) dated(now time.Time) (wrong []string, again []target) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, one := range g.list {
		for _, w := range one.ways {
			c, ok := g.certs[w.to]
			text := c.fault(now)
			if !ok || text == "" || one.Transport != phone.TLS {
				continue
			}
			t := target{SBC: one.SBC, to: w.to}
			wrong = append(wrong, t.at()+": "+text)
			if now.Sub(c.at) > lookAgain {
				again = append(again, t)
			}
		}
	}
	return wrong, again
}

// fault is what is wrong with a certificate's dates, empty for nothing.
func (c shownCert) fault(now time.Time) string {
	switch {
	case now.Before(c.begin):
		return fmt.Sprintf("its certificate is valid from %s on", c.begin.Format(dateFormat))
	case now.After(c.over):
		return fmt.Sprintf("its certificate ended on %s", c.over.Format(dateFormat))
	case now.Add(renewal).After(c.over):
		return fmt.Sprintf("its certificate ends on %s", c.over.Format(dateFormat))
	}
	return ""
}

// tellDates raises and clears the condition of certificates whose dates are
// wrong, or will be soon.
func (g *gateways) tellDates(s *Server) {
	now := g.dep.Now()
	wrong, again := g.dated(now)
	for _, t := range again {
		s.sever(t)
	}
	if len(wrong) == 0 {
		g.dep.Health.Clear(codeDates)
		return
	}
	g.dep.Health.Raise(now, health.Condition{
		Code: codeDates, Title: "the certificate of an SBC for emergency calls is out of date, or will be soon",
		Meaning: "this box connects emergency calls all the same; phones that call the SBC themselves may refuse it",
		Do:      "have the platform renew it; where its dates are right, this box's clock is wrong: lineside doctor",
		Detail:  strings.Join(wrong, "; ") + "; by this box's clock it is " + now.UTC().Format(dateFormat),
	})
}
