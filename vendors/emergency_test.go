package vendors_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

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
