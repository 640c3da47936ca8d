package main

import (
	"path/filepath"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

func TestBulkVerb(t *testing.T) {
	o := newOperator(t)
	const first, second = "00:15:65:4a:a9:37", "00:04:13:4a:a9:38"
	o.does("", 0, "", "device", "add", first, "--model", "T46G", "--label", "Hall")
	o.does("", 0, "", "device", "add", second, "--vendor", "snom")
	o.does("", 0, first+`.*Hall.*suspend would be done to 1 device; not to 0`, "device", "bulk", "suspend", "--vendor", "yealink", "--dry-run")
	o.does("", exitUsage, "would be done to 1 device; say so with --yes", "device", "bulk", "suspend", "--vendor", "yealink")
	o.does("", 0, "suspend done to 1 device", "device", "bulk", "suspend", "--vendor", "yealink", "--yes")
	o.does("", 0, `"suspended_until"`, "device", "show", first, "--json")
	o.does("", 1, "unblock would be done to 0 devices; not to 2", "device", "bulk", "unblock", first, second, "--yes")
	o.does("", exitUsage, "name either devices or what finds them", "device", "bulk", "reset")
	o.does("", exitUsage, "name either devices or what finds them", "device", "bulk", "reset", first, "--state", "needed")
	o.does("", exitUsage, "name what to do", "device", "bulk")
	o.does("", 1, "dance", "device", "bulk", "dance", first, "--yes")
	o.does("", 0, "remove done to 2 devices", "device", "bulk", "remove", first, second, "--yes")
	o.does("", 0, "no devices", "device", "list")

	settings := settingsOnLoopback(t, filepath.Dir(o.socket))
	if got, out, errs := linesideIn(t, "", "status", "--config", settings); got != 0 {
		t.Errorf("the socket by the settings file: got exit %d\n%s%s, want an answer", got, out, errs)
	}
	if got, _, errs := linesideIn(t, "", "status", "--config", settings+"x"); got != 1 {
		t.Errorf("a settings file that is not there: got exit %d\n%s, want 1", got, errs)
	}
}

func TestWatched(t *testing.T) {
	step := provision.Step{MAC: phone.MAC{0, 0x15, 0x65, 0, 0, 1}, Front: "tftp", Vendor: "yealink"}
	finding := step
	finding.Code = "tftp-only"
	for name, tc := range map[string]struct {
		only watched
		step provision.Step
		want bool
	}{
		"everything":     {watched{}, step, true},
		"its vendor":     {watched{vendor: "Yealink"}, step, true},
		"another vendor": {watched{vendor: "snom"}, step, false},
		"its door":       {watched{front: "TFTP"}, step, true},
		"another door":   {watched{front: "sip"}, step, false},
		"no finding":     {watched{findings: true}, step, false},
		"a finding":      {watched{findings: true, vendor: "yealink"}, finding, true},
	} {
		if got := tc.only.has(tc.step); got != tc.want {
			t.Errorf("%s: got shown %v, want %v", name, got, tc.want)
		}
	}
}
