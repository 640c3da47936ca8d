package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// TestBudgetsKeepTwoYears adds up what anybody but an admin can have written: a
// log of the default length must outlast two years of all of it, with room for
// what the site itself does.
func TestBudgetsKeepTwoYears(t *testing.T) {
	const years, others = 2 * 365 * 24 * time.Hour, 20_000
	sum := audit.InstallerEntries * audit.InstallerCalls.Within(years)
	for _, b := range []audit.Budget{audit.KnownRefusals, audit.OtherRefusals, audit.RefusalSums, audit.Emergencies, audit.Exports, audit.Provisions, audit.Visits, audit.MailFailures,
		audit.SignIns, audit.SignInRefusals, audit.ForgottenPasswords, audit.PersonalCalls} {
		sum += b.Within(years)
	}
	keep := Config{}.withDefaults().AuditKeep
	if sum+others > keep {
		t.Errorf("two years of all budgets are %d entries; with %d others that is more than the %d kept", sum, others, keep)
	}
	if want := 239_693; sum != want { // doc.go says so
		t.Errorf("got %d entries of all budgets in two years, want %d", sum, want)
	}
}

// TestYoungEntriesDroppedAreTold: whoever writes so much that the last months
// have to make room is seen; a log that is merely old is not.
func TestYoungEntriesDroppedAreTold(t *testing.T) {
	for _, tt := range []struct {
		name string
		age  time.Duration
		told bool
	}{{"of a day", 24 * time.Hour, true}, {"of years", 3 * 365 * 24 * time.Hour, false}} {
		t.Run(tt.name, func(t *testing.T) {
			var board health.Board
			now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
			s, err := Open(filepath.Join(t.TempDir(), "db"), testKey(), Config{
				AuditKeep: 2000, Now: func() time.Time { return now }, Synced: func() bool { return true },
			}, Tools{Health: &board})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			write := func() {
				if err := s.Record(t.Context(), many(1600, audit.PINShown{})...); err != nil {
					t.Fatal(err)
				}
			}
			write()
			now = now.Add(tt.age)
			write()
			got := board.List()
			if told := len(got) == 1 && got[0].Code == "audit-short"; told != tt.told || told && !strings.Contains(got[0].Detail, "2026-03-01") {
				t.Errorf("got %+v on the board, want audit-short %v", got, tt.told)
			}
			if c := verify(t, s); !c.OK || c.Anchor.Seq != 1200 || !c.Oldest.Equal(now.Add(-tt.age)) {
				t.Errorf("got %+v, want 1200 dropped and the oldest kept of the first day", c)
			}
		})
	}
}

func many(n int, e audit.Event) []audit.Record {
	list := make([]audit.Record, n)
	for i := range list {
		list[i].Event = e
	}
	return list
}

// TestSumsAreOfTheirDevices: who reads one device's log sees the sums that name
// it, and no others.
func TestSumsAreOfTheirDevices(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	err := s.Record(t.Context(),
		audit.Record{Event: audit.RefusedMore{Times: 9, Devices: map[phone.MAC]int{testMAC(1): 2, testMAC(2): 7}}},
		audit.Record{Event: audit.RefusedMore{Times: 3, Devices: map[phone.MAC]int{testMAC(2): 3}}},
		audit.Record{MAC: testMAC(1), Event: audit.PINShown{}},
		audit.Record{Event: audit.Refused{File: `"` + testMAC(1).String() + `"`}}, // a stranger's words
	)
	if err != nil {
		t.Fatal(err)
	}
	for mac, want := range map[phone.MAC][]uint64{testMAC(1): {1, 3}, testMAC(2): {1, 2}, testMAC(3): nil, {}: {1, 2, 3, 4}} {
		var got []uint64
		all, err := s.Audit(t.Context(), 0, mac, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			got = append(got, e.Seq)
		}
		if len(got) != len(want) || len(got) > 0 && (got[0] != want[0] || got[len(got)-1] != want[len(want)-1]) {
			t.Errorf("%s: got entries %v, want %v", mac, got, want)
		}
	}
	if got := verify(t, s); !got.OK || got.Oldest.IsZero() {
		t.Errorf("got %+v, want it whole, and from when", got)
	}
}
