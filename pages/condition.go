package pages

import "github.com/lineside/lineside/health"

// condition is one of the box's conditions, in the page's language where the
// catalogue has it by its code, else in the box's own words.
type condition struct {
	health.Condition
	Own bool // the words are the box's, in English
}

func (v *visit) conditions(list []health.Condition) []condition {
	all := make([]condition, 0, len(list))
	for _, c := range list {
		x := condition{Condition: c, Own: true}
		title := "health." + c.Code
		if text := v.say(title); v.lang != languages()[0] && text != title {
			x.Title, x.Meaning, x.Own = text, v.say(title+".meaning"), false
		}
		x.Title, x.Meaning, x.Do = sentence(x.Title), sentence(x.Meaning), sentence(x.Do)
		all = append(all, x)
	}
	return all
}
