package vendors

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// param is one parameter of a config. idx is the identity it belongs to in
// formats that carry it apart from the name (snom), else 0.
type param struct {
	key   string
	idx   int
	value string
}

// name is how an override names p: the key, with ".N" where there is an index.
func (p param) name() string {
	if p.idx == 0 {
		return p.key
	}
	return p.key + "." + strconv.Itoa(p.idx)
}

// params are the parameters of one file in the order they are written. No two
// may have the same name.
type params []param

func (ps *params) set(key, value string) { *ps = append(*ps, param{key: key, value: value}) }

func (ps *params) setAt(key string, idx int, value string) {
	*ps = append(*ps, param{key: key, idx: idx, value: value})
}

// override puts the operator's extra parameters in: in the place of ours where
// we write the same one, so that no file ever says two things, and last where
// we do not.
func (ps *params) override(extra map[string]string) error {
	if len(extra) == 0 {
		return nil
	}
	ours := make(map[string]bool, len(extra))
	for i, p := range *ps {
		if v, ok := extra[p.name()]; ok {
			(*ps)[i].value = v
			ours[p.name()] = true
		}
	}
	for _, k := range slices.Sorted(maps.Keys(extra)) {
		if !parameterName(k) {
			return fmt.Errorf("override %.60q is no parameter name: use the vendor's own, beginning with a letter", k)
		}
		if !ours[k] {
			ps.set(k, extra[k])
		}
	}
	return nil
}

// parameterName holds for every format at once: an XML name begins with a
// letter, and nothing in it may end a name or a line.
func parameterName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '.' || r == '-')) {
			return false
		}
	}
	return s != ""
}

// check refuses what no format can hold, so that a value that slipped through
// the edge ends in no config at all rather than in one with a line of a
// stranger's choosing. The value itself may be a secret and is not named.
func (p param) check() error {
	if !parameterName(p.key) {
		return fmt.Errorf("%.60q is no parameter name", p.key)
	}
	if !writable(p.value) {
		return fmt.Errorf("value of %s has a line break or control character: write it again on one line", p.name())
	}
	return nil
}

// writable reports that s is one line of UTF-8 that XML 1.0 section 2.2 allows.
func writable(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufffe' || r == '\uffff' {
			return false
		}
		i += size
	}
	return true
}

// xmlEscaper serves text and attributes in double quotes alike.
var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

// appendXML appends s escaped. Most values need nothing done to them.
func appendXML(b []byte, s string) []byte {
	if !strings.ContainsAny(s, "&<>\"'") {
		return append(b, s...)
	}
	return append(b, xmlEscaper.Replace(s)...)
}
