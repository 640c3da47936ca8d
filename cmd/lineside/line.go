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

// quotedForm is how an option's value is written that holds a semicolon.
const quotedForm = "'label=\"Front; back\"', and two quotes for one inside"

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
	for options != "" {
		var name, value string
		if name, value, options, err = cutOption(options); err != nil {
			return phone.Line{}, err
		}
		if name != "" && !setOption(&l, name, value) {
			return phone.Line{}, fmt.Errorf("line: option %.20q is not known; write %s", name, lineForm)
		}
	}
	if err := l.Validate(); err != nil {
		return phone.Line{}, fmt.Errorf("line: %w", err)
	}
	return l, nil
}

// cutOption takes the first NAME=VALUE off options, and the semicolon behind it. A
// value that begins with a quote ends at the next; two quotes inside are one. The
// name is empty where nothing stands between two semicolons.
func cutOption(options string) (name, value, rest string, err error) {
	end := strings.IndexAny(options, ";=")
	if end < 0 || options[end] == ';' {
		name, rest, _ = strings.Cut(options, ";")
		if name != "" {
			return "", "", "", fmt.Errorf("line: option %.20q has no value; write %s", name, lineForm)
		}
		return "", "", rest, nil
	}
	name, rest = options[:end], options[end+1:]
	if !strings.HasPrefix(rest, `"`) {
		value, rest, _ = strings.Cut(rest, ";")
		return name, value, rest, nil
	}
	value, rest, ok := unquote(rest[1:])
	if !ok || rest != "" && rest[0] != ';' {
		return "", "", "", fmt.Errorf("line: option %.20q has a quote in the wrong place; write %s", name, quotedForm)
	}
	return name, value, strings.TrimPrefix(rest, ";"), nil
}

// unquote reads up to the quote that ends a value, whose first is read already.
func unquote(text string) (value, rest string, ok bool) {
	var b strings.Builder
	for {
		part, after, found := strings.Cut(text, `"`)
		b.WriteString(part)
		if !found {
			return "", "", false
		}
		if !strings.HasPrefix(after, `"`) {
			return b.String(), after, true
		}
		b.WriteByte('"')
		text = after[1:]
	}
}

// quoted is a value as cutOption reads it.
func quoted(value string) string {
	if !strings.Contains(value, ";") && !strings.HasPrefix(value, `"`) {
		return value
	}
	return `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
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
			b.WriteString(";" + o.name + "=" + quoted(o.value))
		}
	}
	return b.String()
}
