package vendors_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// emergencyNames are the parameters that are others for a site without emergency
// numbers, as the maker's independent reader sees them, by the number they name.
func emergencyNames(t *testing.T, in vendors.Input) map[string][]string {
	t.Helper()
	with := values(t, in)
	numbers := in.Site.Emergency
	in.Site.Emergency = nil
	without := values(t, in)
	found := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(with)) {
		if v, there := without[name]; there && v == with[name] {
			continue
		}
		for _, n := range numbers {
			// A script's command holds the number in what is its name here.
			if strings.Contains(with[name], n) || strings.Contains(name, n) {
				found[n] = append(found[n], name)
			}
		}
	}
	return found
}

// TestEmergencyNumbers: each of them is in every config, in every state, in a
// parameter that is there for its sake.
func TestEmergencyNumbers(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		for _, stage := range []vendors.Stage{vendors.Holding, vendors.Full} {
			in := input(t, m.Vendor, stage)
			in.Site.Emergency = []string{"9119", "8228"}
			found := emergencyNames(t, in)
			if m.Dials != vendors.ByList {
				if len(found) != 0 {
					t.Errorf("stage %d: got %v, want nothing of a maker whose row says that no list is needed", stage, found)
				}
				continue
			}
			for _, n := range in.Site.Emergency {
				if len(found[n]) == 0 {
					t.Errorf("stage %d: no parameter names %s", stage, n)
				}
			}
		}
	})
}

// TestLosses: whatever parameter names an emergency number, taking it away is
// noticed, by a template and by an override, and nothing else is.
func TestLosses(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		in := input(t, m.Vendor, vendors.Full)
		in.Device.Lines = slices.Clone(testLines)
		in.Device.Lines[0].User = "112" // a number for another reason
		losses := func() []vendors.Loss {
			t.Helper()
			got, err := vendors.All().Losses(in)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		in.Device.Overrides = map[string]string{}
		if got := losses(); len(got) != 0 {
			t.Errorf("as the box writes it: got %v", got)
		}
		list, err := vendors.All().Explain(in)
		if err != nil {
			t.Fatal(err)
		}
		bare := in
		bare.Site.Emergency = nil
		without, err := vendors.All().Explain(bare)
		if err != nil {
			t.Fatal(err)
		}
		tried := 0
		for _, p := range list {
			named := strings.Contains(p.Value, "112")
			if named && slices.Contains(without, p) {
				named = false // a user, a text
			}
			in.Device.Overrides, in.Layers = map[string]string{p.Name: "x"}, vendors.Layers{}
			if err := in.Device.Validate(); err != nil {
				t.Fatal(err)
			}
			if _, err := vendors.All().Explain(in); err != nil {
				continue // takes no such value
			}
			check := func(how string) {
				got := losses()
				has := slices.ContainsFunc(got, func(l vendors.Loss) bool { return l.Parameter == p.Name && l.Number == "112" && l.From == how })
				if has != named {
					t.Errorf("%s by %s: got %v, want a loss of 112: %v", p.Name, how, got, named)
				}
			}
			check("override")
			in.Device.Overrides = nil
			in.Layers = layers(t, string(m.Vendor)+".conf", "- "+p.Name+"\n")
			check(string(m.Vendor) + ".conf:1")
			if named {
				tried++
				in.Layers, in.Device.Overrides = vendors.Layers{}, map[string]string{p.Name: p.Value}
				if got := losses(); len(got) != 0 {
					t.Errorf("%s as the box writes it, but by an override: got %v", p.Name, got)
				}
			}
		}
		if (tried > 0) != (m.Dials == vendors.ByList) {
			t.Errorf("%d parameters name 112, and the row says %d", tried, m.Dials)
		}
	})
}

// TestNumbersStandByThemselves: whatever is glued to an emergency number, and
// whatever else an operator's own parameters do to it, it is noticed; what adds to
// the numbers or touches none of them is not.
func TestNumbersStandByThemselves(t *testing.T) {
	for _, tt := range []struct {
		vendor      phone.Vendor
		name, value string
		lost        bool
	}{
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112!|911S0|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112S0|112!|911S0|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|<112:999>|911S0|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112x|911S0|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(P5<:112>|110|112|911|0112x|xx.)", false},
		{"cisco-mpp", "dial_plan_1_", "(110S0|911S0|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112S0|911S0|1xx!|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112S0|911S0|11[1-3]!|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112S0|911S0|<1:01>xx|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112S0|911S0|P3<11:00>x|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112S0|911S0|0900.!|<9:>xx.|<:0>xx.)", false},
		{"linksys", "Dial_Plan_1_", "(110S0|112S0|911S0|x.!)", true},
		{"grandstream", "P290", "{ 110 | 112 | 911 | ^1x+ | x+ }", true},
		{"grandstream", "P290", "{ 110 | 112 | 911 | <11=0>x | x+ }", true},
		{"grandstream", "P290", "{ 110 | 112 | 911 | ^0900x+ | <=0>x+ }", false},
		{"poly", "dialplan.1.digitmap", "110|112|911|R1xxR9R", true},
		{"obihai", "VoiceService.1.Phone.DigitMap", "(110S0|112S0|911S0|1xx!)", true},
		{"obihai", "VoiceService.1.VoiceProfile.7.DigitMap", "(xx.)", true},
		{"patton", "context cs switch/routing-table called-e164 RT_FXS0/route {} dest-interface IF_OTHER", "112", true},
		{"patton", "context cs switch/routing-table called-e164 RT_FXS0/route 112 dest-interface IF_OTHER", "", true},
		{"patton", "context cs switch/routing-table called-e164 RT_FXS0/route {} dest-interface IF_OTHER", "11.", true},
		{"patton", "context cs switch/routing-table called-e164 RT_FXS0/route {} dest-interface IF_OTHER", "0900.T", false},
		{"patton-trinity", "context cs SWITCH/routing-table called-e164 RT_FXS0/route 911 dest-interface IF_OTHER", "", true},
		{"cisco-mpp", "Dial_Plan_4_", "(110S0|911S0|xx.)", true},
		{"cisco-mpp", "Dial_Plan_4_", "(110S0|112S0|911|xx.)", false},
		{"yealink", "dialplan.emergency.2.value", "x112", true},
		{"yealink", "dialplan.emergency.2.value", "112S0", true},
		{"yealink", "dialplan.emergency.9.value", "112x", true},
		{"yealink", "dialplan.emergency.9.value", "999", false},
		{"yealink", "dialplan.block_out.number.1", "112", true},
		{"yealink", "dialplan.block_out.number.1", "11x", true},
		{"yealink", "dialplan.block_out.number.1", "1[0-5].", true},
		{"yealink", "dialplan.block_out.number.1", "0900.", false},
		{"yealink", "Dialplan.Replace.Prefix.1", "112", true},
		{"yealink", "dialplan.replace.prefix.1", "1120", false},
		{"yealink", "dialplan.digitmap.string", "[2-9]xx", true},
		{"yealink", "dialplan.digitmap.string", "110|112|911|[2-9]xx", false},
		{"yealink", "PHONE_SETTING.emergency.number", "110", true},
		{"yealink", "PHONE_SETTING.emergency.number", "911,112,110", false},
		{"yealink", "ACCOUNT.1.user_name", "1001", false},
		{"poly", "dialplan.digitmap", "110|R112R999R|112|911|x.T", true},
		{"poly", "dialplan.1.digitmap", "[2-9]xx", true},
		{"poly", "dialplan.routing.emergency.2.value", "112x", true},
		{"poly", "dialplan.routing.emergency.2.value", "112", false},
		{"snom", "user_dp_str.1", "|^112$|sip:999@x|", true},
		{"snom", "keyboard_lock_emergency", "110 x112 911", true},
		{"panasonic", "EMERGENCY_CALL2", "112x", true},
	} {
		t.Run(string(tt.vendor)+" "+tt.name+"="+tt.value, func(t *testing.T) {
			in := input(t, tt.vendor, vendors.Full)
			in.Device.Lines = slices.Clone(testLines)
			in.Device.Lines[0].User = "112"
			in.Device.Overrides = map[string]string{tt.name: tt.value}
			got, err := vendors.All().Losses(in)
			if err != nil {
				t.Fatal(err)
			}
			if has := slices.ContainsFunc(got, func(l vendors.Loss) bool { return l.Parameter == tt.name && l.From == "override" }); has != tt.lost || !has && len(got) > 0 {
				t.Errorf("got %v, want a loss: %v", got, tt.lost)
			}
		})
	}
}
