package vendors

import "strings"

// ClassMatch says which option 60 is meant: the text begins with Prefix and has
// Has behind it, each where not empty. Letters count as they are written.
type ClassMatch struct{ Prefix, Has string }

// Matches reports that class, trailing NULs stripped, is meant.
func (m ClassMatch) Matches(class string) bool {
	rest, ok := strings.CutPrefix(class, m.Prefix)
	return ok && strings.Contains(rest, m.Has)
}

// classPrefixes is one ClassMatch for each beginning.
func classPrefixes(texts ...string) []ClassMatch {
	list := make([]ClassMatch, len(texts))
	for i, t := range texts {
		list[i].Prefix = t
	}
	return list
}
