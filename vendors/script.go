package vendors

import (
	"bytes"
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

// holdsName takes a few steps of plain words.
func (f script) holdsName(name string) bool {
	if name == "" || strings.Count(name, "/") >= scriptDeep || strings.Count(name, "{}") > 4 {
		return false
	}
	for more := true; more; {
		var step string
		if step, name, more = strings.Cut(name, "/"); !scriptStep(step) {
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
		case c >= '0' && c <= '9':
		case c == ' ', c == '.', c == '_', c == '-', c == '+', c == ':', c == '@', c == '%':
		default:
			return false
		}
	}
	return true
}

func (f script) write(ps params) ([]byte, error) {
	b := append(make([]byte, 0, len(f.head)+64*len(ps)), f.head...)
	var lines [2]scriptLine // the one before and this one
	at, next := &lines[0], &lines[1]
	for _, p := range ps {
		if !f.holdsName(p.key) {
			return nil, badName(p)
		}
		if err := f.fill(next, p); err != nil {
			return nil, p.refuse(err)
		}
		b = next.after(b, at)
		at, next = next, at
	}
	for range max(at.steps, 1) - 1 {
		b = append(b, "exit\n"...)
	}
	return b, nil
}

// scriptDeep is how many steps a name may have.
const scriptDeep = 7

// scriptLine is one command with the modes before it, its values filled in: step
// i of text ends at ends[i]. It is used again for another, so that a script
// costs as good as nothing beside its own bytes.
type scriptLine struct {
	text  []byte
	ends  [scriptDeep]int
	steps int
}

// step is the text of step i.
func (l *scriptLine) step(i int) []byte {
	start := 0
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.text[start:l.ends[i]]
}

// after leaves the modes that the line before has and this one has not, enters
// the others, and writes the command.
func (l *scriptLine) after(b []byte, before *scriptLine) []byte {
	from, to := max(before.steps, 1)-1, l.steps-1
	same := 0
	for same < from && same < to && bytes.Equal(before.step(same), l.step(same)) {
		same++
	}
	for i := from; i > same; i-- {
		b = append(indent(b, i), "exit\n"...)
	}
	for i := same; i <= to; i++ {
		b = append(append(indent(b, i), l.step(i)...), '\n')
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
func (f script) fill(l *scriptLine, p param) error {
	var one [1]string
	values := one[:0]
	switch {
	case p.more != nil:
		values = *p.more
	case p.value != "":
		values = append(values, p.value)
	}
	if strings.Count(p.key, "{}") != len(values) {
		return errHoles
	}
	l.text, l.steps = l.text[:0], 0
	for rest, more := p.key, true; more; l.steps++ {
		var step string
		step, rest, more = strings.Cut(rest, "/")
		for {
			before, after, hole := strings.Cut(step, "{}")
			l.text = append(l.text, before...)
			if !hole {
				break
			}
			var err error
			if l.text, err = f.escape(l.text, values[0]); err != nil {
				return err
			}
			step, values = after, values[1:]
		}
		l.ends[l.steps] = len(l.text)
	}
	return nil
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
