package admin_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/provision"
)

// A call that fails after the list was read is not acknowledged with it.
func TestEmergencyCallsAreAcknowledgedUpToTheOneSeen(t *testing.T) {
	b := newBox(t, nil)
	b.desk.unhelped = []provision.UnhelpedCall{{Number: 7, Dialled: "112", Outcome: "failed"}, {Number: 8, Dialled: "110", Outcome: "refused"}}
	list, err := b.client.UnhelpedCalls(t.Context())
	if err != nil || len(list.Calls) != 2 || !strings.Contains(list.Next, "lineside emergency acknowledge") {
		t.Fatalf("got %+v, %v, want both and what to do", list, err)
	}
	b.desk.unhelped = append(b.desk.unhelped, provision.UnhelpedCall{Number: 9})
	if done, err := b.client.AcknowledgeEmergencies(t.Context(), 8); err != nil || done.Calls != 2 {
		t.Errorf("got %+v, %v, want two acknowledged", done, err)
	}
	if left := b.desk.UnhelpedCalls(); len(left) != 1 || left[0].Number != 9 {
		t.Errorf("left %+v, want the one that came later", left)
	}
	if _, err := b.client.AcknowledgeEmergencies(t.Context(), 8); err == nil || !strings.Contains(err.Error(), "no emergency call waits") {
		t.Errorf("again: got %v, want that none waits", err)
	}
}

// The numbers asked for are those that are looked with; without any, the site's are.
func TestLostNumbersAreLookedForWithTheNumbersAsked(t *testing.T) {
	b := newBox(t, nil)
	for _, tt := range []struct{ asked, want []string }{{nil, b.desk.Site().Emergency}, {[]string{"999", "112"}, []string{"999", "112"}}} {
		got, err := b.client.LostNumbers(t.Context(), tt.asked)
		var numbers []string
		for _, l := range got.Lost {
			numbers = append(numbers, l.Number)
		}
		if err != nil || !slices.Equal(numbers, tt.want) {
			t.Errorf("asked %q: got %q and %v, want %q", tt.asked, numbers, err, tt.want)
		}
	}
	if _, err := b.client.LostNumbers(t.Context(), slices.Repeat([]string{"112"}, 65)); err == nil {
		t.Error("more numbers than are looked with at once: got no error")
	}
	b.desk.lost = []provision.LostNumber{{MAC: macA, Number: "112", Text: "it has no 112"}}
	if d, err := b.client.Device(t.Context(), macA); err != nil || len(d.EmergencyLost) != 1 || d.EmergencyLost[0].Text != "it has no 112" {
		t.Errorf("of a device: got %+v and %v, want what it lost", d.EmergencyLost, err)
	}
}
