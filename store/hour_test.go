package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
)

// TestHoursAreKept over a restart, each as it was saved last, oldest first.
func TestHoursAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := open(t, path)
	if got, err := s.Hours(); err != nil || len(got) != 0 {
		t.Fatalf("of a new file: got %v, %v, want none", got, err)
	}
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	old, now := phone.Hour{Start: at.Add(-800 * time.Hour), Full: 1}, phone.Hour{Start: at, Full: 2, Enrolled: 1}
	if err := s.SaveHours(t.Context(), []phone.Hour{now, old}, nil); err != nil {
		t.Fatal(err)
	}
	now.Refused, now.Holding, now.Challenged = 3, 4, 5
	next := phone.Hour{Start: at.Add(time.Hour), Full: 7}
	if err := s.SaveHours(t.Context(), []phone.Hour{next, now}, []time.Time{old.Start}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, path).Hours()
	if diff := cmp.Diff([]phone.Hour{now, next}, got); diff != "" || err != nil {
		t.Errorf("after a restart (-want +got), %v:\n%s", err, diff)
	}
}
