package store

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/phone"
)

// TestLeaseTextIsJSON writes leases by hand and by encoding/json, and reads
// them back by hand. The filled one has every field there is, so a new one that
// is not written by hand shows.
func TestLeaseTextIsJSON(t *testing.T) {
	hold := func(t rapid.TB, s storedLease, byHand bool) {
		t.Helper()
		s.V = leaseSchema
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := appendLease(nil, &s)
		if ok && !bytes.Equal(got, want) || byHand && !ok {
			t.Fatalf("written by hand %t, got  %s\nwant %s", ok, got, want)
		}
		back, ok := readLease(want)
		if ok && !reflect.DeepEqual(back, s) || byHand && !ok {
			t.Fatalf("read by hand %t, got %+v\nwant %+v", ok, back, s)
		}
		value, err := encodeLease(s)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseLease(value); err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("got %+v, %v\nwant %+v", again, err, s)
		}
	}
	hold(t, storeLease(filled[phone.Lease](t)), true)
	hold(t, storedLease{Addr: netip.MustParseAddr("10.20.0.57"), State: phone.Bound}, true)
	text := rapid.OneOf(rapid.StringMatching(`[ -~]{0,20}`), rapid.String())
	when := rapid.Custom(func(t *rapid.T) time.Time {
		return stamp(time.Unix(rapid.Int64Range(-1, 1<<34).Draw(t, "s"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")))
	})
	rapid.Check(t, func(t *rapid.T) {
		s := storedLease{
			Addr: netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address"))), State: phone.LeaseState(text.Draw(t, "state")),
			MAC: storedMAC(rapid.SliceOfN(rapid.Byte(), 6, 6).Draw(t, "mac")), Start: when.Draw(t, "start"), Expires: when.Draw(t, "expires"),
			Host: text.Draw(t, "host"), Class: text.Draw(t, "class"), Vendor: phone.Vendor(text.Draw(t, "vendor")), Model: text.Draw(t, "model"),
		}
		if id := rapid.SliceOf(rapid.Byte()).Draw(t, "id"); len(id) > 0 {
			s.ClientID = id
		}
		for _, v := range []*string{(*string)(&s.State), &s.Host, &s.Class, (*string)(&s.Vendor), &s.Model} {
			*v = string(bytes.ToValidUTF8([]byte(*v), nil)) // else JSON itself changes it
		}
		hold(t, s, false)
	})
}

// FuzzLeaseText wants of whatever is read by hand that encoding/json reads the
// same.
func FuzzLeaseText(f *testing.F) {
	for _, s := range []storedLease{
		{Addr: netip.MustParseAddr("10.20.0.57")},
		{Addr: netip.MustParseAddr("fe80::1"), MAC: storedMAC{1, 2, 3, 4, 5, 6}, ClientID: []byte{1, 2}, State: phone.Released, Start: time.Unix(1, 0).UTC(), Host: "a"},
	} {
		s.V = leaseSchema
		text, ok := appendLease(nil, &s)
		if !ok {
			f.Fatal("not written by hand")
		}
		f.Add(text)
	}
	f.Add([]byte(leaseHead + `10.0.0.1","state":"bound","state":"released"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := readLease(b)
		if !ok {
			return
		}
		var want storedLease
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatalf("read %+v from what is no lease: %v", got, err)
		}
		if len(got.ClientID)+len(want.ClientID) == 0 {
			got.ClientID, want.ClientID = nil, nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}
