// Package health holds the conditions an operator should know of: each has a
// code, a title, what phones notice, and what to do about it. A condition that
// is raised again only updates its detail; one that is over is cleared by
// whoever raised it. Nothing here decides anything.
package health

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Condition is one thing that is not as it should be.
type Condition struct {
	Code    string    `json:"code"`             // stable, "dhcp-pool-low"
	Title   string    `json:"title"`            // what happened
	Meaning string    `json:"meaning"`          // what phones will notice
	Do      string    `json:"do"`               // what to do, command spelled out
	Detail  string    `json:"detail,omitempty"` // this case's facts
	Since   time.Time `json:"since"`
}

// Kind is the code without the phone it may name: there are few of them.
func (c Condition) Kind() string {
	kind, _, _ := strings.Cut(c.Code, ":")
	return kind
}

// Board is the set of conditions that hold. The zero value is ready.
type Board struct {
	mu   sync.Mutex
	open map[string]Condition
}

// Raise puts c on the board and reports whether it is new; a condition already
// there keeps its Since.
func (b *Board) Raise(now time.Time, c Condition) (fresh bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil {
		b.open = make(map[string]Condition)
	}
	c.Since = now
	old, there := b.open[c.Code]
	if there {
		c.Since = old.Since
	}
	b.open[c.Code] = c
	return !there
}

// Clear takes a condition off the board.
func (b *Board) Clear(code string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, code)
}

// List is what holds now, oldest first.
func (b *Board) List() []Condition {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Condition, 0, len(b.open))
	for _, c := range b.open {
		list = append(list, c)
	}
	slices.SortFunc(list, func(x, y Condition) int {
		return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.Code, y.Code))
	})
	return list
}
