package vendors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
)

// piece is a part of a template's value: text as it stands, or a placeholder.
type piece struct {
	text string
	ask  func(in Input) (value string, ok bool)
}

// placeholders are what a value may ask for. The secrets among them stand in
// every full config of the device already: a template can move them within it
// and nowhere else. What no config holds (a PIN, a one-time password, a key of
// the box) has no name here.
var placeholders = map[string]func(in Input) string{
	"mac":             func(in Input) string { return in.File.MAC.Hex() },
	"MAC":             func(in Input) string { return upperHex(in.File.MAC) },
	"device.label":    func(in Input) string { return in.Device.Label },
	"device.model":    func(in Input) string { return in.Device.Model },
	"device.owner":    func(in Input) string { return in.Device.Owner },
	"site.name":       func(in Input) string { return in.Site.Name },
	"site.timezone":   func(in Input) string { return in.Site.Zone },
	"site.language":   func(in Input) string { return in.Site.Language },
	"site.ntp":        func(in Input) string { return in.Site.NTP },
	"site.sbc":        func(in Input) string { return in.Site.SBC },
	"site.emergency":  func(in Input) string { return strings.Join(in.Site.Emergency, ",") },
	"box.url":         func(in Input) string { return in.fetchURL() },
	"box.address":     func(in Input) string { return in.Box.Addr.String() },
	"box.ca":          func(in Input) string { return in.Box.CAURL },
	"login.user":      func(in Input) string { return in.Login.User },
	"login.password":  func(in Input) string { return in.Login.Password.Reveal() },
	"book.url":        func(in Input) string { return in.Book.address() },
	"firmware.url":    func(in Input) string { return in.Firmware.URL },
	"device.resync_s": func(in Input) string { return strconv.Itoa(int(resyncEvery(in).Seconds())) },
}

// lineFields are what {line.N.…} may ask for.
var lineFields = map[string]func(l phone.Line) string{
	"user":      func(l phone.Line) string { return l.User },
	"auth":      phone.Line.Auth,
	"password":  func(l phone.Line) string { return l.Password.Reveal() },
	"name":      displayName,
	"label":     phone.Line.Shown,
	"registrar": func(l phone.Line) string { return l.Registrar },
	"port":      func(l phone.Line) string { return strconv.Itoa(portOf(l.Port, l.Transport)) },
	"proxy":     func(l phone.Line) string { return l.OutboundProxy },
}

// pieces takes a value apart. "{{" is a brace of the value's own, for phones
// that have placeholders themselves.
func pieces(value string) ([]piece, error) {
	var list []piece
	text := ""
	for value != "" {
		before, rest, found := strings.Cut(value, "{")
		text += before
		if !found {
			break
		}
		if more, ok := strings.CutPrefix(rest, "{"); ok {
			text, value = text+"{", more
			continue
		}
		name, rest, closed := strings.Cut(rest, "}")
		ask, err := asking(name)
		if !closed || err != nil {
			return nil, fmt.Errorf("{%.40s is no placeholder; write {{ for a brace, or one of %s, {line.1.user} and its like", name, known())
		}
		list, text = append(list, piece{text: text}, piece{ask: ask}), ""
		value = rest
	}
	return append(list, piece{text: text}), nil
}

func known() string {
	var names []string
	for name := range placeholders {
		names = append(names, "{"+name+"}")
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// asking finds a placeholder by its name.
func asking(name string) (func(in Input) (string, bool), error) {
	if get, ok := placeholders[name]; ok {
		return func(in Input) (string, bool) { return get(in), true }, nil
	}
	tail, ok := strings.CutPrefix(name, "line.")
	number, field, dotted := strings.Cut(tail, ".")
	n, err := strconv.Atoi(number)
	get := lineFields[field]
	if !ok || !dotted || err != nil || n < 1 || n > phone.MaxLines || strconv.Itoa(n) != number || get == nil {
		return nil, fmt.Errorf("%.40q is no placeholder", name)
	}
	return func(in Input) (string, bool) {
		if n > len(in.Device.Lines) {
			return "", false
		}
		return get(in.Device.Lines[n-1]), true
	}, nil
}

// fill gives the value. A value that asks for a line the device has not is no
// value: the parameter is left as it is without the template.
func fill(list []piece, in Input) (string, bool) {
	if len(list) == 1 {
		return list[0].text, true
	}
	var b strings.Builder
	for _, p := range list {
		if p.ask == nil {
			b.WriteString(p.text)
			continue
		}
		value, ok := p.ask(in)
		if !ok {
			return "", false
		}
		b.WriteString(value)
	}
	return b.String(), true
}
