package vendors_test

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/vendors"
)

// TestMACIsShown: who shows the MAC on hold has it in a parameter of the holding
// config besides the names of files, and not when enrolled; who does not says why.
func TestMACIsShown(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		if m.Shows.MAC == (m.Shows.NoMAC != "") {
			t.Fatalf("MAC %v and reason %q, want the one or the other", m.Shows.MAC, m.Shows.NoMAC)
		}
		if !m.Shows.MAC {
			return
		}
		in := input(t, m.Vendor, vendors.Holding)
		var shown []string
		for key, value := range values(t, in) {
			if strings.HasSuffix(value, strings.ToUpper(in.File.MAC.Hex())) {
				shown = append(shown, key)
			}
		}
		if len(shown) == 0 {
			t.Error("no parameter of the holding config ends with the MAC")
		}
		full := values(t, input(t, m.Vendor, vendors.Full))
		for _, key := range shown {
			if strings.HasSuffix(full[key], strings.ToUpper(in.File.MAC.Hex())) {
				t.Errorf("%s is still %q on the enrolled phone", key, full[key])
			}
		}
	})
}

// TestHoldingWithoutText: a phone in a state that has no words for its screen is
// put on hold all the same.
func TestHoldingWithoutText(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		in := input(t, m.Vendor, vendors.Holding)
		in.Hold.Text = ""
		if _, err := vendors.All().Render(in); err != nil {
			t.Error(err)
		}
	})
}
