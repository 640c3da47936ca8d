package dhcpopt

import (
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/provision"
)

// TestTheDeskHearsWhatAPhoneWasTold holds what findings are drawn from: which
// provisioning options a phone asked for, which it was given, and whether it is
// starting.
func TestTheDeskHearsWhatAPhoneWasTold(t *testing.T) {
	const url = "http://10.20.0.1/cfg/"
	list := func(codes ...byte) dhcpv4.Modifier {
		return dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.GenericOptionCode(55), codes))
	}
	for name, tc := range map[string]struct {
		mods []dhcpv4.Modifier
		want provision.Lead
	}{
		"asks for one of two":  {[]dhcpv4.Modifier{class("yealink"), list(1, 3, 160)}, provision.Lead{Starting: true, Listed: true, Asked: "160", Given: "66 and 160", URL: url}},
		"asks for none":        {[]dhcpv4.Modifier{class("yealink"), list(1, 3)}, provision.Lead{Starting: true, Listed: true, Given: "66", URL: url}},
		"sends no list":        {[]dhcpv4.Modifier{class("yealink")}, provision.Lead{Starting: true, Given: "43, 66 and 160", URL: url}},
		"asks for what is not": {[]dhcpv4.Modifier{class("yealink"), list(66, 150)}, provision.Lead{Starting: true, Listed: true, Asked: "66 and 150", Given: "66", URL: url}},
		"is no phone":          {[]dhcpv4.Modifier{list(66)}, provision.Lead{Starting: true}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
			l.lease(yealink1, tc.mods...)
			s := l.desk.seen[len(l.desk.seen)-1]
			if s.Kind != provision.KindLease || s.Lead != tc.want {
				t.Errorf("got %s %+v, want %s %+v", s.Kind, s.Lead, provision.KindLease, tc.want)
			}
		})
	}
	t.Run("renews", func(t *testing.T) {
		l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
		a := l.lease(yealink1, class("yealink"))
		l.ask(message(yealink1, request, class("yealink"), uses(a)))
		if s := l.desk.seen[len(l.desk.seen)-1]; s.Lead.Starting {
			t.Errorf("a renewal: got %+v, want one that is not starting", s.Lead)
		}
	})
}

func TestNumbers(t *testing.T) {
	for want, codes := range map[string][]uint8{"": nil, "66": {66}, "66 and 160": {66, 160}, "43, 66 and 160": {43, 66, 160}} {
		if got := numbers(codes); got != want {
			t.Errorf("%v: got %q, want %q", codes, got, want)
		}
	}
}
