package provision_test

import (
	"testing"

	"pgregory.net/rapid"
)

// TestPromises lets phones, a thief, operators, power cuts and wrong clocks act
// on a real desk and store in any order, and holds every answer and, after every
// step, the whole site against the promises of ARCHITECTURE.md. A failure names
// the promise first; rapid prints the account of what happened and the seed.
//
// A hundred sites find a rule broken plainly within a second; some breaches take
// a few hundred, so there are three rounds of them: RAPID_CHECKS=5000 makes more.
func TestPromises(t *testing.T) {
	kit := newKit(t)
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for range rounds {
		checkSites(t, kit)
	}
}

func checkSites(t *testing.T, kit *kit) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSite(rt, kit)
		step := func(f func()) func(*rapid.T) { return func(*rapid.T) { f() } }
		rt.Repeat(map[string]func(*rapid.T){
			"phone":          step(s.phoneFetches),
			"phone again":    step(s.phoneFetches),
			"thief":          step(s.thiefFetches),
			"thief again":    step(s.thiefFetches),
			"thief steals":   step(s.thiefSteals),
			"noise":          step(s.noise),
			"operator":       step(s.operatorActs),
			"operator again": step(s.operatorActs),
			"rules":          step(s.rulesChange),
			"ticket":         step(s.ticketGoes),
			"time":           step(s.timePasses),
			"clock":          step(s.clockJumps),
			"crash before":   step(s.crashBefore),
			"crash after":    step(s.crashAfter),
			"stop":           step(s.stop),
			"backup":         step(s.backUp),
			"restore":        step(s.restore),
			"":               step(s.check),
		})
	})
}
