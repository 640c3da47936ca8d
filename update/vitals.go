package update

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Vitals are what a box's program has done since it started, as it says itself.
type Vitals struct {
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	// Given counts the desk's answers to phones by maker.
	Given map[string]Answers `json:"given,omitempty"`
	// Errors counts requests that ended in a fault of the box's own, Panics those
	// in one of its program.
	Errors int `json:"errors"`
	Panics int `json:"panics"`
	// Conditions are the codes of what an operator should know of.
	Conditions []string `json:"conditions,omitempty"`
}

// Answers are what phones of one maker got.
type Answers struct {
	// Served counts configs given, full ones and those to enter a PIN with.
	Served int `json:"served"`
	// Refused counts questions that got none, requests to sign in among them.
	Refused int `json:"refused"`
}

// Bounds of what counts as worse.
const (
	// enough is how many questions of phones say something.
	enough = 6
	// enoughErrors is how many errors do.
	enoughErrors = 3
)

// ownFault are the conditions a program that starts can be to blame for.
func ownFault(code string) bool {
	return slices.Contains([]string{"database-damaged", "database-restored", "settings-fell-back"}, code)
}

// Worse says why a program is worse than the one before, empty where nothing
// says so. A site on which no phone asks says nothing. What counts is phones that
// get nothing any more, not that more is refused than before: everybody on the LAN
// can be refused as often as he likes.
func Worse(before, after Vitals) string {
	if after.Panics > 0 && before.Panics == 0 {
		return fmt.Sprintf("its program failed %d times while it answered, and the one before did not", after.Panics)
	}
	for _, maker := range slices.Sorted(maps.Keys(after.Given)) {
		was, is := before.Given[maker], after.Given[maker]
		if was.Served > 0 && is.Served == 0 && is.Refused >= enough {
			return fmt.Sprintf("phones of %s asked %d times and got no config, where the program before gave them %d", maker, is.Refused, was.Served)
		}
	}
	if was, is := before.total().Served+1, after.total().Served+1; after.Errors >= enoughErrors && after.Errors*was > 10*max(before.Errors, 1)*is {
		return fmt.Sprintf("%d requests of phones ended in errors for %d configs given; before it were %d for %d", after.Errors, is-1, before.Errors, was-1)
	}
	for _, code := range after.Conditions {
		if ownFault(code) && !slices.Contains(before.Conditions, code) {
			return "it says of itself: " + code
		}
	}
	return ""
}

func (v Vitals) total() (sum Answers) {
	for _, a := range v.Given {
		sum.Served += a.Served
		sum.Refused += a.Refused
	}
	return sum
}
