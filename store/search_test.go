package store

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// searched is a log of 40 entries, one an hour, but for 21 to 25: those are of a
// clock that was years ahead.
func searched(t *testing.T) (s *Store, list []audit.Entry) {
	t.Helper()
	now := noon
	s = openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	for n := range 40 {
		at := now.Add(time.Duration(n) * time.Hour)
		if n >= 20 && n < 25 {
			at = at.AddDate(4, 0, 0)
		}
		r := audit.Record{By: audit.Actor{Front: []string{"cli", "page", "api"}[n%3], Name: []string{`a<n>"na`, "ben"}[n%2]}, Event: audit.PINShown{}}
		if n%4 == 0 {
			r.MAC, r.Event = testMAC(n%8), audit.Reset{}
		}
		if n == 30 {
			r.Event = audit.RefusedMore{Devices: map[phone.MAC]int{testMAC(4): 1}}
		}
		list = append(list, planted(t, s, r, at))
	}
	return s, list
}

// planted writes an entry as of a time.
func planted(t *testing.T, s *Store, r audit.Record, at time.Time) audit.Entry {
	t.Helper()
	err := s.submit(t.Context(), func(_ *view, d *draft) error {
		e, err := encodeEntry(r, at)
		d.entries = append(d.entries, e)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.AuditTail(t.Context(), phone.MAC{}, 1)
	if err != nil || len(all) != 1 {
		t.Fatalf("got %v, %v", all, err)
	}
	return all[0]
}

// TestSearchFindsWhatMatches: in both directions, and read in pieces of any size,
// a search finds what going through all entries by hand finds.
func TestSearchFindsWhatMatches(t *testing.T) {
	s, list := searched(t)
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	for name, f := range map[string]audit.Filter{
		"all":                  {},
		"name":                 {Name: `a<n>"na`},
		"front":                {Front: "page"},
		"kind":                 {Kinds: []string{"reset", "refused-more"}},
		"device, sums too":     {MAC: testMAC(4)},
		"from":                 {From: hour(7)},
		"to, past a wrong one": {To: hour(28)},
		"between":              {From: hour(18), To: hour(30)},
		"of the wrong clock":   {From: noon.AddDate(3, 0, 0)},
		"several":              {Front: "cli", Name: "ben", From: hour(3), To: hour(33)},
		"none":                 {Name: "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			var want []uint64
			for _, e := range list {
				if f.Matches(e) {
					want = append(want, e.Seq)
				}
			}
			for _, piece := range []audit.Search{{Look: 1}, {Look: 7}, {Limit: 1}, {Limit: 3, Look: 5}, {}} {
				for _, forward := range []bool{true, false} {
					piece.Filter, piece.Forward = f, forward
					got := inPieces(t, s, piece)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%+v (-want +got):\n%s", piece, diff)
					}
				}
			}
		})
	}
}

// inPieces goes on with a search until its end.
func inPieces(t *testing.T, s *Store, q audit.Search) (got []uint64) {
	t.Helper()
	for range 50 {
		found, err := s.SearchAudit(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if q.Look > 0 && found.Looked > q.Look || q.Limit > 0 && len(found.Entries) > q.Limit {
			t.Fatalf("got %d of %d looked at, want at most %d of %d", len(found.Entries), found.Looked, q.Limit, q.Look)
		}
		var seqs []uint64
		for _, e := range found.Entries {
			seqs = append(seqs, e.Seq)
		}
		if q.Forward {
			got, q.Since = append(got, seqs...), found.High
		} else {
			got, q.Before = append(seqs, got...), found.Low
		}
		if found.End {
			return got
		}
	}
	t.Fatal("the search has no end")
	return nil
}

// TestSearchStaysWithin: numbers bound a search at both ends, and where it stopped
// is said.
func TestSearchStaysWithin(t *testing.T) {
	s, list := searched(t)
	for name, tt := range map[string]struct {
		q         audit.Search
		low, high uint64
		looked    int
		end       bool
	}{
		"nothing above":    {audit.Search{Since: 40, Forward: true}, 0, 0, 0, true},
		"nothing below":    {audit.Search{Before: 1}, 0, 0, 0, true},
		"below what is":    {audit.Search{Before: 99, Limit: 2}, 39, 40, 2, false},
		"between, back":    {audit.Search{Since: 10, Before: 20}, 11, 19, 9, true},
		"between, forward": {audit.Search{Since: 10, Before: 20, Forward: true, Look: 4}, 11, 14, 4, false},
		"the last of all":  {audit.Search{Before: 3, Limit: 2}, 1, 2, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.SearchAudit(t.Context(), tt.q)
			if err != nil {
				t.Fatal(err)
			}
			if got.Low != tt.low || got.High != tt.high || got.Looked != tt.looked || got.End != tt.end {
				t.Errorf("got %d to %d, %d looked at, end %v; want %d to %d, %d, %v", got.Low, got.High, got.Looked, got.End, tt.low, tt.high, tt.looked, tt.end)
			}
			if !slices.IsSortedFunc(got.Entries, func(a, b audit.Entry) int { return int(a.Seq) - int(b.Seq) }) {
				t.Error("got entries in another order than the log's")
			}
			if n := len(list); tt.looked > 0 && !slices.ContainsFunc(list[:n], func(e audit.Entry) bool { return e.At.Equal(got.At) }) {
				t.Errorf("got a search that ended at %s, want an entry's time", got.At)
			}
		})
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.SearchAudit(gone, audit.Search{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v of a caller that has gone, want its error", err)
	}
}

// BenchmarkSearchAudit looks through 200,000 entries, most of the log that is kept.
func BenchmarkSearchAudit(b *testing.B) {
	s := openTest(b, filepath.Join(b.TempDir(), "db"), Config{AuditKeep: 300_000})
	for n := range 200 {
		batch := many(1000, audit.Refused{Reason: "unproven", File: "0004f2a1b2c3.cfg", Times: 3})
		for i := range batch {
			batch[i].MAC, batch[i].By = testMAC(n), audit.Actor{Front: "http", Identity: "mac:00:15:65:01:02:03"}
		}
		if err := s.Record(b.Context(), batch...); err != nil {
			b.Fatal(err)
		}
	}
	for _, bb := range []struct {
		name string
		q    audit.Search
	}{
		{"newest 100", audit.Search{Limit: 100}},
		{"before the middle", audit.Search{Before: 100_000, Limit: 100}},
		{"a name nobody has, one call", audit.Search{Filter: audit.Filter{Name: "nobody"}, Look: 50_000}},
		{"a name nobody has, all", audit.Search{Filter: audit.Filter{Name: "nobody"}}},
		{"a time nobody has, all", audit.Search{Filter: audit.Filter{To: noon.AddDate(-1, 0, 0)}}},
		{"a device, all", audit.Search{Filter: audit.Filter{MAC: testMAC(7)}, Limit: 1000}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.SearchAudit(b.Context(), bb.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
