package voice

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// coming is one key as it comes by one way.
type coming struct {
	at  time.Duration
	key Key
	way source
}

// A caller presses keys at least 80 ms apart; the phone sends each by every way it
// has. Events come within 50 ms, messages up to 2 s late but in order, tones are
// heard after 25 to 60 ms. In band alone is whole; beside a better way it is what
// leaks, so of some keys it is missing, and the better way is then at most one
// press behind. Whatever the mix, every press counts once, and in order.
func TestEveryPressCountsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events, infos := rapid.Bool().Draw(t, "events"), rapid.Bool().Draw(t, "infos")
		tones := rapid.Bool().Draw(t, "tones") || !events && !infos
		leaky := tones && (events || infos)
		lag := 2000
		if leaky {
			lag = 70
		}
		ms := func(low, high int, name string) time.Duration {
			return time.Duration(rapid.IntRange(low, high).Draw(t, name)) * time.Millisecond
		}
		var all []coming
		var want string
		at, info := time.Duration(0), time.Duration(0)
		for range rapid.IntRange(1, 20).Draw(t, "presses") {
			at += ms(80, 4000, "pause")
			k := Key(rapid.SampledFrom([]byte("0123456789*#")).Draw(t, "key"))
			want += string(byte(k))
			if events {
				all = append(all, coming{at + ms(0, 50, "event"), k, byEvent})
			}
			if infos {
				info = max(info, at+ms(0, lag, "info"))
				all = append(all, coming{info, k, byInfo})
			}
			if tones && (!leaky || rapid.Bool().Draw(t, "leaks")) {
				all = append(all, coming{at + ms(25, 60, "tone"), k, inBand})
			}
		}
		slices.SortStableFunc(all, func(a, b coming) int { return int(a.at - b.at) })
		if got := counted(all); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func counted(all []coming) (got string) {
	var c keyCounter
	begin := time.Now()
	for _, k := range all {
		if c.counts(k.key, k.way, begin.Add(k.at)) {
			got += string(byte(k.key))
		}
	}
	return got
}

func TestBetterWayTakesOver(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		all  []coming
		want string
	}{
		"tone leaks before its message": {[]coming{{0, '1', inBand}, {300 * ms, '1', byInfo}, {900 * ms, '1', byInfo}}, "11"},
		"tones before late messages": {[]coming{{0, '1', inBand}, {200 * ms, '2', inBand}, {300 * ms, '1', byInfo},
			{400 * ms, '2', byInfo}, {900 * ms, '3', byInfo}}, "123"},
		"tone after the lead changed": {[]coming{{0, '1', inBand}, {30 * ms, '1', byEvent}, {500 * ms, '2', byEvent}, {540 * ms, '2', inBand}}, "12"},
		"message after events":        {[]coming{{0, '1', byEvent}, {30 * ms, '1', byInfo}}, "1"},
		"event after messages":        {[]coming{{0, '1', byInfo}, {30 * ms, '1', byEvent}, {60 * ms, '2', byInfo}}, "12"},
		"same key again much later":   {[]coming{{0, '1', inBand}, {5000 * ms, '1', byEvent}}, "11"},
	} {
		if got := counted(c.all); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
