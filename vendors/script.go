package vendors

import (
	"bytes"
	"errors"
	"slices"
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

// scriptDeep is how many steps a name may have, scriptHoles how many values.
const (
	scriptDeep  = 7
	scriptHoles = 4
)

var errHoles = errors.New("has not as many values as its command has {}")

// holdsName takes a few steps of plain words.
func (f script) holdsName(name string) bool {
	steps, holes, ok := scriptName(name)
	return ok && steps <= scriptDeep && holes <= scriptHoles
}

// scriptName counts a name's steps and the values they take. A step is a command's
// words: no part of the first is a value, so that no value is the command itself.
func scriptName(s string) (steps, holes int, ok bool) {
	begins, word := true, true // a step; still in its first word
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case begins:
			if !letter(c) {
				return 0, 0, false
			}
			steps++
			begins, word = false, true
		case letter(c) || digit(c):
		case c == ' ':
			word = false
		case c == '/' && s[i-1] != ' ':
			begins = true
		case c == '{' && !word && strings.HasPrefix(s[i:], "{}"):
			holes++
			i++
		case c != '.' && c != '_' && c != '-' && c != '+' && c != ':' && c != '@' && c != '%':
			return 0, 0, false
		}
	}
	return steps, holes, !begins && s[len(s)-1] != ' '
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func (f script) write(s *scratch, ps params) ([]byte, error) {
	b := append(s.out[:0], f.head...)
	at, next := &s.modes[0], &s.modes[1] // the one before and this one
	at.clear()
	var one [1]string
	for i := range ps {
		p := &ps[i]
		cut, values := strings.LastIndexByte(p.key, '/')+1, p.values(&one)
		switch {
		case p.from != nil && !f.holdsName(p.key):
			return nil, badName(*p)
		case strings.Count(p.key, "{") != len(values):
			return nil, p.refuse(errHoles)
		}
		if !at.leads(p.key[:cut], values) {
			if err := f.enter(next, p.key[:cut], values); err != nil {
				return nil, p.refuse(err)
			}
			b = next.after(b, at)
			at, next = next, at
		}
		var err error
		if b, err = f.fill(indent(b, at.steps), p.key[cut:], values[at.holes:]); err != nil {
			return nil, p.refuse(err)
		}
		b = append(b, '\n')
	}
	for range at.steps {
		b = append(b, "exit\n"...)
	}
	return b, nil
}

// scriptModes are the modes of one command, their values filled in: mode i of text
// ends at ends[i]. They are used again for others, so that a script costs as good
// as nothing beside its own bytes.
type scriptModes struct {
	name   string // of the modes, up to the command
	values [scriptHoles]string
	holes  int // in name: how many values there are
	text   []byte
	ends   [scriptDeep]int
	steps  int
}

func (l *scriptModes) clear() { *l = scriptModes{text: l.text[:0]} }

// leads reports that these are the modes of that name with those values, of which
// the last are the command's.
func (l *scriptModes) leads(name string, values []string) bool {
	return name == l.name && slices.Equal(values[:l.holes], l.values[:l.holes])
}

// step is the text of mode i.
func (l *scriptModes) step(i int) []byte {
	start := 0
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.text[start:l.ends[i]]
}

// after leaves the modes before that are none of these, and enters the others.
func (l *scriptModes) after(b []byte, before *scriptModes) []byte {
	same := 0
	for same < before.steps && same < l.steps && bytes.Equal(before.step(same), l.step(same)) {
		same++
	}
	for i := before.steps; i > same; i-- {
		b = append(indent(b, i), "exit\n"...)
	}
	for i := same; i < l.steps; i++ {
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

// enter fills values into the {} of modes, in their order: a mode may be named by
// a value too, as an identity is by its user.
func (f script) enter(l *scriptModes, modes string, values []string) error {
	l.clear()
	l.name = modes
	for modes != "" {
		end := strings.IndexByte(modes, '/')
		holes := strings.Count(modes[:end], "{")
		var err error
		if l.text, err = f.fill(l.text, modes[:end], values[l.holes:l.holes+holes]); err != nil {
			return err
		}
		l.ends[l.steps] = len(l.text)
		l.steps++
		l.holes += holes
		modes = modes[end+1:]
	}
	copy(l.values[:l.holes], values)
	return nil
}

// values are what stands in the {} of a command, the one of most in room.
func (p *param) values(room *[1]string) []string {
	switch {
	case p.more != nil:
		return p.more[:p.count]
	case p.value != "":
		room[0] = p.value
		return room[:]
	}
	return nil
}

// fill writes one step with its values.
func (f script) fill(b []byte, step string, values []string) ([]byte, error) {
	for _, v := range values {
		hole := strings.IndexByte(step, '{')
		var err error
		if b, err = f.escape(append(b, step[:hole]...), v); err != nil {
			return nil, err
		}
		step = step[hole+len("{}"):]
	}
	return append(b, step...), nil
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
