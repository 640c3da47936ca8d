package pages

import "github.com/lineside/lineside/health"

// condition is one of the box's conditions, in the page's language.
type condition struct {
	health.Condition
	Title, Meaning, Do, Detail Sentence
}

func (v *visit) conditions(list []health.Condition) []condition {
	all := make([]condition, 0, len(list))
	for _, c := range list {
		x := condition{Condition: c}
		for _, f := range []struct {
			text string
			to   *Sentence
		}{{c.Title, &x.Title}, {c.Meaning, &x.Meaning}, {c.Do, &x.Do}} {
			*f.to = v.words().box(f.text)
			f.to.Text = sentence(f.to.Text)
		}
		x.Detail = v.words().box(c.Detail) // facts, which may begin with a name
		all = append(all, x)
	}
	return all
}
