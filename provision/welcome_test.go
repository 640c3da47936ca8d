package provision_test

import (
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// TestWelcome: a DHCP client is led here by what it says of itself, by the name
// it gives itself where it says no more, and by its address at the least.
func TestWelcome(t *testing.T) {
	l := newTown(t, auth.FactorPIN, func(l *lab) vendors.Table {
		plain, _ := l.table().Of("plain")
		return vendors.NewTable(append(vendors.All().Makers(), plain)...)
	})
	unlisted := phone.MAC{0xa0, 0x09, 0x2e, 0x3e, 0x85, 0xa1}
	for name, tc := range map[string]struct {
		caller provision.Caller
		want   phone.Vendor
	}{
		"class":             {provision.Caller{MAC: unlisted, Class: []byte("yealink")}, "yealink"},
		"host name":         {provision.Caller{MAC: unlisted, Host: "AVX3E85A1"}, "avaya"},
		"another's name":    {provision.Caller{MAC: unlisted, Host: "AVX3E85A2"}, ""},
		"hardware address":  {provision.Caller{MAC: t46}, "yealink"},
		"nothing known":     {provision.Caller{MAC: unlisted, Host: "laptop"}, ""},
		"class and address": {provision.Caller{MAC: mac, Class: []byte("LINKSYS SPA-942")}, "linksys"},
	} {
		w := l.Welcome(tc.caller)
		if w.Ident.Vendor != tc.want || (len(w.Options) > 0) != (tc.want != "") {
			t.Errorf("%s: got %q and %d options, want %q", name, w.Ident.Vendor, len(w.Options), tc.want)
		}
	}
}
