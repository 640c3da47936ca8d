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
			if strings.HasSuffix(p.Name, ".OutboundCallRoute") {
				continue // leads numbers it does not name: see TestNumbersStandByThemselves
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

		// What is dialled before the last digit is typed.
		{"cisco-mpp", "Dial_Plan_1_", "(11S0|110S0|112S0|911S0|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112S0|911S0|1xS0|xx.)", true},
		{"cisco-spa", "Dial_Plan_1_", "(110S0|112S0|911S0|1S0|xx.)", true},
		{"linksys", "Dial_Plan_1_", "(110S0|112S0|911S0|<11:0>S0|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112S0|911S0|<:0>1[x*]S0|xx.)", true},
		{"cisco-mpp", "Dial_Plan_1_", "(110S0|112S0|911S0|11|1xx5S0|[2-8]xS0|xx.)", false},
		{"obihai", "VoiceService.1.Phone.DigitMap", "(110S0|112S0|911S0|1xS0)", true},
		{"poly", "dialplan.digitmap", "11|110|112|911|*xx|x.T", true},
		{"poly", "dialplan.digitmap", "110|112|911|1x|*xx|x.T", true},
		{"poly", "dialplan.digitmap", "110|112|911|11T|1xT3|*xx|x.T", false},
		{"yealink", "dialplan.digitmap.string", "110|112|911|1x", true},
		{"panasonic", "DIAL_PLAN_1", "110|112|911|11", true},
		{"yealink", "dialplan.dialnow.rule.1", "1x", true},
		{"yealink", "dialplan.dialnow.rule.1", "11", true},
		{"yealink", "dialplan.dialnow.rule.20", ".", true},
		{"yealink", "dialplan.dialnow.rule.1", "112", false},
		{"yealink", "dialplan.dialnow.rule.1", "0x.", false},

		// What takes a number by an expression.
		{"snom", "user_dp_str.1", "|^1(.*)$|sip:1@x|", true},
		{"snom", "user_dp_str.1", "|^11(.)$|0|", true},
		{"snom", "user_dp_str.1", "|^1|0|", true},
		{"snom", "user_dp_str.1", "|^11$|0|d", true},
		{"snom", "user_dp_str.1", "|^0(.*)$|sip:1@x|d |^1.2$|0|", true},
		{"snom", "user_dp_str.1", `|^0\|(.*)$|sip:1@x|`, false},
		{"snom", "user_dp_str.1", "|^0(.*)$|sip:112@x|", false},
		{"snom", "user_dp_str.1", "|^(0|", true},
		{"snom-dect", "user_dp_str1", "|^1|0|", true},
		{"gigaset-p", "user_dp_str1", "|^1|0|", true},

		// What sends a number elsewhere, or nowhere.
		{"yealink", "dialplan.digitmap.string", "110|!112|112|911", true},
		{"yealink", "dialplan.digitmap.string", "110|112|911|!1xx", true},
		{"yealink", "dialplan.area_code.code", "0571", true},
		{"yealink", "dialplan.emergency.server.1.address", "10.9.9.9", false}, // switched off in a full config
		{"obihai", "VoiceService.1.Phone.OutboundCallRoute", "{***:aa2},{(Msp2):sp2}", false},
		{"obihai", "VoiceService.1.Phone.OutboundCallRoute", "{***:aa2}", true},
		{"obihai", "VoiceService.1.Phone.OutboundCallRoute", "{(1xx):aa2},{(Mpli):pli}", true},
		{"obihai", "VoiceService.1.X_FXS.1.OutboundCallRoute", "{(<112:999>):sp1},{(Mpli):pli}", true},
		{"obihai", "VoiceService.1.X_FXS.1.OutboundCallRoute", "{(<9:>xx.):sp1},{(Mpli):pli}", true}, // 911 as 11
		{"obihai", "VoiceService.1.X_FXS.1.OutboundCallRoute", "{(<0:>xx.):sp1},{(Mpli):pli}", false},
		{"snom", "deny_all_dialing", "on", true},
		{"snom", "deny_all_dialing", "off", false},
		{"poly", "dialplan.routing.emergency.1.server.1", "3", true},
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

// TestOneParameterDependsOnAnother: where calls to a number go counts only while
// the phone routes them so, an area code only for numbers of its lengths.
func TestOneParameterDependsOnAnother(t *testing.T) {
	for name, tt := range map[string]struct {
		vendor    phone.Vendor
		overrides map[string]string
		lost      []string // numbers, of 110, 112 and 911
	}{
		"routing on, another server":      {"yealink", map[string]string{"dialplan.emergency.enable": "1", "dialplan.emergency.server.1.address": "10.9.9.9"}, []string{"110", "112", "911"}},
		"routing on, no server":           {"yealink", map[string]string{"dialplan.emergency.enable": "1", "dialplan.emergency.2.server_priority": ""}, []string{"112"}},
		"routing on, the servers as ours": {"yealink", map[string]string{"dialplan.emergency.enable": "1", "dialplan.emergency.server.1.address": "10.20.0.1"}, nil},
		"another area":                    {"yealink", map[string]string{"dialplan.area_code.code": "0571", "dialplan.area_code.min_len": "4"}, nil},
		"another area, short":             {"yealink", map[string]string{"dialplan.area_code.code": "0571", "dialplan.area_code.max_len": "2"}, nil},
		"this area":                       {"yealink", map[string]string{"dialplan.area_code.code": "0571", "dialplan.area_code.min_len": "3", "dialplan.area_code.max_len": "3"}, []string{"110", "112", "911"}},
		"a server for another number":     {"poly", map[string]string{"dialplan.routing.emergency.1.value": "999", "dialplan.routing.emergency.1.server.1": "3"}, nil},
		"a server for the number":         {"poly", map[string]string{"dialplan.routing.emergency.1.value": "112", "dialplan.routing.emergency.1.server.1": "3"}, []string{"112"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, tt.vendor, vendors.Full)
			in.Device.Overrides = tt.overrides
			got, err := vendors.All().Losses(in)
			var lost []string
			for _, l := range got {
				lost = append(lost, l.Number)
			}
			if err != nil || !slices.Equal(lost, tt.lost) {
				t.Errorf("got %v and %v, want %q lost", got, err, tt.lost)
			}
		})
	}
}

// TestALossSaysWhy: what an expression does, or why it cannot be looked at.
func TestALossSaysWhy(t *testing.T) {
	for value, want := range map[string]string{"|^1|0|": `"^1" matches 1`, "|^(0|x|": "cannot be read here"} {
		in := input(t, "snom", vendors.Full)
		in.Device.Overrides = map[string]string{"user_dp_str.1": value}
		got, err := vendors.All().Losses(in)
		if err != nil || len(got) == 0 || !strings.Contains(got[0].Error(), want) {
			t.Errorf("%s: got %v and %v, want %q", value, got, err, want)
		}
	}
}
