package vendors

import (
	"errors"
	"strings"
)

// script is a command line session that becomes a device's whole configuration:
// Patton's SmartWare and Trinity. A parameter is one command; its name is the
// modes that lead to it and the command's words, apart by slashes, with {} where
// the value stands, in a mode as well as in the command:
//
//	context ip router/interface eth0/ipaddress {}
//
// Commands come in the order they were set, since these devices want things
// defined before they are used; a mode is left and entered again as needed. A
// command with several values of its own is set by params.command.
type script struct {
	head   string // first line, which says the dialect
	escape escaper
}

// scriptIndent is a mode's depth on paper; devices do not look at it.
const scriptIndent = "  "

var errHoles = errors.New("has not as many values as its command has {}")

// holdsName takes up to six steps of plain words.
func (f script) holdsName(name string) bool {
	if name == "" || strings.Count(name, "/") > 6 || strings.Count(name, "{}") > 4 {
		return false
	}
	for step := range strings.SplitSeq(name, "/") {
		if !scriptStep(step) {
			return false
		}
	}
	return true
}

// scriptStep holds a command's words: no part of the first is a value, so that no
// value is the command itself.
func scriptStep(s string) bool {
	if s == "" || s[len(s)-1] == ' ' {
		return false
	}
	word := true // still in the first
	for i := 0; i < len(s); i++ {
		c := s[i]
		word = word && c != ' '
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		case i == 0:
			return false
		case c == '{' && !word && i+1 < len(s) && s[i+1] == '}':
			i++
		case !(c >= '0' && c <= '9' || strings.IndexByte(" ._-+:@%", c) >= 0):
			return false
		}
	}
	return true
}

func (f script) write(ps params) ([]byte, error) {
	b := append(make([]byte, 0, len(f.head)+48*len(ps)), f.head...)
	var at []string
	for _, p := range ps {
		if !f.holdsName(p.key) {
			return nil, badName(p)
		}
		steps, err := f.fill(p)
		if err != nil {
			return nil, p.refuse(err)
		}
		modes, last := steps[:len(steps)-1], steps[len(steps)-1]
		b = enter(b, at, modes)
		at = modes
		b = append(append(indent(b, len(modes)), last...), '\n')
	}
	for range at {
		b = append(b, "exit\n"...)
	}
	return b, nil
}

// enter leaves the modes that from has and to has not, and enters the others.
func enter(b []byte, from, to []string) []byte {
	same := 0
	for same < len(from) && same < len(to) && from[same] == to[same] {
		same++
	}
	for i := len(from); i > same; i-- {
		b = append(indent(b, i), "exit\n"...)
	}
	for i := same; i < len(to); i++ {
		b = append(append(indent(b, i), to[i]...), '\n')
	}
	return b
}

func indent(b []byte, n int) []byte {
	for range n {
		b = append(b, scriptIndent...)
	}
	return b
}

// fill puts p's values into the {} of its steps, in their order: a mode may be
// named by a value too, as an identity is by its user.
func (f script) fill(p param) ([]string, error) {
	var one [1]string
	values := one[:0]
	switch {
	case p.more != nil:
		values = *p.more
	case p.value != "":
		values = append(values, p.value)
	}
	if strings.Count(p.key, "{}") != len(values) {
		return nil, errHoles
	}
	steps := strings.Split(p.key, "/")
	for i, step := range steps {
		if !strings.Contains(step, "{}") {
			continue
		}
		var b []byte
		for strings.Contains(step, "{}") {
			before, after, _ := strings.Cut(step, "{}")
			var err error
			if b, err = f.escape(append(b, before...), values[0]); err != nil {
				return nil, err
			}
			values, step = values[1:], after
		}
		steps[i] = string(append(b, step...))
	}
	return steps, nil
}

// scriptWord is one argument. What a shell would read as more than a word is
// quoted; a quote or a macro inside cannot be held, nor what completes or asks
// for help.
func scriptWord(b []byte, s string) ([]byte, error) {
	switch {
	case !writable(s):
		return nil, errControl
	case strings.ContainsAny(s, "\"\\?") || strings.Contains(s, "$("):
		return nil, errMark
	}
	for _, r := range s {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-+:@/", r)
		if !plain {
			return append(append(append(b, '"'), s...), '"'), nil
		}
	}
	if s == "" {
		return append(b, `""`...), nil
	}
	return append(b, s...), nil
}
