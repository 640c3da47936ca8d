package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
)

// lineForm is how a SIP account is written on the command line.
const lineForm = "user[:password]@registrar[:port][;transport=tls;proxy=HOST;auth=ID;display=NAME;label=TEXT]"

// parseLine reads one --line. The last "@" before the options divides, since a
// password may hold one; a password with ";" belongs into --password-file.
func parseLine(text string) (phone.Line, error) {
	account, options, _ := strings.Cut(text, ";")
	at := strings.LastIndexByte(account, '@')
	if at < 0 {
		return phone.Line{}, fmt.Errorf("line: no @; write %s", lineForm)
	}
	user, password, _ := strings.Cut(account[:at], ":")
	l := phone.Line{User: user, Password: phone.NewSecret(password)}
	var err error
	if l.Registrar, l.Port, err = splitRegistrar(account[at+1:]); err != nil {
		return phone.Line{}, err
	}
	for part := range strings.SplitSeq(options, ";") {
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok || !setOption(&l, name, value) {
			return phone.Line{}, fmt.Errorf("line: option %.20q is not known; write %s", name, lineForm)
		}
	}
	if err := l.Validate(); err != nil {
		return phone.Line{}, fmt.Errorf("line: %w", err)
	}
	return l, nil
}

func setOption(l *phone.Line, name, value string) bool {
	switch name {
	case "transport":
		l.Transport = phone.Transport(strings.ToLower(value))
	case "proxy":
		l.OutboundProxy = value
	case "auth":
		l.AuthID = value
	case "display":
		l.DisplayName = value
	case "label":
		l.Label = value
	default:
		return false
	}
	return true
}

// splitRegistrar reads host, host:port, an IPv6 address and [IPv6]:port.
func splitRegistrar(s string) (host string, port int, err error) {
	if bare, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(s, "]") {
		s = strings.TrimSuffix(bare, "]")
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Is6() {
		return a.String(), 0, nil
	}
	if !strings.Contains(s, ":") {
		return s, 0, nil
	}
	host, digits, err := net.SplitHostPort(s)
	if err != nil || strings.Contains(host, ":") && !isIPv6(host) {
		return "", 0, errors.New("line: the registrar is not host, host:port or [IPv6]:port")
	}
	port, err = strconv.Atoi(digits)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, errors.New("line: the registrar's port is not 1 to 65535")
	}
	return host, port, nil
}

func isIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6()
}

// writeLine is the account as parseLine reads it, the password left out.
func writeLine(l phone.Line) string {
	var b strings.Builder
	b.WriteString(l.User + "@")
	switch {
	case l.Port == 0:
		b.WriteString(l.Registrar)
	default:
		b.WriteString(net.JoinHostPort(l.Registrar, strconv.Itoa(l.Port)))
	}
	for _, o := range []struct{ name, value string }{
		{"transport", string(l.Transport)}, {"proxy", l.OutboundProxy}, {"auth", l.AuthID},
		{"display", l.DisplayName}, {"label", l.Label},
	} {
		if o.value != "" {
			b.WriteString(";" + o.name + "=" + o.value)
		}
	}
	return b.String()
}
