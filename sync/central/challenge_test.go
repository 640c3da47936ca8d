package central

import (
	"strings"
	"testing"
	"time"
)

// TestChallenges: each is good once, for its site and a minute, however many
// others are handed out meanwhile.
func TestChallenges(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	c := newChallenges()
	first := c.make("a", start)
	for range 100_000 {
		c.make("a", start)
		c.make("stranger", start)
	}
	if len(c.answered) != 0 {
		t.Errorf("remembered of strangers: got %d, want nothing", len(c.answered))
	}
	place, ok := c.place(first, "a", start.Add(challengeFor-1))
	if !ok {
		t.Fatal("after a flood the challenge of before is not good any more")
	}
	for name, tc := range map[string]struct {
		nonce, site string
		after       time.Duration
	}{
		"too late":        {first, "a", challengeFor},
		"another's":       {first, "b", 0},
		"cut":             {first[:len(first)-1], "a", 0},
		"longer":          {first + "AAAA", "a", 0},
		"changed":         {"B" + first[1:], "a", 0},
		"of another time": {newChallenges().make("a", start), "a", 0},
		"none":            {"", "a", 0},
	} {
		if _, ok := c.place(tc.nonce, tc.site, start.Add(tc.after)); ok {
			t.Errorf("%s: got it taken", name)
		}
	}
	newer, _ := c.place(c.make("a", start), "a", start)
	if !c.answer("a", place) || c.answer("a", place) {
		t.Error("a challenge must be good once")
	}
	if !c.answer("a", newer) || c.answer("a", newer-1) {
		t.Error("what was handed out before the newest answered one must be void")
	}
	if len(c.answered) != 1 {
		t.Errorf("remembered: got %v, want one site", c.answered)
	}
}

// FuzzChallenge: no text but the one handed out is read as a challenge.
func FuzzChallenge(f *testing.F) {
	c, now := newChallenges(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	good := c.make("a", now)
	for _, s := range []string{"", "x", strings.Repeat("A", len(good)), good + "\n", good[:20]} {
		f.Add(s, "a")
	}
	f.Fuzz(func(t *testing.T, nonce, site string) {
		if _, ok := c.place(nonce, site, now); ok && (nonce != good || site != "a") {
			t.Errorf("%q was taken for %q", nonce, site)
		}
	})
}
