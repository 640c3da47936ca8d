package vendors

import "strings"

// Names an operator can write for a tree of elements: dots between them, and a
// number for the attribute index of the element before it.
//
//	sip.line.1.PhoneNumber    <sip><line index="1"><PhoneNumber>

// cutDotted takes the first element off a name, with its index where one
// follows. A name never ends with an index, so that each parameter has an
// element of its own; the empty step says so, which holdsStep refuses.
func cutDotted(name string) (step, rest string, more bool) {
	end := strings.IndexByte(name, '.')
	if end < 0 {
		return name, "", false
	}
	if after := name[end+1:]; after != "" && after[0] >= '0' && after[0] <= '9' {
		index := strings.IndexByte(after, '.')
		if index < 0 {
			return "", "", false
		}
		end += 1 + index
	}
	return name[:end], name[end+1:], true
}

// treeIndex is a number from 1 to 999.
func treeIndex(s string) bool {
	if s == "" || len(s) > 3 || s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
