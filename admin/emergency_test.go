package admin_test

import (
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
