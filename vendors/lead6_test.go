package vendors_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// TestLead6: every maker whose phones are led by DHCPv4 is led to the box's IPv6
// address, and to no other, or not at all.
func TestLead6(t *testing.T) {
	box := vendors.Box{URL: "http://[fd00:77::1]/cfg/", Addr: netip.MustParseAddr("fd00:77::1")}
	table, led := vendors.All(), 0
	for _, m := range table.Makers() {
		l, ok := table.Lead6(m.Vendor, box)
		if !ok {
			continue
		}
		led++
		if l.URL != "" && !strings.Contains(l.URL, "[fd00:77::1]") {
			t.Errorf("%s: option 59 is %q, want the box's address in brackets", m.Vendor, l.URL)
		}
		for _, o := range l.Options {
			if text := string(o.Value); !strings.Contains(text, "fd00:77::1") && len(o.Value) != 16 {
				t.Errorf("%s: sub-option %d is %q, want the box's address in it", m.Vendor, o.Code, text)
			}
		}
	}
	if led < 15 {
		t.Errorf("%d makers are led by IPv6, want most of them", led)
	}
	if _, ok := table.Lead6("laptop", box); ok {
		t.Error("what is no maker's is led")
	}
}

// TestLead6Enterprise pins the numbers that sources name, and that the others
// are left to the phone.
func TestLead6Enterprise(t *testing.T) {
	box := vendors.Box{URL: "http://[fd00:77::1]/cfg/", Addr: netip.MustParseAddr("fd00:77::1")}
	for v, want := range map[phone.Vendor]uint32{"cisco-sep": 9, "cisco-mpp": 9, "poly": 13885, "yealink": 0} {
		l, ok := vendors.All().Lead6(v, box)
		if !ok || l.Enterprise != want {
			t.Errorf("%s: got %d, %t; want %d", v, l.Enterprise, ok, want)
		}
	}
	l, _ := vendors.All().Lead6("cisco-sep", box)
	if len(l.Options) != 1 || l.Options[0].Code != 1 || len(l.Options[0].Value) != 16 || l.URL != "" {
		t.Errorf("cisco-sep: got %+v, want the address alone under 1", l)
	}
}
