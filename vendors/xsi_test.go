package vendors_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// TestXSI: a full config has the owner's login where its vendor's phones take
// one, a holding config never.
func TestXSI(t *testing.T) {
	const user, password = "anna@as.example.net", "fake-xsi-pass"
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		for _, stage := range []vendors.Stage{vendors.Holding, vendors.Full} {
			in := input(t, m.Vendor, stage)
			without := values(t, in)
			in.XSI = vendors.Login{User: user, Password: phone.NewSecret(password)}
			with := values(t, in)
			got := slices.Collect(maps.Values(with))
			want := m.XSI != nil && stage == vendors.Full
			if slices.Contains(got, user) != want || slices.Contains(got, password) != want {
				t.Errorf("stage %d: got user %v and password %v, want %v", stage, slices.Contains(got, user), slices.Contains(got, password), want)
			}
			if !want && !maps.Equal(with, without) {
				t.Errorf("stage %d: the config is another with a login it has no place for", stage)
			}
		}
	})
}

// TestXSIGoesWithItsOwner: a phone whose owner has no login, or that is on hold
// again, is told to forget the one it had, unless it does so unasked.
func TestXSIGoesWithItsOwner(t *testing.T) {
	const user, password = "anna@as.example.net", "fake-xsi-pass"
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		if m.XSI == nil || m.Forgets {
			t.Skip("its phones take no login, or forget what a config leaves out")
		}
		in := input(t, m.Vendor, vendors.Full)
		in.XSI = vendors.Login{User: user, Password: phone.NewSecret(password)}
		with := values(t, in)
		emptied, want := 0, 0
		for x := m.XSI; x != nil; x = x.Next {
			want += 4 // a user and a password in each stage
		}
		for _, stage := range []vendors.Stage{vendors.Holding, vendors.Full} {
			without := values(t, input(t, m.Vendor, stage))
			for key, value := range with {
				if value != user && value != password {
					continue
				}
				emptied++
				if got, ok := without[key]; !ok || got != "" {
					t.Errorf("stage %d: %s is %q (there: %v), want it emptied", stage, key, got, ok)
				}
			}
		}
		if emptied != want {
			t.Errorf("%d parameters were looked at, want %d", emptied, want)
		}
	})
}

// TestXSIOfPhoneAndLine: a Cisco phone's directory goes by the phone's own login,
// what the server does for a line by that line's.
func TestXSIOfPhoneAndLine(t *testing.T) {
	in := input(t, "cisco-mpp", vendors.Full)
	in.XSI = vendors.Login{User: "anna@as.example.net", Password: phone.NewSecret("fake-xsi-pass")}
	got := values(t, in)
	for _, at := range []string{"", "_1_"} {
		for key, want := range map[string]string{"Login_User_ID": "anna@as.example.net", "Login_Password": "fake-xsi-pass", "XSI_Authentication_Type": "Login Credentials"} {
			if got[key+at] != want {
				t.Errorf("%s is %q, want %q", key+at, got[key+at], want)
			}
		}
	}
}
