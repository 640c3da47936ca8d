package vendors_test

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// TestSecretsAreFoundOut: whatever parameter of a config has a secret of the
// device in it is told as one that does, and none besides.
func TestSecretsAreFoundOut(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		in := filled(t, s)
		names, err := vendors.All().Secrets(in)
		if err != nil {
			t.Fatal(err)
		}
		const mark = "planted9Value"
		in.Device.AdminPassword, in.Login.Password = phone.NewSecret(mark), phone.NewSecret(mark)
		for i := range in.Device.Lines {
			in.Device.Lines[i].Password = phone.NewSecret(mark)
		}
		found := 0
		for name, value := range values(t, in) {
			secret, ours := names[strings.ToLower(name)]
			holds := strings.Contains(value, mark)
			if ours && holds != secret && value != "" {
				t.Errorf("%s holds a secret: %v, told as one: %v", name, holds, secret)
			} else if holds && ours {
				found++
			}
		}
		if found == 0 && m.Vendor != "patton" && m.Vendor != "patton-trinity" && m.Vendor != "mitel" && !strings.HasPrefix(string(m.Vendor), "gigaset") {
			t.Error("no parameter was compared")
		}
	})
	in := input(t, "grandstream", vendors.Full)
	names, err := vendors.All().Secrets(in)
	if err != nil || !names["p2"] || !names["p34"] || names["p47"] {
		t.Errorf("got P2 %v, P34 %v, P47 %v, %v; want the two passwords and no server", names["p2"], names["p34"], names["p47"], err)
	}
}
