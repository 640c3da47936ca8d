package vendors

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// format is one syntax of configs. What it cannot hold is an error, never
// another value and never another parameter.
type format interface {
	// holdsName reports whether a parameter can be called name.
	holdsName(name string) bool
	// write makes the file in s.out, which need not be what it returns. Names of an
	// operator's are looked at once more; ours are such as it holds, whatever device
	// and site they are for, and a test says so.
	write(s *scratch, ps params) ([]byte, error)
}

// escaper appends a value so that it reads back as itself and as nothing more.
// Every value of a format goes through its one escaper, whose error never
// repeats the value: it may be a secret.
type escaper func(b []byte, value string) ([]byte, error)

// Errors of values that a format cannot hold.
var (
	errControl = errors.New("has a line break or control character: write it again on one line")
	errEnds    = errors.New("begins or ends with a blank, which the phone would drop")
	errMark    = errors.New("has a character this phone's configs cannot hold")
	errWord    = errors.New("is a word this phone reads as a command: choose another")
	errLong    = errors.New("is longer than this phone reads")
)

// refuse names the parameter whose value or name cannot be written.
func (p param) refuse(err error) error {
	return p.blame(fmt.Errorf("value of %s %w", p.name(), err))
}

func badName(p param) error { return p.blame(fmt.Errorf("%.60q is no parameter name", p.key)) }

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

// xmlText is the escaper of all XML formats.
func xmlText(b []byte, s string) ([]byte, error) {
	if !writable(s) {
		return nil, errControl
	}
	if !strings.ContainsAny(s, "&<>\"'") {
		return append(b, s...), nil
	}
	return append(b, xmlEscaper.Replace(s)...), nil
}

// xmlLines is xmlText for a text of several lines, such as a certificate. The
// breaks are character references, which XML 1.0 section 3.3.3 keeps in
// attributes as well.
func xmlLines(b []byte, s string) ([]byte, error) {
	first := true
	for line := range strings.SplitSeq(s, "\n") {
		if !first {
			b = append(b, "&#10;"...)
		}
		first = false
		var err error
		if b, err = xmlText(b, line); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// oneLine writes a value as it is, to the end of its line. marks are characters
// that would end it earlier. Phones drop blanks at a line's ends, so a value
// that has some cannot be held.
func oneLine(marks string) escaper {
	return func(b []byte, s string) ([]byte, error) {
		switch {
		case !writable(s):
			return nil, errControl
		case strings.TrimSpace(s) != s:
			return nil, errEnds
		case marks != "" && strings.ContainsAny(s, marks):
			return nil, errMark
		}
		return append(b, s...), nil
	}
}

// quoted writes a value between double quotes, for syntaxes that have no way to
// write a quote inside them.
func quoted(b []byte, s string) ([]byte, error) {
	switch {
	case !writable(s):
		return nil, errControl
	case strings.Contains(s, `"`):
		return nil, errMark
	}
	return append(append(append(b, '"'), s...), '"'), nil
}

// quotedIfNeeded quotes only what has blanks or nothing at all. ASCII is all
// such phones take between quotes as well as without.
func quotedIfNeeded(b []byte, s string) ([]byte, error) {
	if s == "" || strings.ContainsAny(s, " \t#;$\\'`") {
		return quoted(b, s)
	}
	return oneLine(`"`)(b, s)
}

// wordName is a parameter name for lines and XML at once: it begins with a
// letter, and nothing in it may end a name or a line.
func wordName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '.' || c == '-')) {
			return false
		}
	}
	return s != ""
}

// nameOf makes a check of names that begin with a letter and go on with
// letters, digits and marks, and end with no blank.
func nameOf(marks string) func(string) bool {
	var first, later [256]bool // by byte: what is not ASCII is in no name
	for c := range 128 {
		r := rune(c)
		first[c] = r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		later[c] = first[c] || r >= '0' && r <= '9' || strings.ContainsRune(marks, r)
	}
	return func(s string) bool {
		if s == "" || !first[s[0]] {
			return false
		}
		for i := 1; i < len(s); i++ {
			if !later[s[i]] {
				return false
			}
		}
		return s[len(s)-1] != ' '
	}
}
