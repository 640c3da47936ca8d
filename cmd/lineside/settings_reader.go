package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/lineside/lineside/admin"
)

// reader turns untyped leaves into typed values. It goes on after an error, so
// that the operator is told everything at once.
type reader struct {
	path   string
	noFile bool
	over   overlay
	lines  map[string]int // key → line it stands on
	wrong  problems
	origin []admin.Setting
	typed  map[string]any  // key → its value: text, true or false, a number, or a list of texts
	masked map[string]bool // keys whose value is not shown as it is
	paths  map[string]bool // keys that name a file or directory
}

// add notes what is wrong with a key. text says what to write instead.
func (r *reader) add(key, text string) {
	p := problem{File: r.path, Line: r.lines[key], Key: key, Text: text}
	if r.over.sets(key) {
		p.File, p.Line = r.over.path, 0
	}
	r.wrong = append(r.wrong, p)
}

// has reports that something is wrong with key already.
func (r *reader) has(key string) bool {
	for _, p := range r.wrong {
		if p.Key == key {
			return true
		}
	}
	return false
}

// Where a value comes from.
const (
	fromFile    = "file"
	fromDefault = "default"
	fromPage    = "page"
	fromStore   = "store"
)

// from notes the value of key and where it comes from.
func (r *reader) from(key string, value, raw any) {
	s := admin.Setting{Key: key, From: fromFile}
	if list, ok := value.([]string); ok {
		s.Value, value = strings.Join(list, " "), append([]string{}, list...) // [] and not null in JSON
	} else {
		s.Value = fmt.Sprint(value)
	}
	switch {
	case raw == nil:
		s.From = fromDefault
	case r.over.sets(key):
		c := r.over.change(key)
		s.From, s.By, s.At = fromPage, c.By, c.At
	}
	r.origin = append(r.origin, s)
	r.typed[key] = value
}

// mask notes that a key's value is not shown as it is.
func (r *reader) mask(key string) { r.masked[key] = true }

func (r *reader) text(key string, raw any, def string) string {
	v, ok := raw.(string)
	if raw != nil && !ok {
		r.add(key, fmt.Sprintf("is %s; write text in quotes", kindOf(raw)))
	}
	if !ok { // left out, or wrong: then one error is enough
		v = def
	}
	r.from(key, v, raw)
	return v
}

func (r *reader) texts(key string, raw any, def []string) []string {
	v := def
	if raw != nil {
		list, ok := raw.([]any)
		if !ok {
			r.add(key, fmt.Sprintf("is %s; write a list of texts such as [\"112\"]", kindOf(raw)))
			return def
		}
		v = make([]string, 0, len(list))
		for _, e := range list {
			s, ok := e.(string)
			if !ok {
				r.add(key, fmt.Sprintf("holds %s; write every entry in quotes", kindOf(e)))
				continue
			}
			v = append(v, s)
		}
	}
	r.from(key, v, raw)
	return v
}

func (r *reader) flag(key string, raw any, def bool) bool {
	v, ok := raw.(bool)
	if raw != nil && !ok {
		r.add(key, fmt.Sprintf("is %s; write true or false, without quotes", kindOf(raw)))
	}
	if !ok {
		v = def
	}
	r.from(key, v, raw)
	return v
}

// number reads a whole number that check has nothing against.
func (r *reader) number(key string, raw any, def int, check func(int) error) int {
	v, ok := raw.(int64)
	switch {
	case raw != nil && !ok:
		r.add(key, fmt.Sprintf("is %s; write a whole number, without quotes", kindOf(raw)))
		return def
	case !ok:
		v = int64(def)
	}
	r.from(key, v, raw)
	n := int(max(min(v, math.MaxInt32), math.MinInt32)) // whatever the check, it is far out
	if err := check(n); err != nil {
		r.add(key, err.Error())
		return def
	}
	return n
}

// absolute reads one absolute path.
func (r *reader) absolute(key string, raw any, def string) string {
	v := r.text(key, raw, def)
	r.paths[key] = true
	if !filepath.IsAbs(v) || strings.ContainsRune(v, 0) {
		r.add(key, fmt.Sprintf("%.80q is no absolute path; write one such as %q", v, def))
		return def
	}
	return filepath.Clean(v)
}

func (r *reader) duration(key string, raw any, def, least, most time.Duration) time.Duration {
	text := r.text(key, raw, humane(def))
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		r.add(key, fmt.Sprintf("%.40q is no length of time; write one such as \"8h\" or \"30m\"", text))
	case d < least || d > most:
		r.add(key, fmt.Sprintf("%s is out of range; write %s to %s", text, humane(least), humane(most)))
	}
	return d
}

// addr reads an IPv4 address that may be left out.
func (r *reader) addr(key string, raw any) netip.Addr {
	text := r.text(key, raw, "")
	if text == "" {
		return netip.Addr{}
	}
	a, _ := r.addr4(key, text)
	return a
}

// addrs reads a list of IPv4 addresses.
func (r *reader) addrs(key string, raw any) []netip.Addr {
	var out []netip.Addr
	for _, text := range r.texts(key, raw, nil) {
		if a, ok := r.addr4(key, text); ok {
			out = append(out, a)
		}
	}
	return out
}

// addrs6 reads IPv6 addresses of servers, at most eight as of DHCPv4.
func (r *reader) addrs6(key string, raw any) []netip.Addr {
	var out []netip.Addr
	for _, text := range r.texts(key, raw, nil) {
		a, err := netip.ParseAddr(text)
		if err != nil || !a.Is6() || a.Is4In6() || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
			r.add(key, fmt.Sprintf("%.60q is no IPv6 address of a server; write one such as \"fd00:20::1\"", text))
			continue
		}
		out = append(out, a)
	}
	if len(out) > 8 {
		r.add(key, fmt.Sprintf("%d are too many, at most 8", len(out)))
	}
	return out
}

func (r *reader) addr4(key, text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		r.add(key, fmt.Sprintf("%.60q is no IPv4 address; write one such as \"10.20.0.1\"", text))
		return netip.Addr{}, false
	}
	return a, true
}

func (r *reader) level(key string, raw any) slog.Level {
	var l slog.Level
	text := r.text(key, raw, "info")
	switch text {
	case "debug", "info", "warn", "error":
		_ = l.UnmarshalText([]byte(text))
	default:
		r.add(key, fmt.Sprintf("%.20q is not known; write \"debug\", \"info\", \"warn\" or \"error\"", text))
	}
	return l
}

// unknown adds every key of a text that no section asked for.
func (r *reader) unknown(path string, strict *toml.StrictMissingError) {
	if strict == nil {
		return
	}
	known := make([]string, len(r.origin))
	for i, s := range r.origin {
		known[i] = s.Key
	}
	for _, e := range strict.Errors {
		key := strings.Join(e.Key(), ".")
		row, _ := e.Position()
		text := "is no setting"
		if near := nearest(key, known); near != "" {
			text += "; did you mean " + near + "?"
		} else {
			text += "; \"lineside check --sample\" shows every one"
		}
		r.wrong = append(r.wrong, problem{File: path, Line: row, Key: key, Text: text})
	}
}

// keyLines finds the line of every key. A strict reading into tables without
// fields reports each key as missing, with its place.
func keyLines(text []byte) map[string]int {
	var tables struct {
		Site   struct{} `toml:"site"`
		Listen struct{} `toml:"listen"`
		DHCP   struct {
			Reservations struct{}            `toml:"reservations"`
			Scopes       map[string]struct{} `toml:"scopes"`
		} `toml:"dhcp"`
		Trust     struct{} `toml:"trust"`
		Emergency struct{} `toml:"emergency"`
		SIP       struct{} `toml:"sip"`
		Central   struct{} `toml:"central"`
		Mail      struct{} `toml:"mail"`
		Log       struct{} `toml:"log"`
	}
	lines := make(map[string]int)
	var strict *toml.StrictMissingError
	if errors.As(toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&tables), &strict) {
		for _, e := range strict.Errors {
			row, _ := e.Position()
			lines[strings.Join(e.Key(), ".")] = row
		}
	}
	return lines
}

// kindOf names a TOML value's type in the operator's words.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case int64, float64:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}
