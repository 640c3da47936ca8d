package provision_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// lostCondition is what operators are told of phones without a number.
func lostCondition(b *health.Board) (health.Condition, bool) {
	list := b.List()
	i := slices.IndexFunc(list, func(c health.Condition) bool { return c.Code == provision.CodeLost })
	if i < 0 {
		return health.Condition{}, false
	}
	return list[i], true
}

// override writes one override of a device, or takes it away.
func (s studio) override(t *testing.T, mac phone.MAC, name, value string) error {
	t.Helper()
	_, err := s.Edit(t.Context(), operator, mac, 0, func(d *phone.Device) error {
		d.Overrides = map[string]string{name: value}
		if value == "" {
			d.Overrides = nil
		}
		return nil
	})
	return err
}

// TestASiteThatGainsANumberTellsWhoHasNot: an override from before keeps its phone
// from the new number, and nobody may find that out by dialling it.
func TestASiteThatGainsANumberTellsWhoHasNot(t *testing.T) {
	const number = "phone_setting.emergency.number"
	s := newStudio(t)
	if err := s.override(t, t46, number, "112,999"); err != nil {
		t.Fatal(err)
	}
	if c, is := lostCondition(s.board); is {
		t.Fatalf("with every number: told %+v", c)
	}
	lost, err := s.WouldLose([]string{"112", "911"})
	if err != nil || len(lost) != 1 || lost[0].MAC != t46 || lost[0].Parameter != number || lost[0].Number != "911" || lost[0].From != "override" {
		t.Errorf("asked before: got %+v and %v, want 911 lost by one", lost, err)
	}
	if _, err := s.WouldLose([]string{"help!"}); err == nil {
		t.Error("no number: taken")
	}

	kept := s.store.devices[t46]
	s = openStudio(t, s.dir, "112", "911")
	s.store.devices[t46] = kept
	if err := s.OpenTemplates(); err != nil { // the start
		t.Fatal(err)
	}
	c, is := lostCondition(s.board)
	for _, want := range []string{t46.String(), number, "911"} {
		if !is || !strings.Contains(c.Detail, want) {
			t.Errorf("told %q, want %q in it", c.Detail, want)
		}
	}
	if got := s.LostNumbers(t46); len(got) != 1 || got[0].Number != "911" {
		t.Errorf("of the device: got %+v, want 911", got)
	}
	if got := s.LostNumbers(t48); len(got) != 0 {
		t.Errorf("of another: got %+v, want none", got)
	}
	if _, err := s.Edit(t.Context(), operator, t46, 0, func(d *phone.Device) error { d.Label = "Hall"; return nil }); err != nil {
		t.Errorf("another change: got %v, want it to go through", err)
	}
	if got := s.LostNumbers(t46); len(got) != 1 {
		t.Errorf("after another change: got %+v, want it told still", got)
	}
	if err := s.override(t, t46, number, "112,911,999"); err != nil {
		t.Fatal(err)
	}
	if c, is := lostCondition(s.board); is || len(s.LostNumbers(t46)) != 0 {
		t.Errorf("corrected: told %+v", c)
	}
}
