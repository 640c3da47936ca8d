package admin_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// leasing is a box of which alice's phone A has a lease, B one that is over, C none
// but an address kept for it, and a stranger one more.
func leasing(t testing.TB) *box {
	t.Helper()
	b := findable(t)
	rec := b.records[macC]
	rec.Device.Addr = netip.MustParseAddr("10.20.0.100")
	b.records[macC] = rec
	b.books.more = []phone.Lease{{
		Addr: netip.MustParseAddr("10.20.0.19"), MAC: phone.MAC{2, 0, 0, 0, 0, 1}, State: phone.Bound, Start: start, Expires: start.Add(2 * time.Hour), Host: "Laptop",
	}}
	return b
}

// TestLeasesAreFound: by what is known of them and of their device, by their
// state, in the order asked for, a page at a time.
func TestLeasesAreFound(t *testing.T) {
	b := leasing(t)
	for _, tt := range []struct {
		q    admin.LeaseQuery
		want string // the last part of the addresses
	}{
		{admin.LeaseQuery{}, "9 19 60 100"},
		{admin.LeaseQuery{Sort: "-address"}, "100 60 19 9"},
		{admin.LeaseQuery{Text: "10.20.0.1"}, "19 100"},
		{admin.LeaseQuery{Text: "0015.654a"}, "9"},
		{admin.LeaseQuery{Text: "LAPTOP"}, "19"},
		{admin.LeaseQuery{Text: "ångström"}, "9"},
		{admin.LeaseQuery{Text: "207 .9"}, "9"},
		{admin.LeaseQuery{Text: "laptop .9"}, ""},
		{admin.LeaseQuery{Text: "front desk"}, "9 60"},
		{admin.LeaseQuery{Text: "nobody"}, ""},
		{admin.LeaseQuery{State: "live"}, "9 19"},
		{admin.LeaseQuery{State: "over"}, "60"},
		{admin.LeaseQuery{State: "reserved"}, "100"},
		{admin.LeaseQuery{Sort: "mac"}, "100 60 9 19"},
		{admin.LeaseQuery{Sort: "host"}, "19 9 60 100"},
		{admin.LeaseQuery{Sort: "-host"}, "19 100 60 9"},
		{admin.LeaseQuery{Sort: "-expires", Limit: 1}, "19"},
		{admin.LeaseQuery{Offset: 1, Limit: 2}, "19 60"},
		{admin.LeaseQuery{Offset: 9, Limit: 2}, ""},
	} {
		got, err := b.client.FindLeases(t.Context(), tt.q)
		if err != nil {
			t.Fatal(err)
		}
		var last []string
		for _, l := range got.Leases {
			last = append(last, l.Address.String()[strings.LastIndex(l.Address.String(), ".")+1:])
		}
		if strings.Join(last, " ") != tt.want {
			t.Errorf("%+v: got %s, want %s", tt.q, strings.Join(last, " "), tt.want)
		}
		if tt.q.Limit > 0 && got.Total != 4 {
			t.Errorf("%+v: got %d in all, want 4", tt.q, got.Total)
		}
	}
	got, err := b.client.FindLeases(t.Context(), admin.LeaseQuery{Text: "10.20", State: "live"})
	if err != nil || fmt.Sprint(got.States) != "map[live:2 over:1 reserved:1]" {
		t.Errorf("got %v and %v, want what the other states have as well", got.States, err)
	}
	if l := got.Leases[0]; !l.Known || l.Label != "Reception" || got.Leases[1].Known {
		t.Errorf("got %+v, want the first one's device named and no other", got.Leases)
	}
}

// TestLeasesAreNotFound for what the box cannot look for.
func TestLeasesAreNotFound(t *testing.T) {
	b := leasing(t)
	for name, q := range map[string]admin.LeaseQuery{
		"a column there is not": {Sort: "class"}, "a state there is not": {State: "lost"}, "too many": {Limit: 1001}, "too long": {Text: strings.Repeat("x", 201)},
	} {
		_, err := b.client.FindLeases(t.Context(), q)
		if e := refusal(t, err); e.Status != http.StatusBadRequest || e.Hint == "" {
			t.Errorf("%s: got %d %q", name, e.Status, e.Hint)
		}
	}
}

// BenchmarkLeases asks for a page of 10,000 leases of as many devices, with 1,000
// events a minute.
func BenchmarkLeases(b *testing.B) {
	s := newSite(b, 10_000, 1000)
	s.lease(b)
	for name, q := range map[string]admin.LeaseQuery{
		"first": {}, "last": {Offset: 9_950}, "search-address": {Text: "10.20.17."}, "search-name": {Text: "anna müller"}, "search-nobody": {Text: "zzz"}, "sort-host": {Sort: "-host"}, "sort-label": {Sort: "label"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				q.Limit = 50
				if _, err := s.client.FindLeases(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// lease gives every phone of the site an address.
func (s *site) lease(t testing.TB) {
	t.Helper()
	now := time.Now()
	list := make([]phone.Lease, len(s.macs))
	for i, mac := range s.macs {
		list[i] = phone.Lease{
			Addr: netip.AddrFrom4([4]byte{10, 20, byte(i >> 8), byte(i)}), MAC: mac, State: phone.Bound, ClientID: mac[:], Start: now, Expires: now.Add(time.Hour),
			Host: fmt.Sprintf("SIP-T46G-%05d", i*7919%10_000), Vendor: "yealink", Model: "T46G",
		}
	}
	if err := s.store.SaveLeases(t.Context(), list); err != nil {
		t.Fatal(err)
	}
}
