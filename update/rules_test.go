package update_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/update"
)

func TestJudge(t *testing.T) {
	on := update.Standing{Running: "v1.1.0", Newest: "v1.1.0", Made: labTime.Add(-time.Hour), Schema: 2, Kind: update.Program, OS: "linux", Arch: "arm64"}
	for _, c := range []struct {
		name    string
		release func(*update.Manifest)
		box     func(*update.Standing)
		want    error
	}{
		{"newer", func(m *update.Manifest) {}, nil, nil},
		{"newer by a patch", func(m *update.Manifest) { m.Version = "v1.1.1" }, nil, nil},
		{"the same", func(m *update.Manifest) { m.Version = "v1.1.0" }, nil, update.ErrOlder},
		{"older", func(m *update.Manifest) { m.Version = "v1.0.9" }, nil, update.ErrOlder},
		{"a candidate of what runs", func(m *update.Manifest) { m.Version = "v1.1.0-rc.9" }, nil, update.ErrOlder},
		{"older than what was in use once", nil, func(s *update.Standing) { s.Newest = "v1.3.0" }, update.ErrOlder},
		{"what was in use once, after going back", nil, func(s *update.Standing) { s.Newest = "v1.2.0" }, nil},
		{"a higher number on an older make", func(m *update.Manifest) { m.Made = labTime.Add(-2 * time.Hour) }, nil, update.ErrOlder},
		{"over a build without a version", nil, func(s *update.Standing) { s.Running, s.Newest = "development", "" }, nil},
		{"follows what runs", func(m *update.Manifest) { m.After = "v1.1.0" }, nil, nil},
		{"one is left out", func(m *update.Manifest) { m.After = "v1.1.5" }, nil, update.ErrBetween},
		{"a build without a version may not be left out", func(m *update.Manifest) { m.After = "v1.0.0" }, func(s *update.Standing) { s.Running, s.Newest = "development", "" }, update.ErrBetween},
		{"state it cannot read", func(m *update.Manifest) { m.Schema, m.BackTo = 1, 1 }, nil, update.ErrBetween},
		{"newer state", func(m *update.Manifest) { m.Schema, m.BackTo = 5, 4 }, nil, nil},
		{"another processor", nil, func(s *update.Standing) { s.Arch = "riscv64" }, update.ErrMachine},
		{"a root image is wanted", nil, func(s *update.Standing) { s.Kind = update.Image }, update.ErrMachine},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, s := manifest(t, "v1.2.0"), on
			if c.release != nil {
				c.release(&m)
			}
			if c.box != nil {
				c.box(&s)
			}
			a, err := update.Judge(m, s)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err == nil && a.Name != "lineside-linux-arm64" {
				t.Errorf("got %s, want this machine's own", a.Name)
			}
		})
	}
}

func TestCheckVersion(t *testing.T) {
	for v, good := range map[string]bool{
		"v1.4.0": true, "v1.5.0-rc.1": true, "v0.0.0-20261122000000-abcdefabcdef": true,
		"": false, "1.4.0": false, "v1.4": false, "v1.4.0+more": false, "v1.4.0/../x": false, "v01.4.0": false, "development": false,
		"v1.0.0-" + strings.Repeat("a", 80): false,
	} {
		if err := update.CheckVersion(v); (err == nil) != good {
			t.Errorf("%q: got %v, want good %v", v, err, good)
		}
	}
}

func TestManifestRefused(t *testing.T) {
	for name, spoil := range map[string]func(*update.Manifest){
		"a format to come":          func(m *update.Manifest) { m.Format = 2 },
		"no version":                func(m *update.Manifest) { m.Version = "" },
		"no date":                   func(m *update.Manifest) { m.Made = time.Time{} },
		"schemas the wrong way":     func(m *update.Manifest) { m.BackTo = 3 },
		"no artefact":               func(m *update.Manifest) { m.Artefacts = nil },
		"a name twice":              func(m *update.Manifest) { m.Artefacts[1].Name = m.Artefacts[0].Name },
		"the manifest's own name":   func(m *update.Manifest) { m.Artefacts[0].Name = "manifest.json" },
		"a path":                    func(m *update.Manifest) { m.Artefacts[0].Name = "../lineside" },
		"a hidden name":             func(m *update.Manifest) { m.Artefacts[0].Name = ".." },
		"an empty file":             func(m *update.Manifest) { m.Artefacts[0].Size = 0 },
		"a program without end":     func(m *update.Manifest) { m.Artefacts[0].Size = 1 << 40 },
		"a digest that is none":     func(m *update.Manifest) { m.Artefacts[0].SHA256 = "00" },
		"a digest in capitals":      func(m *update.Manifest) { m.Artefacts[0].SHA256 = strings.ToUpper(m.Artefacts[0].SHA256) },
		"a machine nobody knows of": func(m *update.Manifest) { m.Artefacts[0].OS = "" },
	} {
		m := manifest(t, "v1.1.0")
		spoil(&m)
		if err := m.Check(); err == nil && m.Format == update.Format {
			t.Errorf("%s: got no error, want one", name)
		}
	}
	if _, err := update.ParseManifest([]byte(`{"format":2}`)); !errors.Is(err, update.ErrManifest) {
		t.Errorf("a format to come: got %v, want %v", err, update.ErrManifest)
	}
}

func TestWorse(t *testing.T) {
	given := func(served, refused int) map[string]update.Answers {
		return map[string]update.Answers{"snom": {Served: served, Refused: refused}, "yealink": {Served: 50, Refused: 50}}
	}
	before := update.Vitals{Given: given(40, 40), Errors: 1}
	for _, c := range []struct {
		name  string
		after update.Vitals
		worse bool
	}{
		{"as before", update.Vitals{Given: given(4, 4)}, false},
		{"nobody asks", update.Vitals{}, false},
		{"one maker's phones get nothing", update.Vitals{Given: given(0, 6)}, true},
		{"too few to tell", update.Vitals{Given: given(0, 5)}, false},
		{"a stranger is refused all the time", update.Vitals{Given: given(1, 100000)}, false},
		{"a maker that never was served", update.Vitals{Given: map[string]update.Answers{"poly": {Refused: 100}}}, false},
		{"it panicked", update.Vitals{Panics: 1}, true},
		{"errors now and then", update.Vitals{Given: given(40, 0), Errors: 2}, false},
		{"many errors", update.Vitals{Given: given(1, 0), Errors: 30}, true},
		{"its database is damaged", update.Vitals{Conditions: []string{"database-damaged"}}, true},
		{"the Internet is away", update.Vitals{Conditions: []string{"platform-away"}}, false},
	} {
		if why := update.Worse(before, c.after); (why != "") != c.worse {
			t.Errorf("%s: got %q, want worse %v", c.name, why, c.worse)
		}
	}
}
