package vendors

import (
	"errors"
	"strings"
)

// treeXML is a document in which a parameter's name is the path to its element
// below the root: "sipProfile/sipLines/line[button=1]/proxy" for Cisco's SEP
// files, "sip/line[index=1]/PhoneNumber" for Fanvil's. Parameters of one branch
// come together wherever they were set; siblings keep the order in which the
// first of each was set.
type treeXML struct {
	head, foot string // the root element is theirs
	escape     escaper
}

// errBranch is a path that is a value in one parameter and a branch in another.
var errBranch = errors.New("is both a value and a branch in this file: drop one of the two")

// holdsName takes steps apart by slashes, each an element's name with at most
// four attributes.
func (f treeXML) holdsName(name string) bool {
	if name == "" || strings.Count(name, "/") > 12 {
		return false
	}
	for step := range strings.SplitSeq(name, "/") {
		element, attrs, _ := strings.Cut(step, "[")
		if !wordName(element) {
			return false
		}
		if len(element) != len(step) && !holdsAttrs(attrs) {
			return false
		}
	}
	return true
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

// node is one element: a leaf with a value or a branch with children.
type node struct {
	step  string
	value *param
	under []*node
}

// child finds or makes the child for a step; the last made is the likeliest.
func (n *node) child(step string) *node {
	for i := len(n.under) - 1; i >= 0; i-- {
		if n.under[i].step == step {
			return n.under[i]
		}
	}
	c := &node{step: step}
	n.under = append(n.under, c)
	return c
}

func (f treeXML) write(ps params) ([]byte, error) {
	root := &node{}
	for i := range ps {
		p := &ps[i]
		if !f.holdsName(p.key) {
			return nil, badName(*p)
		}
		at := root
		for step := range strings.SplitSeq(p.key, "/") {
			if at.value != nil {
				return nil, p.refuse(errBranch)
			}
			at = at.child(step)
		}
		if at.value != nil || len(at.under) > 0 {
			return nil, p.refuse(errBranch)
		}
		at.value = p
	}
	b := append(make([]byte, 0, len(f.head)+64*len(ps)+len(f.foot)), f.head...)
	for _, n := range root.under {
		var err error
		if b, err = f.element(b, n); err != nil {
			return nil, err
		}
	}
	return append(b, f.foot...), nil
}

func (f treeXML) element(b []byte, n *node) ([]byte, error) {
	name, attrs, _ := strings.Cut(n.step, "[")
	b = append(append(b, '<'), name...)
	for pair := range strings.SplitSeq(attrs, "[") {
		if key, value, ok := strings.Cut(strings.TrimSuffix(pair, "]"), "="); ok {
			b = append(append(append(b, ' '), key...), "=\""...)
			b = append(append(b, value...), '"')
		}
	}
	b = append(b, '>')
	var err error
	if n.value != nil {
		if b, err = f.escape(b, n.value.value); err != nil {
			return nil, n.value.refuse(err)
		}
	} else {
		b = append(b, '\n')
	}
	for _, c := range n.under {
		if b, err = f.element(b, c); err != nil {
			return nil, err
		}
	}
	return append(append(append(b, "</"...), name...), ">\n"...), nil
}
