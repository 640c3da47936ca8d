package vendors

import (
	"errors"
	"strings"
)

// treeXML is a document in which a parameter's name is the path to its element
// below the root: "sipProfile/sipLines/line[button=1]/proxy" for Cisco's SEP
// files, "sip.line.1.PhoneNumber" for Fanvil's. Parameters of one branch come
// together wherever they were set; siblings keep the order in which the first of
// each was set.
type treeXML struct {
	head, foot string // the root element is theirs
	escape     escaper
	// dots: the steps of a name are apart by dots instead of slashes, and a step
	// takes a number, its attribute index, instead of attributes in brackets.
	dots bool
}

// errBranch is a path that is a value in one parameter and a branch in another.
var errBranch = errors.New("is both a value and a branch in this file: drop one of the two")

// treeDeep is how many steps a name may have.
const treeDeep = 13

// holdsName walks a name's steps.
func (f treeXML) holdsName(name string) bool {
	for range treeDeep {
		step, rest, more := f.cut(name)
		if !f.holdsStep(step) {
			return false
		}
		if !more {
			return true
		}
		name = rest
	}
	return false
}

// cut takes the first step off a name.
func (f treeXML) cut(name string) (step, rest string, more bool) {
	if f.dots {
		return cutDotted(name)
	}
	return strings.Cut(name, "/")
}

// holdsStep takes an element's name with at most four attributes, or with an
// index.
func (f treeXML) holdsStep(step string) bool {
	element, attrs, found := f.apart(step)
	switch {
	case !wordName(element):
		return false
	case !found:
		return true
	case f.dots:
		return treeIndex(attrs)
	}
	return holdsAttrs(attrs)
}

// apart is a step's element and what follows it.
func (f treeXML) apart(step string) (element, attrs string, found bool) {
	if f.dots {
		return strings.Cut(step, ".")
	}
	return strings.Cut(step, "[")
}

// holdsAttrs reads what follows the first bracket: "button=1]" or
// "button=1][lineIndex=1]".
func holdsAttrs(s string) bool {
	n := 0
	for pair := range strings.SplitSeq(s, "[") {
		inside, closed := strings.CutSuffix(pair, "]")
		key, value, ok := strings.Cut(inside, "=")
		if n++; n > 4 || !closed || !ok || !wordName(key) || !attrValue(value) {
			return false
		}
	}
	return true
}

func attrValue(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-') {
			return false
		}
	}
	return s != ""
}

// write grows the tree and writes it out.
func (f treeXML) write(s *scratch, ps params) ([]byte, error) {
	t := append(s.tree[:0], node{value: -1})
	var last planted
	for i, p := range ps {
		var err error
		if last, err = f.plant(&t, last, p, int32(i)); err != nil {
			return nil, err
		}
	}
	s.tree = t
	b := append(s.out[:0], f.head...)
	for n := t[0].first; n != 0; n = t[n].next {
		var err error
		if b, err = f.element(b, t, n, ps); err != nil {
			return nil, err
		}
	}
	return append(b, f.foot...), nil
}

// planted is the branch in which a parameter's element was put: the parameters of
// a branch come one after the other, and for the next the way there is known.
type planted struct {
	branch string // the name up to its last step
	at     int32
	deep   int
}

// plant puts parameter number i of the file where its name says.
func (f treeXML) plant(t *tree, last planted, p param, i int32) (planted, error) {
	at, rest, deep := int32(0), p.key, 0
	// A number belongs to the step before it.
	if after, ok := strings.CutPrefix(p.key, last.branch); ok && p.from == nil && after != "" && !digit(after[0]) {
		at, rest, deep = last.at, after, last.deep
	}
	for ; ; deep++ {
		step, after, more := f.cut(rest)
		if deep == treeDeep || p.from != nil && !f.holdsStep(step) {
			return planted{}, badName(p)
		}
		if !more {
			break
		}
		at, rest = t.child(at, step), after
		if (*t)[at].value >= 0 {
			return planted{}, p.refuse(errBranch)
		}
	}
	leaf := t.child(at, rest)
	if n := &(*t)[leaf]; n.value >= 0 || n.first != 0 {
		return planted{}, p.refuse(errBranch)
	}
	(*t)[leaf].value = i
	return planted{branch: p.key[:len(p.key)-len(rest)], at: at, deep: deep}, nil
}

func (f treeXML) element(b []byte, t tree, n int32, ps params) ([]byte, error) {
	name, attrs, _ := f.apart(t[n].step)
	b = append(append(b, '<'), name...)
	b = append(f.attributes(b, attrs), '>')
	var err error
	if at := t[n].value; at >= 0 {
		if b, err = f.escape(b, ps[at].value); err != nil {
			return nil, ps[at].refuse(err)
		}
	} else {
		b = append(b, '\n')
	}
	for c := t[n].first; c != 0; c = t[c].next {
		if b, err = f.element(b, t, c, ps); err != nil {
			return nil, err
		}
	}
	return append(append(append(b, "</"...), name...), ">\n"...), nil
}

func (f treeXML) attributes(b []byte, attrs string) []byte {
	if attrs != "" && f.dots {
		return append(append(append(b, ` index="`...), attrs...), '"')
	}
	for attrs != "" {
		pair, rest, _ := strings.Cut(attrs, "[")
		key, value, _ := strings.Cut(strings.TrimSuffix(pair, "]"), "=")
		b = append(append(append(b, ' '), key...), "=\""...)
		b = append(append(b, value...), '"')
		attrs = rest
	}
	return b
}
