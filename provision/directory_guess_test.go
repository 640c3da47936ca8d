package provision_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// bookGuesses has somebody at n addresses show a wrong password for a user, four
// times each, and counts those that were looked at. The wire names who is asked
// for the address, or nobody.
func (l *lab) bookGuesses(t *testing.T, user string, n int, behind func(i int) phone.MAC) (looked int) {
	t.Helper()
	for i := range n {
		from := fmt.Sprintf("10.20.2.%d", i+1)
		if m := behind(i); !m.IsZero() {
			l.store.wire[netip.MustParseAddr(from)] = m
		}
		for try := range 4 {
			if a := l.fetch(t, "dir/plain", from, user, fmt.Sprintf("guess-%d-%d", i, try)); a.Retry == 0 {
				looked++
			}
		}
	}
	return looked
}

// TestGuessingTheBookFromManyAddresses: a laptop with many addresses has the
// tries of one; one with as many MACs, or behind a router, those of one user. The
// last guess of each is answered with how long to wait, whether there is such a
// user or not.
func TestGuessingTheBookFromManyAddresses(t *testing.T) {
	oneMAC := func(int) phone.MAC { return stranger }
	manyMACs := func(i int) phone.MAC { return phone.MAC{0x02, 0, 0, 0, 9, byte(i)} }
	routed := func(int) phone.MAC { return phone.MAC{} }
	for name, tt := range map[string]struct {
		behind func(int) phone.MAC
		want   int
	}{
		"one MAC": {oneMAC, auth.FreeTries - 1}, "many MACs": {manyMACs, auth.DeviceTries - 1}, "behind a router": {routed, auth.DeviceTries - 1},
	} {
		for _, user := range []string{"710", "799", "", strings.Repeat("7", 300)} {
			l := newTown(t, auth.FactorPIN, townTable)
			l.people(t, anna())
			if got := l.bookGuesses(t, user, 41, tt.behind); got != tt.want {
				t.Errorf("%s, as %.5q: got %d guesses without a wait, want %d", name, user, got, tt.want)
			}
		}
	}
}

// TestBookGuessesLockNobodyOut: the user's own phone, where layer 2 proves it,
// other users, and whoever shows a token go on; who only uses the phone's MAC
// does not.
func TestBookGuessesLockNobodyOut(t *testing.T) {
	l := newTown(t, auth.FactorPIN, wholeTable)
	l.people(t, anna(), phone.User{ID: "bert", Extension: "711", First: "Bert", WebPassword: phone.NewSecret("fakepass2")})
	path := bookPath(t, l, "snom", mac)
	l.lease("10.20.0.57", mac)
	l.bookGuesses(t, "710", 41, func(i int) phone.MAC { return phone.MAC{0x02, 0, 0, 0, 9, byte(i)} })
	l.store.wire[netip.MustParseAddr("10.20.3.1")] = mac
	for _, tt := range []struct {
		name, file, from, user, password string
		want                             provision.Status
	}{
		{"a proven phone of the user", "dir/yealink", "10.20.0.57", "710", "fakepass1", provision.Content},
		{"another user", "dir/yealink", "10.20.3.2", "711", "fakepass2", provision.Content},
		{"nothing proves it", "dir/yealink", "10.20.3.3", "710", "fakepass1", provision.Challenge},
		{"the phone's MAC at an address not leased to it", "dir/yealink", "10.20.3.1", "710", "fakepass1", provision.Challenge},
		{"a token from anywhere", path, "10.20.3.4", "", "", provision.Content},
	} {
		if a := l.fetch(t, tt.file, tt.from, tt.user, tt.password); a.Status != tt.want {
			t.Errorf("%s: got status %d, want %d", tt.name, a.Status, tt.want)
		}
	}
	l.wait(time.Hour)
	if a := l.fetch(t, "dir/yealink", "10.20.3.3", "710", "fakepass1"); a.Status != provision.Content {
		t.Error("the penalty of a user name did not end")
	}
}

// TestWrongTokensLockOutNoToken: a right token is taken behind whatever address,
// and wrong ones cost the user they name nothing.
func TestWrongTokensLockOutNoToken(t *testing.T) {
	l := newTown(t, auth.FactorPIN, wholeTable)
	l.people(t, anna())
	path := bookPath(t, l, "snom", phone.MAC{0x02, 0, 0, 0, 1, 1})
	var last provision.Answer
	for i := range 2 * auth.DeviceTries {
		last = l.fetch(t, fmt.Sprintf("dir/snom/t/710-wrong%d", i), "10.20.3.1")
	}
	if last.Retry == 0 {
		t.Error("wrong tokens cost their sender nothing")
	}
	if a := l.fetch(t, path, "10.20.3.1"); a.Status != provision.Content {
		t.Errorf("the right token behind the same address: got %+v, want the book", a)
	}
	if a := l.fetch(t, "dir/yealink", "10.20.3.2", "710", "fakepass1"); a.Status != provision.Content {
		t.Errorf("the user's password elsewhere: got %+v, want the book", a)
	}
}

// TestGuessingTheBookIsHeardOf: the audit log has it, bounded, and the board has
// a condition that names the user and ends by itself.
func TestGuessingTheBookIsHeardOf(t *testing.T) {
	l := newTown(t, auth.FactorPIN, townTable)
	l.people(t, anna())
	l.fetch(t, "dir/plain", "10.20.0.66", "710", "mistyped")
	if got := l.board.List(); len(got) != 0 {
		t.Errorf("one wrong password: got %+v, want no condition", got)
	}
	l.bookGuesses(t, "710", 200, func(i int) phone.MAC { return phone.MAC{0x02, 0, 0, 0, 9, byte(i)} })
	got := l.board.List()
	if len(got) != 1 || got[0].Code != provision.CodeBookGuessing || !strings.Contains(got[0].Detail, "extension 710") {
		t.Errorf("got %+v, want a condition that names the extension", got)
	}
	l.wait(time.Hour)
	l.Look()
	if got := l.board.List(); len(got) != 0 {
		t.Errorf("an hour later: got %+v, want the alarm over", got)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Run(over); err != nil { // what was refused is written at its end
		t.Fatal(err)
	}
	entries := 0
	for _, r := range l.store.events {
		if e, ok := r.Event.(audit.Refused); ok && e.Reason == string(auth.WrongLogin) && e.File == "dir/plain" {
			entries++
		}
	}
	if most := audit.OtherRefusals.Burst; entries == 0 || entries > most {
		t.Errorf("got %d entries of the audit log, want 1 to %d", entries, most)
	}
}
