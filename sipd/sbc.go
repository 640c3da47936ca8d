package sipd

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/phone"
)

// SBC is a session border controller of the platform.
type SBC struct {
	Host      string
	Port      int             // 0 is the transport's own
	Transport phone.Transport // empty is UDP
}

// ParseSBC reads "sbc.example.net", "192.0.2.1:5070" and
// "sbc.example.net:5061;transport=tls".
func ParseSBC(s string) (SBC, error) {
	bad := fmt.Errorf("%.80q is no SBC; write host, host:port or host:port;transport=tls", s)
	place, param, has := strings.Cut(s, ";")
	g := SBC{Transport: phone.UDP}
	if has {
		name, value, _ := strings.Cut(param, "=")
		g.Transport = phone.Transport(strings.ToLower(value))
		if !strings.EqualFold(name, "transport") || !slices.Contains([]phone.Transport{phone.UDP, phone.TCP, phone.TLS}, g.Transport) {
			return SBC{}, bad
		}
	}
	g.Host = place
	if host, port, err := net.SplitHostPort(place); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return SBC{}, bad
		}
		g.Host, g.Port = host, n
	}
	_, err := netip.ParseAddr(g.Host)
	if g.Host == "" || len(g.Host) > phone.MaxHost || err != nil && !hostName(g.Host) {
		return SBC{}, bad
	}
	return g, nil
}

func hostName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_')
	})
}

// String is the SBC as ParseSBC reads it.
func (g SBC) String() string {
	text := g.Host
	if g.Port != 0 {
		text = net.JoinHostPort(g.Host, strconv.Itoa(g.Port))
	}
	if g.Transport != phone.UDP && g.Transport != "" {
		text += ";transport=" + string(g.Transport)
	}
	return text
}

func (g SBC) port() uint16 {
	switch {
	case g.Port != 0:
		return uint16(g.Port)
	case g.Transport == phone.TLS:
		return sip5061
	}
	return sip5060
}

const (
	sip5060 = 5060
	sip5061 = 5061
)

// uri is a number at the SBC, or the SBC itself.
func (g SBC) uri(number string) sip.Uri {
	u := sip.Uri{Scheme: "sip", User: number, Host: g.Host, Port: g.Port}
	if number != "" {
		u.UriParams.Add("user", "phone")
	}
	if g.Transport != phone.UDP && g.Transport != "" {
		u.UriParams.Add("transport", string(g.Transport))
	}
	return u
}
