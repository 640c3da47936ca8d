package vendors_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/vendors"
)

// TestUpgrade: where a maker's row says so, a full config names the firmware of a
// rule or its folder; without a rule, and before the full config, none does.
func TestUpgrade(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		folder := "10.20.0.1/cfg/files/" + string(m.Vendor)
		source := vendors.FirmwareSource{URL: "http://" + folder + "/fake-1.2.bin", File: "fake-1.2.bin", Version: "9.8.7-fake"}
		for stage, rule := range map[vendors.Stage][]vendors.FirmwareSource{vendors.Holding: {{}, source}, vendors.Full: {{}, source}} {
			for _, f := range rule {
				in := input(t, m.Vendor, stage)
				in.Firmware = f
				got := slices.Collect(mapsValues(values(t, in)))
				// Without a scheme it is the same file: N510 takes it so.
				url := slices.Contains(got, source.URL) || slices.Contains(got, folder+"/"+source.File)
				name := slices.Contains(got, source.File)
				version := slices.Contains(got, source.Version)
				inside := slices.ContainsFunc(got, func(v string) bool { return v == folder || v == "http://"+folder })
				some := slices.ContainsFunc(got, func(v string) bool { return strings.Contains(v, "/files/") })
				told := stage == vendors.Full && f.URL != ""
				if url != (told && (m.Upgrade == vendors.UpgradeByURL || m.Upgrade == vendors.UpgradeByVersion)) ||
					name != (told && m.Upgrade == vendors.UpgradeByName) || version != (told && m.Upgrade == vendors.UpgradeByVersion) || inside != (told && m.Upgrade == vendors.UpgradeByFolder) || some != (url || inside) {
					t.Errorf("stage %d, rule %q: URL %v, name %v, version %v, folder %v, something %v; its row says %d", stage, f.URL, url, name, version, inside, some, m.Upgrade)
				}
			}
		}
	})
}
