package appliance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/debroot"
	"github.com/lineside/lineside/internal/netlab"
)

// Versions of the packages that are tried; the same tree is built as both.
const (
	older = "1.0.0"
	newer = "1.1.0"
)

// TestPackages builds packages twice from two folders, byte by byte the same, and
// puts them on a fresh Debian: installed, upgraded and downgraded beside a box
// that runs, removed and purged. With SOAK=1 the platform's packages and the
// other architectures are built too, and lintian reads those for Debian.
func TestPackages(t *testing.T) {
	t.Parallel()
	root := debroot.Make(t, "systemd", "dbus")
	rpm := netlab.Tool(t, "rpm")
	first, second := sourceTree(t), sourceTree(t)
	made := packages(t, first, older)
	t.Run("two builds are the same", func(t *testing.T) { sameFiles(t, made, packages(t, second, older)) })
	t.Run("rpm", func(t *testing.T) { checkRPM(t, rpm, one(t, made, "lineside-[0-9]*.x86_64.rpm")) })
	t.Run("apk", func(t *testing.T) { checkAPK(t, one(t, made, "lineside_*.apk")) })
	if os.Getenv("SOAK") != "" {
		t.Run("lintian", func(t *testing.T) { lintian(t, made) })
	}
	t.Run("a life on Debian", func(t *testing.T) {
		life(t, root, one(t, made, "lineside_*_amd64.deb"), one(t, packages(t, first, newer, "deb"), "lineside_*_amd64.deb"))
	})
}

// sourceTree copies what git knows and what is new here into another folder.
func sourceTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sh := exec.Command("sh", "-c", `git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -cf - | tar -C "$1" -xf -`, "sh", dir)
	sh.Dir = ".."
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("copy the source: %v\n%s", err, out)
	}
	return dir
}

// packages builds the packages of a version from a source tree, of every kind or
// of some.
func packages(t *testing.T, source, version string, kinds ...string) string {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		netlab.Lacking(t, "packages are tried on amd64")
	}
	out := t.TempDir()
	sh := exec.Command(filepath.Join(source, "packaging", "packages.sh"), out, "amd64")
	sh.Env = append(os.Environ(), "VERSION="+version, "SOURCE_DATE_EPOCH=1000000000", "PACKAGES=lineside", "KINDS="+strings.Join(kinds, " "))
	if os.Getenv("SOAK") != "" {
		sh.Args = sh.Args[:2]
		sh.Env = append(sh.Env, "PACKAGES=lineside lineside-central")
	}
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("packages.sh: %v\n%s", err, out)
	}
	return out
}

// one is the file of a folder that the pattern names.
func one(t *testing.T, dir, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) != 1 {
		t.Fatalf("packages like %s: got %q, %v; want one", pattern, files, err)
	}
	return files[0]
}

func sameFiles(t *testing.T, a, b string) {
	files, err := os.ReadDir(a)
	if err != nil || len(files) < 3 {
		t.Fatalf("packages built: got %v, %v; want a deb, an rpm and an apk", files, err)
	}
	for _, f := range files {
		want, got := sum(t, filepath.Join(a, f.Name())), sum(t, filepath.Join(b, f.Name()))
		t.Logf("%s  %s", want, f.Name())
		if got != want {
			t.Errorf("%s from another folder: got %s, want %s", f.Name(), got, want)
		}
	}
}

func sum(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// shipped are files every package of the box has.
func shipped() []string {
	return []string{
		"/usr/bin/lineside", "/usr/bin/lineside-fleet", "/usr/lib/systemd/system/lineside.service", "/usr/lib/systemd/system/lineside-http.socket",
		"/usr/lib/sysusers.d/lineside.conf", "/usr/lib/tmpfiles.d/lineside.conf", "/usr/lib/sysctl.d/60-lineside.conf",
		"/usr/share/man/man8/lineside-device-add.8.gz", "/usr/share/man/man1/lineside-fleet.1.gz", "/usr/share/bash-completion/completions/lineside",
		"/usr/share/doc/lineside/examples/lineside.toml", "/usr/share/doc/lineside/copyright", "/usr/share/doc/lineside/sbom.cdx.json",
	}
}

func checkRPM(t *testing.T, rpm, file string) {
	if out, err := exec.Command(rpm, "--checksig", "--nosignature", file).CombinedOutput(); err != nil || !bytes.Contains(out, []byte("digests OK")) {
		t.Errorf("rpm --checksig: got %v\n%s\nwant digests that hold", err, out)
	}
	out, err := exec.Command(rpm, "-qp", "--nosignature", "--qf", "%{VERSION} %{ARCH}\n[%{FILENAMES}\n]", file).CombinedOutput()
	names := strings.Split(string(out), "\n")
	if err != nil || names[0] != older+" x86_64" {
		t.Errorf("rpm -qp: got %v, %q; want version and architecture", err, names[0])
	}
	for _, want := range shipped() {
		if !slices.Contains(names, want) {
			t.Errorf("files of the rpm: got no %s, want it", want)
		}
	}
	if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "/etc/") || strings.Contains(n, "central") }) {
		t.Error("files of the rpm: got settings, or the platform's, want neither")
	}
}

// checkAPK reads a package of Alpine's as apk does: two gzip streams of tar, of
// which the first holds the hash of the second.
func checkAPK(t *testing.T, file string) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := bytes.NewReader(raw)
	control := entries(t, in)
	rest := raw[len(raw)-in.Len():]
	data := entries(t, bytes.NewReader(rest))
	hash := sha256.Sum256(rest)
	for _, want := range []string{"pkgname = lineside\n", "pkgver = " + older + "\n", "arch = x86_64\n", "datahash = " + hex.EncodeToString(hash[:]) + "\n"} {
		if !strings.Contains(control[".PKGINFO"], want) {
			t.Errorf(".PKGINFO: got\n%s\nwant %q in it", control[".PKGINFO"], want)
		}
	}
	for line := range strings.Lines(control[".PKGINFO"]) {
		if !regexp.MustCompile(`^([a-z]+ = .*|)\n$`).MatchString(line) {
			t.Errorf(".PKGINFO: got the line %q, want a name and a value", line)
		}
	}
	for _, want := range []string{".post-install", ".post-upgrade", ".pre-deinstall", ".post-deinstall"} {
		if !strings.HasPrefix(control[want], "#!/bin/sh\n") || regexp.MustCompile(`@[A-Z]+@`).MatchString(control[want]) {
			t.Errorf("%s: got %.80q…, want a script with all words filled in", want, control[want])
		}
	}
	for _, want := range shipped() {
		if _, there := data[strings.TrimPrefix(want, "/")]; !there {
			t.Errorf("files of the apk: got no %s, want it", want)
		}
	}
}

// entries reads one gzip stream of tar and leaves in behind it.
func entries(t *testing.T, in *bytes.Reader) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for r := tar.NewReader(bytes.NewReader(plain)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		found[h.Name] = string(body)
	}
}

// lintian asks Debian's checker; what it is told to overlook says why.
func lintian(t *testing.T, dir string) {
	tool := netlab.Tool(t, "lintian")
	files, err := filepath.Glob(filepath.Join(dir, "*_amd64.deb"))
	if err != nil || len(files) == 0 {
		t.Fatalf("packages for Debian: got %q, %v", files, err)
	}
	out, err := exec.Command(tool, append([]string{"--no-cfg", "--allow-root", "--fail-on", "warning"}, files...)...).CombinedOutput()
	if err != nil {
		t.Errorf("lintian: got %v\n%s\nwant nothing to say", err, out)
	}
}

// debian is a fresh Debian on a LAN, with a box in it that may run.
type debian struct {
	t    *testing.T
	root string
	host *netlab.Host
	box  *netlab.Process
}

// life is what happens to a package on one machine.
func life(t *testing.T, root, old, next string) {
	d := &debian{t: t, root: root, host: netlab.New(t).Host("box", "10.77.0.1/24")}
	d.put(old, "/old.deb")
	d.put(next, "/new.deb")

	d.installs("/old.deb", older, `(?s)nothing starts it here.*lineside status --page`)
	d.run("test", "-L", "/etc/systemd/system/multi-user.target.wants/lineside.service")
	d.run("runuser", "-u", "lineside", "--", "ls", "/etc/lineside")
	d.start()
	d.run("lineside", "device", "add", "00:15:65:00:00:01", "--vendor", "yealink", "--label", "Reception")
	d.run("sh", "-c", "echo 'timezone = \"UTC\"' >/etc/lineside/lineside.toml")

	words := `Lineside runs\..*\nadmin page: +https://10\.77\.0\.1:8443/\nset-up code: +\S+\n`
	d.installs("/new.deb", newer, words)
	d.restart()
	d.keeps(newer)
	d.installs("/old.deb", older, words)
	d.restart()
	d.keeps(older)
	d.box.Stop()

	d.run("dpkg", "--remove", "lineside")
	d.there("/var/lib/lineside/lineside.db", true)
	d.there("/usr/bin/lineside", false)
	d.run("dpkg", "--purge", "lineside")
	d.there("/var/lib/lineside", false)
	d.there("/etc/lineside", false)
	d.there("/etc/systemd/system/multi-user.target.wants/lineside.service", false)
	if got, err := d.try("dpkg-query", "-W", "lineside"); err == nil {
		t.Errorf("after the purge: dpkg got %q, want it to know nothing", got)
	}
}

func (d *debian) put(file, name string) {
	d.t.Helper()
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(filepath.Join(d.root, name), b, 0o644)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// try runs a program on the machine, on its LAN.
func (d *debian) try(name string, args ...string) (string, error) {
	words := debroot.Inside(d.root, name, args...)
	return d.host.Try(time.Minute, words[0], words[1:]...)
}

func (d *debian) run(name string, args ...string) string {
	d.t.Helper()
	out, err := d.try(name, args...)
	if err != nil {
		d.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// installs installs a package, hears its words, and finds what it left whole.
func (d *debian) installs(file, version, words string) {
	d.t.Helper()
	out := d.run("dpkg", "--install", file)
	d.t.Logf("dpkg --install, %s:\n%s", version, out)
	if !regexp.MustCompile(words).MatchString(out) {
		d.t.Errorf("dpkg --install %s: got\n%s\nwant words like %q", file, out, words)
	}
	if got := d.run("dpkg-query", "-W", "-f", "${Version} ${Status}", "lineside"); got != version+" install ok installed" {
		d.t.Errorf("dpkg-query: got %q, want version %s installed", got, version)
	}
	if got := d.run("dpkg", "--verify", "lineside"); got != "" {
		d.t.Errorf("dpkg --verify: got %q, want nothing changed", got)
	}
	if got := d.run("lineside", "version"); !strings.HasPrefix(got, "lineside v"+version+",") {
		d.t.Errorf("lineside version: got %q, want v%s", got, version)
	}
}

// start starts the box as its unit does, without settings: DHCP is off then.
func (d *debian) start() {
	d.t.Helper()
	d.run("install", "-d", "-m", "0755", "/run/lineside", "/var/lib/lineside")
	words := debroot.Inside(d.root, "lineside", "run")
	d.box = d.host.Start(words[0], words[1:]...)
	deadline := time.Now().Add(30 * time.Second)
	for {
		_, err := d.try("lineside", "status", "--page")
		switch {
		case err == nil:
			return
		case d.box.Ended() || time.Now().After(deadline):
			d.t.Fatalf("the box does not come up:\n%s", d.box.Output())
		}
	}
}

func (d *debian) restart() {
	d.t.Helper()
	d.box.Stop()
	d.run("rm", "/etc/lineside/lineside.toml") // the line in it was for the purge
	d.start()
	d.run("sh", "-c", "echo '# settings' >/etc/lineside/lineside.toml")
}

// keeps wants what was set up before to be there in the running version.
func (d *debian) keeps(version string) {
	d.t.Helper()
	if out, _ := d.try("lineside", "status"); !strings.Contains(out, fmt.Sprintf("lineside v%s, up", version)) {
		d.t.Errorf("status: got\n%s\nwant version %s running", out, version)
	}
	if out := d.run("lineside", "device", "list"); !strings.Contains(out, "Reception") {
		d.t.Errorf("device list in %s: got\n%s\nwant the phone of before", version, out)
	}
}

func (d *debian) there(path string, want bool) {
	d.t.Helper()
	_, err := os.Lstat(filepath.Join(d.root, path))
	if got := err == nil; got != want {
		d.t.Errorf("%s is there: got %t, want %t", path, got, want)
	}
}
