package central_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// acts is what the platform answers to an act of a site's box.
func (l *lab) acts(site string, a wire.Act) wire.Reply {
	l.t.Helper()
	q, err := json.Marshal(wire.Request{V: wire.Version, ID: "x", Act: &a})
	if err != nil {
		l.t.Fatal(err)
	}
	return answer(l.t, l, l.p, site, "act", q)
}

// TestActsOfABox: what people at a site ask for is done to the site's own
// devices, as long as policy lets them, and kept under their name.
func TestActsOfABox(t *testing.T) {
	l := newLab(t)
	here, there := l.operated("Berlin"), l.operated("Munich")
	by := l.p.As("anna")
	vendor := "yealink"
	ours, theirs := parseMAC(t, "00:15:65:00:00:01"), parseMAC(t, "00:15:65:00:00:02")
	made, err := by.AddDevice(ours, here.id, central.DeviceEdit{Vendor: &vendor})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := by.AddDevice(theirs, there.id, central.DeviceEdit{Vendor: &vendor}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		act  wire.Act
		want string // in the no; empty is a yes
	}{
		"a reset":                {wire.Act{Do: wire.ActReset, MAC: ours.Hex(), By: "cli root"}, ""},
		"an unblock":             {wire.Act{Do: wire.ActUnblock, MAC: ours.Hex()}, ""},
		"no brand's password":    {wire.Act{Do: wire.ActAllowOTP, MAC: ours.Hex()}, "a password of the brand yealink"},
		"another site's device":  {wire.Act{Do: wire.ActReset, MAC: theirs.Hex()}, "keeps no such device at this site"},
		"nobody's device":        {wire.Act{Do: wire.ActReset, MAC: "001565000009"}, "keeps no such device at this site"},
		"no device at all":       {wire.Act{Do: wire.ActReset, MAC: "all"}, "keeps no such device at this site"},
		"a word of a later time": {wire.Act{Do: "promote", MAC: ours.Hex()}, "does not do that for boxes"},
	} {
		r := l.acts(here.id, tt.act)
		if r.Act == nil || (r.Act.No == "") != (tt.want == "") || !strings.Contains(r.Act.No, tt.want) {
			t.Errorf("%s: got %+v, want a no with %q, a yes where that is empty", name, r.Act, tt.want)
		}
	}
	if d, err := l.p.Device(ours); err != nil || d.Resets != 1 {
		t.Errorf("got %d resets (%v), want 1", d.Resets, err)
	}
	if d, err := l.p.Device(theirs); err != nil || d.Resets != 0 {
		t.Errorf("the other site's: got %d resets (%v), want none", d.Resets, err)
	}
	pin := here.secret(t, l.held(here.id)[wire.DocID(wire.DeviceDoc, ours.Hex())], "pin")
	if pin == made["pin"].Reveal() {
		t.Error("the box was told the PIN from before the reset")
	}
	deeds, _, err := l.p.Audit(central.AuditQuery{By: "at the box: cli root", Limit: 10})
	if err != nil || len(deeds) != 1 || deeds[0].What != "device reset" || deeds[0].Site != here.id {
		t.Errorf("audit: got %+v, %v, want the reset in the box's operator's name", deeds, err)
	}
}

// TestConditionsOfABox: what a box tells of itself between two hellos counts.
func TestConditionsOfABox(t *testing.T) {
	l := newLab(t)
	b := l.operated("Berlin")
	for _, tt := range []struct {
		told        *[]string
		rules       []string
		want, ruled []string
	}{
		{&[]string{"disk-full", "clock"}, []string{"first_contact otp, not pin"}, []string{"disk-full", "clock"}, []string{"first_contact otp, not pin"}},
		{nil, nil, []string{"disk-full", "clock"}, []string{"first_contact otp, not pin"}},
		{&[]string{}, []string{strings.Repeat("x", 1000)}, nil, []string{strings.Repeat("x", 64)}},
		{&[]string{}, nil, nil, nil},
	} {
		q, err := json.Marshal(wire.Request{V: wire.Version, ID: "x", Push: &wire.Push{Conditions: tt.told, LocalRules: tt.rules}})
		if err != nil {
			t.Fatal(err)
		}
		answer(t, l, l.p, b.id, "push", q)
		if s, err := l.p.Site(b.id); err != nil || !slices.Equal(s.Conditions, tt.want) {
			t.Errorf("told %v: got %q, %v, want %q", tt.told, s.Conditions, err, tt.want)
		} else if !slices.Equal(s.LocalRules, tt.ruled) {
			t.Errorf("told the rules %q: got %q, want %q", tt.rules, s.LocalRules, tt.ruled)
		}
	}
}

// TestActsRefused: policy forbids them, an hour holds so many, a revoked site
// has none.
func TestActsRefused(t *testing.T) {
	l := newLab(t)
	b := l.operated("Berlin")
	by, mac, vendor := l.p.As("anna"), parseMAC(t, "00:15:65:00:00:01"), "yealink"
	if _, err := by.AddDevice(mac, b.id, central.DeviceEdit{Vendor: &vendor}); err != nil {
		t.Fatal(err)
	}
	reset := wire.Act{Do: wire.ActReset, MAC: mac.Hex()}
	for n := 1; n <= central.MaxActs+1; n++ {
		if r := l.acts(b.id, reset); r.Act == nil || (r.Act.No == "") != (n <= central.MaxActs) {
			t.Fatalf("the %d. of an hour: got %+v, want %d done", n, r.Act, central.MaxActs)
		}
	}
	policy, _, err := l.p.Policy(b.id)
	if err != nil {
		t.Fatal(err)
	}
	policy.LocalChanges = false
	if err := by.SetPolicy(b.id, policy); err != nil {
		t.Fatal(err)
	}
	if r := l.acts(b.id, reset); r.Act == nil || r.Act.No != central.ErrLocalChanges.Error() {
		t.Errorf("policy forbids it: got %+v", r.Act)
	}
	if d, err := l.p.Device(mac); err != nil || d.Resets != central.MaxActs {
		t.Errorf("got %d resets (%v), want %d", d.Resets, err, central.MaxActs)
	}
	if err := by.RevokeSite(b.id); err != nil {
		t.Fatal(err)
	}
	if r := l.acts(b.id, reset); r.Refused == nil || r.Refused.Reason != wire.Revoked {
		t.Errorf("a revoked site: got %s, want it refused", fmt.Sprint(r.Act, r.Refused))
	}
}
