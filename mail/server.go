package mail

import (
	"crypto/x509"
	"errors"
	"net"
	netmail "net/mail"
	"net/netip"
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
)

// TLS is how the way to a server is sealed.
type TLS string

// The ways. The zero TLS is StartTLS.
const (
	StartTLS    TLS = "starttls" // the usual at ports 587 and 25
	ImplicitTLS TLS = "tls"      // from the first byte, as at port 465
	NoTLS       TLS = "none"     // in the clear
)

// Server is the SMTP server that mail is handed over to. The zero Server is
// none.
type Server struct {
	Host string
	Port int
	// From is the sender of all mail.
	From netmail.Address
	// User is the login the server asks for, empty for none, and Password reads
	// its password, anew for each connection.
	User     string
	Password func() (phone.Secret, error)
	TLS      TLS
	// Roots reads the certificates that the server's has to come from; nil are
	// the system's.
	Roots func() (*x509.CertPool, error)
	// Hello is the name this box gives itself, default "localhost".
	Hello string
}

// IsZero reports that there is none.
func (s Server) IsZero() bool { return s.Host == "" }

// Address is where it listens.
func (s Server) Address() string {
	if s.IsZero() {
		return ""
	}
	return net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}

// Check says everything that is wrong with s, each line beginning with the
// setting's name.
func (s Server) Check() error {
	if s.IsZero() {
		return nil
	}
	var errs []error
	if err := CheckAddress(s.From.Address); err != nil || !oneLine(s.From.Name) || len(s.From.Name) > MaxName {
		errs = append(errs, errors.New(`from: is no sender; write the address mail comes from, such as "Lineside <lineside@example.net>"`))
	}
	switch s.TLS {
	case "", StartTLS, ImplicitTLS:
	case NoTLS:
		if s.User != "" && !s.isHere() {
			errs = append(errs, errors.New(`tls: with "none" the password would cross the network in the clear; write "starttls" or "tls", or leave out user`))
		}
	default:
		errs = append(errs, errors.New(`tls: write "starttls", "tls" or "none"`))
	}
	if (s.User == "") != (s.Password == nil) {
		errs = append(errs, errors.New("user: a login is a user and the file its password is in; write both or none"))
	}
	if !oneLine(s.User) {
		errs = append(errs, errors.New("user: must be one line"))
	}
	return errors.Join(errs...)
}

// isHere reports that the server is this machine itself, under a name the SMTP
// library knows for that.
func (s Server) isHere() bool {
	a, err := netip.ParseAddr(s.Host)
	return s.Host == "localhost" || err == nil && (a == netip.AddrFrom4([4]byte{127, 0, 0, 1}) || a == netip.IPv6Loopback())
}

// domain is what stands behind the @ of a Message-ID.
func (s Server) domain() string {
	if i := strings.LastIndexByte(s.From.Address, '@'); i >= 0 {
		return s.From.Address[i+1:]
	}
	return "lineside.local"
}
