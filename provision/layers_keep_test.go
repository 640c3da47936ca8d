package provision_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/provision"
)

// gone removes files of the operator's.
func (s studio) gone(t testing.TB, files ...string) {
	t.Helper()
	for _, f := range files {
		if err := os.Remove(filepath.Join(s.dir, f)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLastGoodTemplatesSurviveAStart: whatever an operator left in the folder, the
// phones are given after a start what they were given before it, and one vendor's
// fault is no other's.
func TestLastGoodTemplatesSurviveAStart(t *testing.T) {
	for name, tt := range map[string]struct {
		text, file string
		line       int
	}{
		"nonsense":          {"nonsense\n", "yealink.conf", 1},
		"cannot be written": {"lang.gui = Elvish\nwallpaper = %NULL%\n", "yealink.conf", 2},
		"loses a number":    {"lang.gui = Elvish\n\n- phone_setting.emergency.number\n", "yealink.conf", 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStudio(t)
			s.write(t, "yealink.conf", "lang.gui = Klingon\n")
			s.write(t, "snom.conf", "language = Klingon\n")
			s.load(t)
			s.write(t, "yealink.conf", tt.text)
			s.write(t, "snom.conf", "language = Elvish\n")
			want := func(s studio, out provision.Templates) {
				t.Helper()
				if len(out.Faults) != 1 || out.Faults[0].File != tt.file || out.Faults[0].Line != tt.line || !slices.Equal(out.Files, []string{"snom.conf", "yealink.conf"}) {
					t.Errorf("got %+v, want one fault in %s:%d and both files in force", out, tt.file, tt.line)
				}
				a46, a48, a385 := s.configs(t)
				if !strings.Contains(a46, "lang.gui = Klingon") || !strings.Contains(a48, "lang.gui = Klingon") || strings.Contains(a46, "Elvish") {
					t.Error("yealink's last good template is not in force")
				}
				if !strings.Contains(a385, "Elvish") {
					t.Error("snom's own good template is not in force")
				}
			}
			want(s, s.load(t))
			for range 2 {
				s = openStudio(t, s.dir, "112")
				out, err := s.CheckTemplates()
				if err != nil {
					t.Fatal(err)
				}
				want(s, out)
			}
			s.gone(t, "yealink.conf")
			s = openStudio(t, s.dir, "112")
			if a46, _, _ := s.configs(t); strings.Contains(a46, "Klingon") {
				t.Error("a template that was removed is in force after a start")
			}
			if _, err := os.Stat(filepath.Join(s.dir, ".good", "yealink.conf")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("kept of a removed template: got %v, want nothing", err)
			}
		})
	}
}

// TestOneMoreEmergencyNumber: a template written before the site had the number
// falls away with its vendor's, and comes back once it has the number or the site
// has not.
func TestOneMoreEmergencyNumber(t *testing.T) {
	s := newStudio(t)
	s.write(t, "yealink.conf", "lang.gui = Klingon\nphone_setting.emergency.number = 112\n")
	s.write(t, "snom.conf", "language = Klingon\n")
	s.load(t)
	s = openStudio(t, s.dir, "112", "911")
	out, err := s.CheckTemplates()
	if err != nil || len(out.Faults) != 1 || out.Faults[0].File != "yealink.conf" || out.Faults[0].Line != 2 || !strings.Contains(out.Faults[0].Text, "911") || !slices.Equal(out.Files, []string{"snom.conf"}) {
		t.Errorf("got %+v and %v, want one fault in yealink.conf:2 and snom's in force", out, err)
	}
	a46, _, a385 := s.configs(t)
	if !strings.Contains(a46, "phone_setting.emergency.number = 112,911") || !strings.Contains(a385, "Klingon") {
		t.Errorf("yealink's number: %v; snom's template: %v", strings.Contains(a46, "112,911"), strings.Contains(a385, "Klingon"))
	}
	s.write(t, "yealink.conf", "nonsense\n")
	openStudio(t, s.dir, "112", "911")
	s = openStudio(t, s.dir, "112")
	if a46, _, _ = s.configs(t); !strings.Contains(a46, "lang.gui = Klingon") {
		t.Error("the last good template was lost while it was not in force")
	}
}

// TestKeptTemplatesAreBounded: what lies in the folder of kept ones and is none,
// or a piece of one, is in no one's way.
func TestKeptTemplatesAreBounded(t *testing.T) {
	s := newStudio(t)
	s.write(t, "yealink.conf", "lang.gui = Klingon\n")
	s.load(t)
	good := filepath.Join(s.dir, ".good")
	writeFile(t, good, ".new-1", "half")
	writeFile(t, good, "snom.conf", "language = Klingon\n")
	writeFile(t, good, "yealink.conf", "nonsense\n")
	s = openStudio(t, s.dir, "112")
	a46, _, a385 := s.configs(t)
	if !strings.Contains(a46, "Klingon") || strings.Contains(a385, "Klingon") {
		t.Errorf("yealink's: %v; what nobody wrote: %v", strings.Contains(a46, "Klingon"), strings.Contains(a385, "Klingon"))
	}
	list, err := os.ReadDir(good)
	if err != nil || len(list) != 1 || list[0].Name() != "yealink.conf" {
		t.Errorf("kept: got %v and %v, want yealink.conf", list, err)
	}
	if text, err := os.ReadFile(filepath.Join(good, "yealink.conf")); err != nil || string(text) != "lang.gui = Klingon\n" {
		t.Errorf("got %q and %v, want what is in force", text, err)
	}
	if list := s.board.List(); len(list) != 0 {
		t.Errorf("got %+v, want no condition", list)
	}
}

// TestTemplatesThatCannotBeKept are in force, and an operator is told.
func TestTemplatesThatCannotBeKept(t *testing.T) {
	s := newStudio(t)
	writeFile(t, s.dir, ".good", "in the way")
	s.write(t, "yealink.conf", "lang.gui = Klingon\n")
	out := s.load(t)
	if len(out.Faults) != 1 || out.Faults[0].File != ".good" || !strings.Contains(out.Faults[0].Text, "restart") {
		t.Errorf("got %+v, want a fault of .good", out)
	}
	if a46, _, _ := s.configs(t); !strings.Contains(a46, "Klingon") || len(s.board.List()) != 1 {
		t.Errorf("in force: %v, conditions %+v", strings.Contains(a46, "Klingon"), s.board.List())
	}
}

// TestFaultsNameTheLine: of the file whose line it is, whichever changed with it.
func TestFaultsNameTheLine(t *testing.T) {
	s := newStudio(t)
	s.write(t, "yealink.conf", "lang.gui = Elvish\n")
	s.write(t, "yealink-T46G.conf", "# ours\n\nwallpaper = %NULL%\n")
	out := s.load(t)
	if len(out.Faults) != 1 || out.Faults[0].File != "yealink-T46G.conf" || out.Faults[0].Line != 3 {
		t.Errorf("got %+v, want yealink-T46G.conf:3", out.Faults)
	}
}
