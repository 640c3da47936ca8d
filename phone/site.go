package phone

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Site is the branch this box serves.
type Site struct {
	Name      string   `json:"name"`
	Zone      string   `json:"timezone"`  // IANA name, "Europe/Berlin"
	Language  string   `json:"language"`  // "de" or "en": what phones show
	Emergency []string `json:"emergency"` // numbers that go out in every state
	// SBC is where calls of the platform go, host or host:port; emergency
	// calls of phones not yet enrolled use it too.
	SBC string `json:"sbc,omitempty"`
	// NTP is the time server phones are told, a name or address; empty leaves
	// them what DHCP says or their maker's default.
	NTP string `json:"ntp,omitempty"`
}

// Validate says everything that is wrong with s, naming the key of the
// settings file.
func (s Site) Validate() error {
	errs := []error{checkText("site.name", s.Name)}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "" {
		errs = append(errs, fmt.Errorf("site.timezone: %.60q is no IANA time zone; write one such as \"Europe/Berlin\"", s.Zone))
	}
	if s.Language != "" && s.Language != "de" && s.Language != "en" {
		errs = append(errs, fmt.Errorf("site.language: %.20q is not known; write \"de\" or \"en\"", s.Language))
	}
	if len(s.Emergency) == 0 {
		errs = append(errs, errors.New("site.emergency: missing; write the numbers that must always go out, such as [\"110\", \"112\"]"))
	}
	for _, n := range s.Emergency {
		if !dialable(n) {
			errs = append(errs, fmt.Errorf("site.emergency: %.20q is no number; write 2 to 8 digits", n))
		}
	}
	if s.SBC != "" {
		host, _, err := splitHostPort(s.SBC)
		if err != nil {
			errs = append(errs, fmt.Errorf("site.sbc: %.80q is not host or host:port", s.SBC))
		} else {
			errs = append(errs, checkHost("site.sbc", host, true))
		}
	}
	errs = append(errs, checkHost("site.ntp", s.NTP, false))
	return errors.Join(errs...)
}

func dialable(s string) bool {
	if len(s) < 2 || len(s) > 8 {
		return false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// splitHostPort reads host, host:port, a bare IPv6 address and [IPv6]:port.
// Port is 0 where none was given.
func splitHostPort(s string) (host string, port int, err error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.String(), 0, nil
	}
	host, p, err := net.SplitHostPort(s)
	if err != nil {
		var addr *net.AddrError
		if errors.As(err, &addr) && addr.Err == "missing port in address" {
			return s, 0, nil
		}
		return "", 0, err
	}
	port, err = strconv.Atoi(p)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("%.20q is no port", p)
	}
	return host, port, nil
}
