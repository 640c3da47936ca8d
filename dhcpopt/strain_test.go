package dhcpopt

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestStrain: drops that go on for seconds are a condition, a burst of them is
// none, and half a minute of quiet ends it.
func TestStrain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		every time.Duration
		times int
		drop  func(*lan)
		want  []string
	}{
		{"a power-up", time.Millisecond, 2000, func(l *lan) { l.s.drop(dropOverload, nobody) }, nil},
		{"now and then", strainGap + time.Second, 20, func(l *lan) { l.s.drop(dropOverload, nobody) }, nil},
		{"messages that wait", 100 * time.Millisecond, 60, func(l *lan) { l.s.drop(dropOverload, nobody) }, []string{codeStrain}},
		{"answers that wait for ARP", 100 * time.Millisecond, 60, func(l *lan) { l.s.lost(nobody, errCrowded) }, []string{codeStrain}},
		{"a socket that is full", 100 * time.Millisecond, 60, func(l *lan) { l.s.lost(nobody, unix.EAGAIN) }, []string{codeStrain}},
		{"answers no route leads to", 100 * time.Millisecond, 60, func(l *lan) { l.s.lost(nobody, unix.ENETUNREACH) }, nil},
		{"malformed ones", 100 * time.Millisecond, 60, func(l *lan) { l.s.drop(errMalformed.Error(), nobody) }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
			for range tt.times {
				tt.drop(l)
				l.wait(tt.every)
			}
			if got := l.raised(); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			l.wait(strainOver)
			l.ask(message(yealink1, discover))
			if got := l.raised(); len(got) != 0 {
				t.Errorf("half a minute later: got %v, want none", got)
			}
		})
	}
}
