package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// TestPINSheet lists the PINs that are still asked for, by label, and leaves one
// entry in the audit log; where there is none, none.
func TestPINSheet(t *testing.T) {
	b := newBox(t, nil)
	sheet, err := b.client.PINs(t.Context(), admin.Query{})
	if err != nil || sheet.Total != 1 || len(sheet.PINs) != 1 || sheet.PINs[0].MAC != macB || sheet.PINs[0].PIN == "" {
		t.Fatalf("got %+v, %v; want the one device that needs its PIN", sheet, err)
	}
	before := len(b.books.events)
	if none, err := b.client.PINs(t.Context(), admin.Query{Text: "reception"}); err != nil || len(none.PINs) != 0 {
		t.Errorf("got %+v, %v; want no PIN of an authenticated phone", none, err)
	}
	if after := len(b.books.events); after != before {
		t.Errorf("got %d entries for no PIN, want none", after-before)
	}
	shown := ""
	for _, r := range b.books.events {
		shown += r.Event.Kind() + " "
	}
	if got := strings.Count(shown, "devices-exported"); got != 1 {
		t.Errorf("got %q, want one entry that PINs were shown", shown)
	}
}

// TestPhonesAreFound by part of a MAC, with the maker it begins like, and by
// label; a visitor too.
func TestPhonesAreFound(t *testing.T) {
	b := newBox(t, nil)
	for text, want := range map[string]string{"reception": "A", macC.String(): "C", strings.ToUpper(macC.Hex()[:8]): "C", "nobody": ""} {
		list, err := b.client.Phones(t.Context(), "", text, 0)
		if err != nil {
			t.Fatal(err)
		}
		var devices []admin.Device
		for _, p := range list.Phones {
			devices = append(devices, admin.Device{MAC: p.MAC})
		}
		if got := labels(devices); got != want || list.Total != len(want) {
			t.Errorf("%q: got %q of %d, want %q", text, got, list.Total, want)
		}
	}
	for text, want := range map[string]phone.Vendor{"00:04": "", "00:04:13": "snom", "0004130": "snom", "attic": ""} {
		if list, err := b.client.Phones(t.Context(), "", text, 0); err != nil || list.Maker != want {
			t.Errorf("%q: got maker %q, %v, want %q", text, list.Maker, err, want)
		}
	}
}

// TestPINSheetIsWhole lists more phones than a page of any list has, and counts
// without showing any: then nothing is on record.
func TestPINSheetIsWhole(t *testing.T) {
	b := newBox(t, nil)
	const more = 501
	b.desk.mu.Lock()
	for i := range more {
		rec := b.desk.records[macB]
		rec.Device.MAC = phone.MAC{0x02, 0, 0, 1, byte(i >> 8), byte(i)}
		rec.Device.Label = fmt.Sprintf("Attic %03d", i)
		b.desk.records[rec.Device.MAC] = rec
	}
	b.desk.mu.Unlock()
	before := len(b.books.events)
	if n, err := b.client.CountPINs(t.Context(), admin.Query{}); err != nil || n != more+1 {
		t.Errorf("got %d counted, %v, want %d", n, err, more+1)
	}
	if after := len(b.books.events); after != before {
		t.Errorf("got %d entries for a count, want none", after-before)
	}
	for text, want := range map[string]int{"": more + 1, "attic": more, "attic 500": 1} {
		sheet, err := b.client.PINs(t.Context(), admin.Query{Text: text})
		if err != nil || sheet.Total != want || len(sheet.PINs) != want {
			t.Errorf("%q: got %d PINs of %d, %v, want all %d", text, len(sheet.PINs), sheet.Total, err, want)
		}
	}
}
