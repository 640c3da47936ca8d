package vendors_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// TestClassRules holds what foreign servers are told to look for against what
// the box itself recognises: each text of a phone is its vendor's, and no
// other's.
func TestClassRules(t *testing.T) {
	table := vendors.All()
	rules := table.ClassRules()
	meant := func(class string) []phone.Vendor {
		var list []phone.Vendor
		for _, r := range rules {
			if r.Means(class) {
				list = append(list, r.Maker.Vendor)
			}
		}
		return list
	}
	for _, s := range allSamples() {
		for _, c := range s.classes {
			if c.want.Vendor == "" {
				continue
			}
			if strings.ToUpper(c.text) != c.text && strings.ToLower(c.text) == c.text && c.want.Model != "" && strings.Contains(c.text, strings.ToLower(c.want.Model)) && !strings.Contains(c.text, c.want.Model) {
				continue // no phone writes its model in small letters
			}
			if got := meant(strings.TrimRight(c.text, "\x00")); !slices.Equal(got, []phone.Vendor{c.want.Vendor}) {
				t.Errorf("option 60 %q: the rules mean %v, want %s", c.text, got, c.want.Vendor)
			}
		}
	}
	for _, class := range []string{"MSFT 5.0", "dhcpcd-9.4.1:Linux", "udhcp 1.35.0", "android-dhcp-13", "PXEClient:Arch:00000:UNDI:002001", ""} {
		if got := meant(class); len(got) != 0 {
			t.Errorf("option 60 %q of no phone: the rules mean %v, want nobody", class, got)
		}
	}
}

// TestClassRulesShareNoAddresses wants each block of addresses in one rule.
func TestClassRulesShareNoAddresses(t *testing.T) {
	seen := make(map[[3]byte]phone.Vendor)
	for _, r := range vendors.All().ClassRules() {
		for _, oui := range r.OUIs {
			if other, twice := seen[oui]; twice {
				t.Errorf("%x is both %s's and %s's", oui, other, r.Maker.Vendor)
			}
			seen[oui] = r.Maker.Vendor
		}
	}
}
