package proto

import (
	"fmt"
	"maps"
)

// CloneLink copies a link with all it remembers, for searches that branch.
func CloneLink(l Link) Link {
	l.attempts = maps.Clone(l.attempts)
	return l
}

// LinkKey writes down all a link remembers, with names as rename gives them.
func LinkKey(l Link, rename func(string) string) string {
	out := fmt.Sprint(l.phase, l.open, rename(l.asked.ID), l.after, l.last, l.pin, l.upto, l.poked)
	for _, id := range []ID{"d0", "d1"} {
		if a, ok := l.attempts[id]; ok {
			out += fmt.Sprint(id, rename(a.name), rename(a.tx), a.otp)
		}
	}
	return out
}
