package vendors

import (
	"fmt"
	"slices"
	"strings"
)

// Doubts are the templates in force for a model no list has: a name mistyped, or
// a model newer than this build, whose phones do get it. Each says which known
// one is nearest. They are in order of their files' names.
func (t Table) Doubts(l Layers) []*LayerError {
	var list []*LayerError
	for key, file := range l.files {
		m, ok := t.Of(key.vendor)
		if !ok || key.model == "" || m.Models.Len() == 0 {
			continue
		}
		if _, known := m.Models.Of(key.model); known {
			continue
		}
		text := fmt.Sprintf("is for a model %s that this box does not know of %s: no phone gets it but one that calls itself so", key.model, m.Name)
		if near := m.Models.nearest(key.model); near != "" {
			text += fmt.Sprintf("; the nearest it knows is %s, for which it would be %s-%s%s", near, key.vendor, near, layerEnding)
		}
		list = append(list, &LayerError{File: file.name, Text: text})
	}
	slices.SortFunc(list, func(a, b *LayerError) int { return strings.Compare(a.File, b.File) })
	return list
}

// nearest is the model a person most likely means by a name that is none: one
// that is Near, else the one that begins with most of the same letters, at least
// two; empty where there is none.
func (ms Models) nearest(name string) string {
	if near := ms.Near(name); len(near) > 0 {
		return near[0].Name
	}
	best, most := "", 1
	for _, m := range ms.list {
		if n := sameStart(modelKey(m.Name), modelKey(name)); n > most {
			best, most = m.Name, n
		}
	}
	return best
}

func sameStart(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
