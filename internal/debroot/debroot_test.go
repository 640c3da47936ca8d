package debroot

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMake(t *testing.T) {
	first, second := Make(t, "systemd", "dbus"), Make(t, "systemd", "dbus")
	if out := Run(t, first, time.Minute, "dpkg-query", "-W", "-f", "${Status}", "systemd"); out != "install ok installed" {
		t.Errorf("state of a package asked for: got %q, want it installed", out)
	}
	Run(t, first, time.Minute, "touch", "/left")
	if _, err := os.Stat(filepath.Join(second, "left")); !os.IsNotExist(err) {
		t.Errorf("a file of one root looked for in another: got %v, want none", err)
	}
	if out := Run(t, first, time.Minute, "sh", "-c", "echo $$; ls /sys/class/net; env"); strings.Contains(out, "HOME=") {
		t.Errorf("environment inside: got %q, want nothing of the test's", out)
	}
	if out, err := Try(first, time.Minute, "false"); err == nil {
		t.Errorf("a program that fails: got %q and no error, want one", out)
	}
	began := time.Now()
	if _, err := Try(first, 50*time.Millisecond, "sleep", "60"); err == nil || time.Since(began) > 30*time.Second {
		t.Errorf("a program that hangs: got %v after %v, want an error at once", err, time.Since(began))
	}
}

func TestPlace(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	at := func(packages ...string) string {
		path, err := place("bookworm", packages)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	if got, want := at("systemd", "dbus"), at("dbus", "systemd"); got != want {
		t.Errorf("the same packages in another order: got %s, want %s", got, want)
	}
	if got := at("dbus"); got == at() || got == at("dbus", "systemd") {
		t.Errorf("other packages: got the same archive %s, want another", got)
	}
}

func TestRelease(t *testing.T) {
	for _, c := range []struct{ name, text, want, wrong string }{
		{"plain", "ID=debian\nVERSION_CODENAME=trixie\n", "trixie", ""},
		{"quoted", "VERSION_CODENAME=\"bookworm\"\n", "bookworm", ""},
		{"another system", "ID=other\n", "", "no Debian"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "os-release")
			write(t, path, c.text)
			got, err := release(path)
			if got != c.want || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("release: got %q, %v; want %q, %q", got, err, c.want, c.wrong)
			}
		})
	}
}

func TestAptSources(t *testing.T) {
	etc := t.TempDir()
	write(t, filepath.Join(etc, "sources.list"), "deb http://mirror.example/debian bookworm main\n")
	write(t, filepath.Join(etc, "sources.list.d/debian.sources"), "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n")
	write(t, filepath.Join(etc, "sources.list.d/vendor.list"), "deb http://vendor.example/apt tool-bookworm main\n")
	write(t, filepath.Join(etc, "sources.list.d/off.sources.disabled"), "Suites: bookworm\n")
	got, err := aptSources(etc, "bookworm")
	want := []string{filepath.Join(etc, "sources.list"), filepath.Join(etc, "sources.list.d/debian.sources")}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("sources that offer bookworm: got %q, %v; want %q", got, err, want)
	}
	if got, err := aptSources(etc, "sid"); err == nil {
		t.Errorf("sources that offer sid: got %q, want an error", got)
	}
}

// write makes a file and the folders above it.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
