package vendors

// tree is the elements of one document, in one slice, so that a file of some
// hundred elements costs one allocation. The first is the root.
type tree []node

// node is one element: a leaf with a value or a branch with children. Numbers
// are places in the tree; 0, the root's, is nowhere.
type node struct {
	step        string
	value       int32 // which parameter of the file's; -1 for a branch
	first, last int32 // children
	next        int32 // sibling
}

// child finds or makes the child for a step. Branches come one after the other
// as a rule, so the last made is the likeliest.
func (t *tree) child(at int32, step string) int32 {
	parent := (*t)[at]
	if parent.last != 0 && (*t)[parent.last].step == step {
		return parent.last
	}
	for n := parent.first; n != 0; n = (*t)[n].next {
		if (*t)[n].step == step {
			return n
		}
	}
	return t.add(at, step)
}

// add makes a child, the last of its parent.
func (t *tree) add(at int32, step string) int32 {
	n := int32(len(*t))
	*t = append(*t, node{step: step, value: -1})
	if last := (*t)[at].last; last == 0 {
		(*t)[at].first = n
	} else {
		(*t)[last].next = n
	}
	(*t)[at].last = n
	return n
}
