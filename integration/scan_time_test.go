package integration

import (
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// How a scan's times are compared. Known and unknown MACs are asked for one by
// one, in any order, each equally often; told apart is who overlaps by less than
// tellable allows. A noisy machine is asked again, with more samples.
const (
	timeRounds = 250
	timeTries  = 3
	tellable   = 0.08
)

// timed is what asking for two kinds of MACs took.
type timed [2][]time.Duration

// Which sample is which.
const (
	ofKnown = iota
	ofUnknown
)

// clock asks through one asker for the MACs of both lists, rounds times each.
func (s *scanned) clock(door scanDoor, lists [2][]phone.MAC, rounds int) timed {
	s.t.Helper()
	asker, err := door.open(0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer asker.Close()
	type question struct {
		mac  phone.MAC
		kind int
	}
	var all []question
	for kind, list := range lists {
		for _, mac := range list {
			all = append(all, question{mac, kind})
		}
	}
	var out timed
	for round := range rounds + 1 {
		s.rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, q := range all {
			start := time.Now()
			if _, err := asker.ask(q.mac); err != nil {
				s.t.Fatal(err)
			}
			if round > 0 { // the first warms up
				out[q.kind] = append(out[q.kind], time.Since(start))
			}
		}
	}
	return out
}

// lists are the known devices that are told what unknown ones are told, and as
// many unknown MACs.
func (s *scanned) lists(statesShow bool) (lists [2][]phone.MAC) {
	for mac, h := range s.known {
		if statesShow && (h.failed || h.challenged) {
			continue
		}
		lists[ofKnown] = append(lists[ofKnown], mac)
		for {
			other := blockMAC(s.rnd.IntN(blockSize))
			if _, known := s.known[other]; !known {
				lists[ofUnknown] = append(lists[ofUnknown], other)
				break
			}
		}
	}
	return lists
}

// TestScanTimes compares how long the box takes over known and unknown MACs
// that it tells the same.
func TestScanTimes(t *testing.T) {
	if testing.Short() {
		t.Skip("short: enough samples take half a minute")
	}
	s := newScanned(t)
	for _, policy := range []auth.Factor{auth.FactorOTP, auth.FactorPIN} {
		s.t = t
		s.policy(policy)
		for _, door := range s.doors() {
			t.Run(string(policy)+"/"+door.name, func(t *testing.T) {
				s.t = t
				for try := 1; !s.alike(door, s.lists(policy == auth.FactorPIN && !door.guesses), try*timeRounds); try++ {
					if try == timeTries {
						t.Fatalf("known and unknown can be told apart by time, %d tries in a row", try)
					}
				}
			})
		}
	}
	t.Run("a difference is seen", s.control)
}

// alike draws the times and says whether they can be told apart.
func (s *scanned) alike(door scanDoor, lists [2][]phone.MAC, rounds int) bool {
	s.t.Helper()
	times := s.clock(door, lists, rounds)
	share, z := overlap(times[ofKnown], times[ofUnknown])
	s.t.Logf("%d samples each; known is faster in %.1f %% of pairs (z %.1f); median %s and %s, p90 %s and %s\n%s",
		len(times[ofKnown]), 100*share, z, quantile(times[ofKnown], 0.5), quantile(times[ofUnknown], 0.5),
		quantile(times[ofKnown], 0.9), quantile(times[ofUnknown], 0.9), histogram([2]string{"known", "unknown"}, times))
	return share > 0.5-tellable && share < 0.5+tellable
}

// control compares answers that do differ, as everybody may know: under pin an
// enrolled phone is challenged, which is quicker than writing a holding config.
func (s *scanned) control(t *testing.T) {
	s.t = t
	s.policy(auth.FactorPIN)
	lists := s.lists(true)
	lists[ofKnown] = nil
	for mac, h := range s.known {
		if h.challenged {
			lists[ofKnown] = append(lists[ofKnown], mac)
		}
	}
	for try := 1; s.alike(s.doors()[0], lists, try*timeRounds); try++ {
		if try == timeTries {
			t.Fatal("answers that differ were not told apart: the comparison sees nothing")
		}
	}
}
