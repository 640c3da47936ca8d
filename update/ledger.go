package update

import (
	"slices"
	"time"
)

// Phase is how far an update has come.
type Phase string

// Phases. The ledger says the next one before what it names is begun.
const (
	// Writing: the slot is being written; nothing counts yet.
	Writing Phase = "writing"
	// Trying: the slot counts, or is about to, and is watched.
	Trying Phase = "trying"
	// TurningBack: it was not good, or an operator wanted back.
	TurningBack Phase = "turning-back"
	// Kept: it is in use.
	Kept Phase = "kept"
	// Back: what was before is in use.
	Back Phase = "back"
	// Cut: a power cut came before anything counted.
	Cut Phase = "cut"
)

// Ledger is what the helper remembers of updates. Everybody on the machine may
// read it.
type Ledger struct {
	// Newest and Made are of the newest release that was ever kept.
	Newest string    `json:"newest,omitempty"`
	Made   time.Time `json:"made,omitzero"`
	// Trial is the last update, whether it runs or is over.
	Trial *Trial `json:"trial,omitempty"`
	// TurnedBack are versions that did not do; only an operator has them tried
	// again.
	TurnedBack []string `json:"turned_back,omitempty"`
	// Refused is the last release that was not even tried.
	Refused *Refusal `json:"refused,omitempty"`
}

// Trial is one update.
type Trial struct {
	Phase   Phase     `json:"phase"`
	Version string    `json:"version"`
	From    string    `json:"from"` // the version that ran before
	Made    time.Time `json:"made"`
	Key     string    `json:"key"` // that signed it
	By      string    `json:"by,omitempty"`
	// Begun and Ended are by the machine's clock, which may be unset.
	Begun time.Time `json:"begun"`
	Ended time.Time `json:"ended,omitzero"`
	// Until is when a trial that runs is to end well.
	Until time.Time `json:"until,omitzero"`
	// Window is how long it is watched, Tries how often that was begun.
	Window time.Duration `json:"window"`
	Tries  int           `json:"tries"`
	Before Vitals        `json:"before"`
	// Restore says that going back puts the backup back: the program of before
	// cannot read what this one writes.
	Restore bool `json:"restore,omitempty"`
	// Why says, of one that is turned back from, why.
	Why string `json:"why,omitempty"`
}

// Runs says that an update is under way.
func (l Ledger) Runs() bool {
	return l.Trial != nil && slices.Contains([]Phase{Writing, Trying, TurningBack}, l.Trial.Phase)
}

// CanGoBack says that what is in use is a release that was kept, so that there is
// something to go back to.
func (l Ledger) CanGoBack() bool { return l.Trial != nil && l.Trial.Phase == Kept }

// maxTurnedBack bounds what is remembered of them.
const maxTurnedBack = 20

// ended notes a trial's end.
func (l *Ledger) ended(p Phase, now time.Time) {
	t := l.Trial
	t.Phase, t.Ended, t.Until = p, now, time.Time{}
	switch {
	case p == Kept:
		l.TurnedBack = slices.DeleteFunc(l.TurnedBack, func(v string) bool { return v == t.Version })
		if l.Newest == "" || Compare(t.Version, l.Newest) >= 0 {
			l.Newest = t.Version
		}
		if t.Made.After(l.Made) {
			l.Made = t.Made
		}
	case p == Back && !slices.Contains(l.TurnedBack, t.Version):
		l.TurnedBack = append(l.TurnedBack, t.Version)
		l.TurnedBack = l.TurnedBack[max(0, len(l.TurnedBack)-maxTurnedBack):]
	}
}
