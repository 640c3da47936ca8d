package audit

import (
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
)

// Filter narrows the log. The zero value of a field lets all entries through.
type Filter struct {
	MAC   phone.MAC // entries that concern it
	Name  string    // operator's account, as it is written
	Front string    // by which it came
	Kinds []string  // any of them
	From  time.Time // not before
	To    time.Time // before
}

// IsZero reports that the filter lets every entry through.
func (f Filter) IsZero() bool {
	return f.MAC.IsZero() && f.Name == "" && f.Front == "" && len(f.Kinds) == 0 && f.From.IsZero() && f.To.IsZero()
}

// Matches reports that the entry is one of those looked for.
func (f Filter) Matches(e Entry) bool {
	switch {
	case f.Name != "" && e.By.Name != f.Name, f.Front != "" && e.By.Front != f.Front:
		return false
	case len(f.Kinds) > 0 && !slices.Contains(f.Kinds, e.Kind), !f.InTime(e.At):
		return false
	}
	return f.MAC.IsZero() || e.Concerns(f.MAC)
}

// InTime reports that the filter's times let at through.
func (f Filter) InTime(at time.Time) bool {
	return !at.Before(f.From) && (f.To.IsZero() || at.Before(f.To))
}

// Search is what is looked for in the log, and where. The zero Search is the
// newest entries.
type Search struct {
	Filter
	Since   uint64 // entries numbered above it
	Before  uint64 // and below it; 0 is up to the end
	Forward bool   // the oldest of these; without it the newest
	Limit   int    // how many entries are wanted; 0 is the keeper's most
	Look    int    // how many may be looked at for them; 0 is all
}

// Found is what a Search came to.
type Found struct {
	Entries []Entry // oldest first
	// Low and High are the first and the last number that was looked at, 0 where
	// there was none; At is the time of the one the search ended with.
	Low, High uint64
	At        time.Time
	Looked    int
	// End says that there are no more in that direction; without it the search
	// stopped because it had enough, or had looked at as many as it may.
	End bool
}
