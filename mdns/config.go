package mdns

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
)

// Service is one thing the box offers, such as {"_http._tcp", 80, …}.
type Service struct {
	Type string
	Port int
	// Text are lines of the TXT record, "path=/cfg/"; version and site are added
	// to each service's.
	Text []string
}

// Config is what is told, and where.
type Config struct {
	// Interface is the one the phones' LAN is on, and the only one told.
	Interface string
	// Self is the box's address there, with the LAN's prefix length.
	Self netip.Prefix
	// Host is the name the box would like, without ".local"; empty is "lineside".
	Host string
	// Site names the services; empty is the host's name.
	Site string
	// Version is the program's.
	Version  string
	Services []Service
}

// Deps is what an announcer works with; none may be nil.
type Deps struct {
	Log     *slog.Logger
	Health  *health.Board
	Metrics *metrics.Set
}

// Bounds of names and texts (RFC 1035 section 2.3.4, RFC 6763 section 6.1).
const (
	maxLabel    = 63
	maxNumber   = len("-999") // what a number adds to a host
	maxText     = 200
	maxServices = 8
)

// check fills in defaults and says what is wrong.
func (c *Config) check() error {
	c.Host = cmp.Or(c.Host, "lineside")
	c.Site = cmp.Or(label(c.Site, maxLabel-len(" (999)")), c.Host)
	switch {
	case c.Interface == "" || !c.Self.Addr().Is4():
		return errors.New("no interface, or no IPv4 address on it")
	case len(c.Host)+maxNumber > maxLabel || strings.ContainsFunc(c.Host, notHost):
		return fmt.Errorf("%.80q is no host's name", c.Host)
	case len(c.Services) == 0 || len(c.Services) > maxServices:
		return fmt.Errorf("%d services, want 1 to %d", len(c.Services), maxServices)
	}
	return nil
}

func notHost(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
}

// label makes a text fit to be one label of a name: no dot, which would end it,
// no backslash, which would escape, and so many bytes at most.
func label(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '.', r == '\\', r == utf8.RuneError:
			return -1
		case !unicode.IsPrint(r):
			return ' '
		}
		return r
	}, text)
	for len(text) > most {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return strings.TrimSpace(text)
}

// names are what the box goes by, with its number among boxes of one name.
type names struct {
	host     string // lineside-2.local.
	instance string // the site, and the number
}

// named gives the names with a number, 1 being the one without.
func (c *Config) named(n int) names {
	if n == 1 {
		return names{c.Host + ".local.", c.Site}
	}
	return names{fmt.Sprintf("%s-%d.local.", c.Host, n), fmt.Sprintf("%s (%d)", c.Site, n)}
}

// text is a service's TXT record.
func (c *Config) text(s Service) []string {
	lines := []string{"version=" + c.Version, "site=" + c.Site}
	for i, l := range lines {
		lines[i] = l[:min(len(l), maxText)]
	}
	return append(lines, s.Text...)
}
