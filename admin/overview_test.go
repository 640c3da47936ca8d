package admin_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// TestOverviewCounts what there is: devices by state and vendor, addresses by
// what they are doing, hours and days with the empty ones.
func TestOverviewCounts(t *testing.T) {
	b := newBox(t, nil)
	rec := b.records[macB]
	rec.Device.Addr = netip.MustParseAddr("10.20.0.12")
	b.records[macB] = rec
	o, err := b.client.Overview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"total": 2, "needed": 1, "failed": 0, "blocked": 0, "successful": 1, "enrolling": 1, "suspended": 0}
	if diff := cmp.Diff(want, o.States); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[phone.Vendor]admin.VendorCount{"yealink": {Total: 1, Successful: 1}, "poly": {Total: 1}}, o.Vendors); diff != "" {
		t.Errorf("vendors (-want +got):\n%s", diff)
	}
	// Of 10.20.0.8 to .17: .9 is leased, .12 is B's, .14 the settings'; .60, given
	// back, is in another pool of one address.
	got := o.DHCP.Pools
	if o.DHCP.Mode != "server" || len(got) != 2 {
		t.Fatalf("got %+v, want two pools of a server", o.DHCP)
	}
	for i, want := range []admin.Pool{{Size: 10, Used: 1, Reserved: 2, Free: 7}, {Size: 1, Free: 1}} {
		if p := got[i]; p.Size != want.Size || p.Used != want.Used || p.Reserved != want.Reserved || p.Free != want.Free || p.Resting != 0 {
			t.Errorf("pool %d: got %+v, want %+v", i, p, want)
		}
	}
	if len(o.Hours) != 24 || o.Hours[23].Full != 3 || o.Hours[23].Enrolled != 1 || !o.Hours[23].Start.Equal(start) {
		t.Errorf("hours: got %+v, want 24, the last with three configs", o.Hours)
	}
	if len(o.Days) != 30 || o.Days[29].Full != 3 || o.Days[27].Full != 2 || o.Days[28].Full != 0 {
		t.Errorf("days: got %+v, want 30, with 2, 0 and 3 configs at the end", o.Days)
	}
}

// TestPhonesAreListed the latest heard first, visitors among the others.
func TestPhonesAreListed(t *testing.T) {
	b := newBox(t, nil)
	b.putUser(phone.User{ID: "alice", Extension: "207", First: "Alice"})
	for state, want := range map[string]string{"": "CBA", "visitor": "C", "unfinished": "CB", "needed": "B", "enrolling": "B", "blocked": ""} {
		list, err := b.client.Phones(t.Context(), state, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		var devices []admin.Device
		for _, p := range list.Phones {
			devices = append(devices, admin.Device{MAC: p.MAC})
			if p.Next == "" || p.State == "" {
				t.Errorf("%s: got %+v, want a state and a next step", p.MAC, p)
			}
		}
		if got := labels(devices); got != want || list.Total != len(want) {
			t.Errorf("%q: got %q of %d, want %q", state, got, list.Total, want)
		}
	}
	list, err := b.client.Phones(t.Context(), "successful", "", 1)
	if err != nil || len(list.Phones) != 1 || list.Phones[0].Owner != "Alice" || list.Phones[0].Label != "Reception" {
		t.Errorf("got %+v, %v; want Alice's phone", list, err)
	}
	if got := b.call(t, "GET", "/api/v1/phones?state=rich", ""); got.status != 400 {
		t.Errorf("got %d %s, want it refused", got.status, got.body)
	}
}

// TestNextOfAState is the same for a device wherever it is listed.
func TestNextOfAState(t *testing.T) {
	b := newBox(t, nil)
	rec := b.records[macB]
	rec.Enrolment = auth.Enrolment{State: auth.Failed, Until: start.Add(time.Minute)}
	b.records[macB] = rec
	list, err := b.client.Phones(t.Context(), "failed", "", 0)
	if err != nil || len(list.Phones) != 1 {
		t.Fatalf("got %+v, %v; want the phone", list, err)
	}
	d, err := b.client.Device(t.Context(), macB)
	if err != nil || d.Enrolment.Next != list.Phones[0].Next || d.Enrolment.State != list.Phones[0].State {
		t.Errorf("got %q and %q, %v; want the same", d.Enrolment.Next, list.Phones[0].Next, err)
	}
}
