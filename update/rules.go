package update

import (
	"errors"
	"fmt"
	"time"
)

// Standing is where a box stands: what a release is held against.
type Standing struct {
	// Running is the version that runs, Base that of the program that came with
	// the package or the image.
	Running, Base string
	// Newest and Made are of the newest release that was ever kept here.
	Newest string
	Made   time.Time
	// Schema is that of the state the running program writes.
	Schema int
	Kind   Kind
	OS     string
	Arch   string
}

// Errors of a release that is the makers' and is not taken all the same.
var (
	// ErrOlder says that it is not newer than what runs, or than what was kept.
	ErrOlder = errors.New("the release is not newer")
	// ErrBetween says that another has to come between.
	ErrBetween = errors.New("the release does not follow what runs")
	// ErrMachine says that it has nothing for this machine.
	ErrMachine = errors.New("the release has nothing for this machine")
)

// Judge says whether a release may follow what runs, and which artefact of it.
// Who owns the box's process must not get it back to a program of before, whose
// faults are known: nothing older than what runs or than what was ever kept is
// taken. Going back is an operator's on the machine (Helper.GoBack).
func Judge(m Manifest, on Standing) (Artefact, error) {
	a, found := m.Find(on.Kind, on.OS, on.Arch)
	switch {
	case !found:
		return a, fmt.Errorf("%w: it is %s, and no %s for %s/%s is in it", ErrMachine, m.Version, on.Kind, on.OS, on.Arch)
	case Compare(m.Version, on.Running) <= 0:
		return a, fmt.Errorf("%w: it is %s, and %s runs", ErrOlder, m.Version, on.Running)
	case on.Newest != "" && Compare(m.Version, on.Newest) < 0:
		return a, fmt.Errorf("%w: it is %s, and %s was in use here already", ErrOlder, m.Version, on.Newest)
	case m.Made.Before(on.Made):
		return a, fmt.Errorf("%w: %s was made on %s, before %s, which was in use here already", ErrOlder, m.Version, day(m.Made), on.Newest)
	case m.After != "" && Compare(on.Running, m.After) < 0:
		return a, fmt.Errorf("%w: %s follows %s or later, and %s runs: take one between first", ErrBetween, m.Version, m.After, on.Running)
	case m.Schema < on.Schema:
		return a, fmt.Errorf("%w: %s writes state of schema %d, and what runs writes %d", ErrBetween, m.Version, m.Schema, on.Schema)
	}
	return a, nil
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }
