package health_test

import (
	"testing"
	"time"

	"github.com/lineside/lineside/health"
)

func TestBoard(t *testing.T) {
	var b health.Board
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b.Raise(start, health.Condition{Code: "b", Detail: "first"})
	b.Raise(start.Add(time.Second), health.Condition{Code: "a"})
	b.Raise(start.Add(time.Minute), health.Condition{Code: "b", Detail: "second"})
	list := b.List()
	if len(list) != 2 || list[0].Code != "b" || list[0].Detail != "second" || !list[0].Since.Equal(start) {
		t.Errorf("got %+v, want b first, with its new detail and its old start", list)
	}
	b.Clear("b")
	if list := b.List(); len(list) != 1 || list[0].Code != "a" {
		t.Errorf("after clearing b: got %+v", list)
	}
}

// TestKindNamesNoPhone: kinds are labels of a metric, and have to be few.
func TestKindNamesNoPhone(t *testing.T) {
	for code, want := range map[string]string{"store-write": "store-write", "enrolment-stalled:00:15:65:00:00:01": "enrolment-stalled", "": ""} {
		if got := (health.Condition{Code: code}).Kind(); got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
}
