package vendors

// fanvilFormat is the tree with names an operator can write: dots between the
// elements, and a number for the attribute index of the element before it.
//
//	sip.line.1.PhoneNumber    <sip><line index="1"><PhoneNumber>
type fanvilFormat struct{ treeXML }

func (f fanvilFormat) holdsName(name string) bool {
	path, ok := fanvilPath(name)
	return ok && f.treeXML.holdsName(path)
}

// fanvilPath is the name as treeXML takes it; false where an index is no number
// from 1 to 999 or stands elsewhere than behind one of the first elements.
func fanvilPath(name string) (string, bool) {
	b := make([]byte, 0, len(name)+16)
	indexed := true // nothing to be indexed yet
	for start, i := 0, 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '.' {
			if name[i] == '/' || name[i] == '[' {
				return "", false
			}
			continue
		}
		step := name[start:i]
		start = i + 1
		if step != "" && step[0] >= '0' && step[0] <= '9' {
			if indexed || !fanvilIndex(step) {
				return "", false
			}
			b = append(append(append(b, "[index="...), step...), ']')
			indexed = true
			continue
		}
		if len(b) > 0 {
			b = append(b, '/')
		}
		b = append(b, step...)
		indexed = false
	}
	return string(b), !indexed
}

func fanvilIndex(s string) bool {
	if len(s) > 3 || s[0] == '0' {
		return false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func (f fanvilFormat) write(ps params) ([]byte, error) {
	tree := make(params, len(ps))
	for i, p := range ps {
		path, ok := fanvilPath(p.key)
		if !ok {
			return nil, badName(p)
		}
		tree[i] = p
		tree[i].key = path // checked once more by the tree
	}
	return f.treeXML.write(tree)
}
