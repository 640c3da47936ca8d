package admin_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// findable adds a device without anything beside the two there are, and alice.
func findable(t testing.TB) *box {
	t.Helper()
	b := newBox(t, nil)
	b.records[macC] = auth.Record{Rev: 1, Device: phone.Device{MAC: macC, Vendor: "snom", Created: start.Add(1)}, Enrolment: auth.Enrolment{State: auth.Blocked}}
	b.putUser(phone.User{ID: "alice", Extension: "207", First: "Alice", Last: "Ångström"})
	return b
}

// labels is what a list has, each by one letter.
func labels(devices []admin.Device) string {
	name := map[phone.MAC]string{macA: "A", macB: "B", macC: "C"}
	var all strings.Builder
	for _, d := range devices {
		all.WriteString(name[d.MAC])
	}
	return all.String()
}

// TestDevicesAreFound: by everything that is written of them, in any case.
// Of A (00:15:65:4a:a9:37) alice is the owner.
func TestDevicesAreFound(t *testing.T) {
	b := findable(t)
	for _, tt := range []struct {
		q    admin.Query
		want string
	}{
		{admin.Query{}, "CBA"},
		{admin.Query{Text: "00:15:65:4A"}, "A"},
		{admin.Query{Text: "0015.654a"}, "A"},
		{admin.Query{Text: "4a a9 37"}, "A"},
		{admin.Query{Text: "00-04"}, "CB"},
		{admin.Query{Text: "0a0b0c"}, "C"},
		{admin.Query{Text: "0015654aa9370"}, ""},
		{admin.Query{Text: "RECEP"}, "A"},
		{admin.Query{Text: "alice"}, "A"},
		{admin.Query{Text: "ångström"}, "A"},
		{admin.Query{Text: "ÅNGSTRÖM Alice"}, "A"},
		{admin.Query{Text: "alice vvx410"}, ""},
		{admin.Query{Text: "207"}, "A"},
		{admin.Query{Text: "1002"}, "B"},
		{admin.Query{Text: "front desk"}, "BA"},
		{admin.Query{Text: "poly"}, "B"},
		{admin.Query{Text: "t46g"}, "A"},
		{admin.Query{Text: plainPIN}, ""},
		{admin.Query{Text: plainLine}, ""},
		{admin.Query{State: "needed"}, "B"},
		{admin.Query{State: "enrolling"}, "B"},
		{admin.Query{State: "suspended"}, ""},
		{admin.Query{Vendor: "snom"}, "C"},
		{admin.Query{Model: "vvx410"}, "B"},
		{admin.Query{Owner: "alice"}, "A"},
		{admin.Query{Facts: []string{"owned"}}, "A"},
		{admin.Query{Facts: []string{"unowned"}, State: "blocked"}, "C"},
		{admin.Query{Facts: []string{"overrides", "seen"}}, "A"},
		{admin.Query{Facts: []string{"unseen"}}, ""},
		{admin.Query{Facts: []string{"platform"}}, ""},
		{admin.Query{Sort: "mac"}, "CBA"},
		{admin.Query{Sort: "-mac"}, "ABC"},
		{admin.Query{Sort: "label"}, "BAC"},
		{admin.Query{Sort: "-label"}, "ABC"},
		{admin.Query{Sort: "owner"}, "ACB"},
		{admin.Query{Sort: "-extension"}, "ACB"},
		{admin.Query{Sort: "state"}, "CBA"},
		{admin.Query{Sort: "-state"}, "ABC"},
		{admin.Query{Sort: "created"}, "BAC"},
		{admin.Query{Sort: "-created", Limit: 1}, "C"},
		{admin.Query{Sort: "vendor", Offset: 1, Limit: 1}, "C"},
		{admin.Query{Sort: "-vendor", Offset: 2, Limit: 5}, "B"},
		{admin.Query{Offset: 9}, ""},
	} {
		t.Run(strings.Trim(tt.q.Text+" "+tt.q.Sort+" "+tt.q.State, " "), func(t *testing.T) {
			page, err := b.client.Devices(t.Context(), tt.q)
			if err != nil {
				t.Fatal(err)
			}
			if got := labels(page.Devices); got != tt.want {
				t.Errorf("%+v: got %q, want %q", tt.q, got, tt.want)
			}
		})
	}
}

// TestStatesAreCounted over what matches but for the state, whatever page it is.
func TestStatesAreCounted(t *testing.T) {
	b := findable(t)
	page, err := b.client.Devices(t.Context(), admin.Query{State: "needed", Text: "00:04", Limit: 1, Offset: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"needed": 1, "failed": 0, "blocked": 1, "successful": 0, "enrolling": 1, "suspended": 0}
	if diff := cmp.Diff(want, page.States); diff != "" || page.Total != 1 || len(page.Devices) != 0 {
		t.Errorf("total %d, %d devices, states (-want +got):\n%s", page.Total, len(page.Devices), diff)
	}
	page, err = b.client.Devices(t.Context(), admin.Query{State: "needed", Vendor: "yealink"})
	if err != nil || page.Total != 0 || page.Vendors["poly"] != 1 || page.Vendors["snom"] != 0 {
		t.Errorf("got %d devices, vendors %v, %v; want none, and the one of poly's counted all the same", page.Total, page.Vendors, err)
	}
	page, err = b.client.Devices(t.Context(), admin.Query{Owner: "alice"})
	if err != nil || len(page.Devices) != 1 || page.Devices[0].OwnerName != "Alice Ångström" || page.Devices[0].Extension != "207" {
		t.Errorf("got %+v, %v; want the owner's name and extension", page.Devices, err)
	}
}

// TestSearchIsBounded: what is no query is refused, and says what there is.
func TestSearchIsBounded(t *testing.T) {
	b := newBox(t, nil)
	for query, want := range map[string]string{
		"q=" + strings.Repeat("x", 201):  "longer than 200 bytes or 16 words",
		"q=" + strings.Repeat("a+", 17):  "longer than 200 bytes or 16 words",
		"sort=password":                  "write mac, vendor",
		"fact=ticket,rich":               "write platform, changed-here",
		"state=happy":                    "write needed, failed, blocked, successful, enrolling or suspended",
		"vendor=acme":                    "is not served",
		"offset=-1":                      "is not a number",
		"limit=1001":                     "is not a number from 0 to 1000",
		"sort=--mac":                     "write mac, vendor",
		"fact=owned&fact=owned,&limit=0": "",
	} {
		got := b.call(t, "GET", "/api/v1/devices?"+query, "")
		if bad := want != ""; (got.status == 400) != bad || !strings.Contains(got.body, want) {
			t.Errorf("%s: got %d %s, want %q", query, got.status, got.body, want)
		}
	}
}

// TestPickedIsWhatSortingGives: the first of a list are the same, whether they
// were picked out or all of it was put in order.
func TestPickedIsWhatSortingGives(t *testing.T) {
	b := newBox(t, nil)
	clear(b.records)
	for i := range 400 {
		mac := phone.MAC{0, 0x15, 0x65, 0, byte(i >> 8), byte(i)}
		b.records[mac] = auth.Record{Rev: 1, Device: phone.Device{MAC: mac, Vendor: "snom", Label: strings.Repeat("x", i*37%50)}}
	}
	for _, column := range []string{"label", "-label", "vendor"} {
		all, err := b.client.AllDevices(t.Context(), admin.Query{Sort: column})
		if err != nil || len(all) != 400 {
			t.Fatalf("got %d devices, %v; want 400", len(all), err)
		}
		for _, at := range []int{0, 90, 250} {
			page, err := b.client.Devices(t.Context(), admin.Query{Sort: column, Offset: at, Limit: 5})
			if err != nil {
				t.Fatal(err)
			}
			for i, d := range page.Devices {
				if d.MAC != all[at+i].MAC {
					t.Errorf("%s, %d: got %s, want %s", column, at+i, d.MAC, all[at+i].MAC)
				}
			}
		}
	}
}
