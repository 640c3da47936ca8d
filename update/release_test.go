package update_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/update"
)

func TestReleaseGoesThrough(t *testing.T) {
	m := newMaker(t)
	got, err := readAll(m.release(t, manifest(t, "v1.1.0")), m.keys())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(contents(), got); diff != "" {
		t.Errorf("contents (-want +got):\n%s", diff)
	}
}

// member is one entry of a tar that is made by hand.
type member struct {
	tar.Header
	text string
}

func tarOf(t testing.TB, members []member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := m.Header
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(m.text))
		}
		h.Mode = 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// membersOf takes a release apart.
func membersOf(t testing.TB, release []byte) (all []member) {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(release))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return all
		}
		text, err2 := io.ReadAll(r)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		all = append(all, member{tar.Header{Name: h.Name}, string(text)})
	}
}

// TestWhatIsNoRelease hands over what somebody between the makers and the box
// could make of a release.
func TestWhatIsNoRelease(t *testing.T) {
	m, stranger := newMaker(t), newMaker(t)
	good := m.release(t, manifest(t, "v1.1.0"))
	older := membersOf(t, m.release(t, manifest(t, "v1.0.9")))
	change := func(f func([]member) []member) []byte { return tarOf(t, f(membersOf(t, good))) }
	for _, c := range []struct {
		name    string
		release []byte
		keys    update.Keys
		want    error
	}{
		{"no key is trusted", good, nil, update.ErrNoKeys},
		{"signed by a stranger", stranger.release(t, manifest(t, "v1.1.0")), m.keys(), update.ErrSigner},
		{"signed by a stranger under the makers' key's number", renamed(t, stranger, m), m.keys(), update.ErrSignature},
		{"not signed", change(func(l []member) []member { return append(l[:1], l[2:]...) }), m.keys(), update.ErrRelease},
		{"an empty signature", change(func(l []member) []member { l[1].text = ""; return l }), m.keys(), update.ErrSignature},
		{"the signature of another manifest", change(func(l []member) []member { l[1].text = older[1].text; return l }), m.keys(), update.ErrSignature},
		{"another comment under the signature", change(func(l []member) []member {
			l[1].text = strings.Replace(l[1].text, "timestamp:1", "timestamp:2", 1)
			return l
		}), m.keys(), update.ErrSignature},
		{"another manifest", change(func(l []member) []member {
			l[0].text = strings.Replace(l[0].text, "v1.1.0", "v9.1.0", 1)
			return l
		}), m.keys(), update.ErrSignature},
		{"artefacts swapped", change(func(l []member) []member { l[2], l[3] = l[3], l[2]; return l }), m.keys(), update.ErrRelease},
		{"contents swapped", change(func(l []member) []member { l[2].text, l[3].text = l[3].text, l[2].text; return l }), m.keys(), update.ErrRelease},
		{"one byte of a content", change(func(l []member) []member { l[2].text = "T" + l[2].text[1:]; return l }), m.keys(), update.ErrRelease},
		{"a longer content", change(func(l []member) []member { l[2].text += "."; return l }), m.keys(), update.ErrRelease},
		{"a file more", change(func(l []member) []member { return append(l, member{tar.Header{Name: "more"}, "more"}) }), m.keys(), update.ErrRelease},
		{"a file less", change(func(l []member) []member { return l[:3] }), m.keys(), update.ErrRelease},
		{"a path upwards", change(func(l []member) []member { l[2].Name = "../" + l[2].Name; return l }), m.keys(), update.ErrRelease},
		{"an absolute path", change(func(l []member) []member { l[2].Name = "/etc/passwd"; return l }), m.keys(), update.ErrRelease},
		{"a symbolic link", change(func(l []member) []member {
			l[2] = member{Header: tar.Header{Name: l[2].Name, Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"}}
			return l
		}), m.keys(), update.ErrRelease},
		{"a hard link", change(func(l []member) []member {
			l[3] = member{Header: tar.Header{Name: l[3].Name, Typeflag: tar.TypeLink, Linkname: l[2].Name}}
			return l
		}), m.keys(), update.ErrRelease},
		{"a folder", change(func(l []member) []member {
			return append([]member{{Header: tar.Header{Name: "manifest.json/", Typeflag: tar.TypeDir}}}, l...)
		}), m.keys(), update.ErrRelease},
		{"words in an extended header", change(func(l []member) []member {
			l[2].PAXRecords = map[string]string{"LINESIDE.more": "x"}
			return l
		}), m.keys(), update.ErrRelease},
		{"an endless manifest", change(func(l []member) []member { l[0].text += strings.Repeat(" ", 1<<20); return l }), m.keys(), update.ErrRelease},
		{"something behind the end", append(bytes.Clone(good), "#!/bin/sh"...), m.keys(), update.ErrRelease},
		{"zeros without end", append(bytes.Clone(good), make([]byte, 1<<20)...), m.keys(), update.ErrRelease},
		{"nothing", nil, m.keys(), update.ErrRelease},
		{"a program", []byte(strings.Repeat("\x7fELF", 4096)), m.keys(), update.ErrRelease},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := readAll(c.release, c.keys); !errors.Is(err, c.want) {
				t.Errorf("got %d files and %v, want %v", len(got), err, c.want)
			}
		})
	}
}

// renamed is a stranger's release whose signature names another's key.
func renamed(t *testing.T, stranger, other maker) []byte {
	t.Helper()
	l := membersOf(t, stranger.release(t, manifest(t, "v1.1.0")))
	text, err := manifest(t, "v1.1.0").Text()
	if err != nil {
		t.Fatal(err)
	}
	own := other.signer.Sign(text, labTime)
	// The second line holds algorithm and key number in its first 14 characters
	// of base64, of which the last two share their bits with the signature.
	lines, ownLines := strings.SplitN(l[1].text, "\n", 3), strings.SplitN(string(own), "\n", 3)
	lines[1] = ownLines[1][:13] + lines[1][13:]
	lines[1] = lines[1][:13] + ownLines[1][13:14] + lines[1][14:]
	l[1].text = strings.Join(lines, "\n")
	return tarOf(t, l)
}

// TestCutReleases cuts a release at every byte: a file that is not whole is none.
func TestCutReleases(t *testing.T) {
	m := newMaker(t)
	good := m.release(t, manifest(t, "v1.1.0"))
	taken := 0
	for n := range len(good) {
		got, err := readAll(good[:n], m.keys())
		if err != nil {
			continue
		}
		taken++
		if diff := cmp.Diff(contents(), got); diff != "" {
			t.Fatalf("the first %d of %d bytes were taken as a whole release (-want +got):\n%s", n, len(good), diff)
		}
	}
	// Only the zeros a tar is filled up with may be missing.
	if zeros := 1024 + 512 - len(contents()["lineside-linux-arm64"]); taken > zeros {
		t.Errorf("got %d cut files taken, want at most %d", taken, zeros)
	}
}

// TestMinisign has the real minisign check what is signed here, and the other
// way round, under a password and without.
func TestMinisign(t *testing.T) {
	if _, err := exec.LookPath("minisign"); err != nil {
		if os.Getenv("REQUIRE") != "" {
			t.Fatal("minisign is not there; packaging/tools.sh installs it")
		}
		t.Skip("minisign is not there")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	run := func(in string, args ...string) string {
		t.Helper()
		cmd := exec.Command("minisign", args...)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("minisign %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	read := func(name string) []byte {
		t.Helper()
		text, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	keep := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(at(name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := manifest(t, "v1.1.0").Text()
	if err != nil {
		t.Fatal(err)
	}
	keep("m", text)

	run("", "-G", "-W", "-p", at("theirs.pub"), "-s", at("theirs.key"))
	theirs, err := update.ParseKey(read("theirs.pub"))
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"-H", "-l"} { // of its hash, and of itself
		run("", "-S", how, "-W", "-s", at("theirs.key"), "-m", at("m"), "-x", at("sig"))
		if _, err := (update.Keys{theirs}).Verify(text, read("sig")); err != nil {
			t.Errorf("minisign %s signs, we verify: got %v, want none", how, err)
		}
	}
	signer, err := update.OpenSigner(read("theirs.key"), phone.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	keep("sig", signer.Sign(text, labTime))
	if out := run("", "-V", "-p", at("theirs.pub"), "-m", at("m"), "-x", at("sig")); !strings.Contains(out, "verified") {
		t.Errorf("we sign with minisign's key: got %s", out)
	}

	public, secret, err := update.MakeKeys(phone.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	keep("ours.key", secret)
	run("", "-S", "-W", "-s", at("ours.key"), "-m", at("m"), "-x", at("sig"))
	ours, err := update.ParseKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := (update.Keys{theirs, ours}).Verify(text, read("sig")); err != nil || k.ID != ours.ID {
		t.Errorf("minisign signs with our key: got %s, %v, want %s", k.ID, err, ours.ID)
	}
}

func TestWhatIsNoSecretKey(t *testing.T) {
	for name, secret := range map[string]string{"no key": "untrusted comment: x\nAAAA\n", "nothing": ""} {
		if _, err := update.OpenSigner([]byte(secret), phone.Secret{}); err == nil {
			t.Errorf("%s: got a signer, want an error", name)
		}
	}
}

// TestPasswordOfAKey takes seconds and a GiB of memory, on purpose of minisign's.
func TestPasswordOfAKey(t *testing.T) {
	if os.Getenv("SOAK") == "" {
		t.Skip("SOAK=1 runs it")
	}
	_, secret, err := update.MakeKeys(phone.NewSecret("example-password"))
	if err != nil {
		t.Fatal(err)
	}
	for password, opens := range map[string]bool{"example-password": true, "another": false, "": false} {
		if _, err := update.OpenSigner(secret, phone.NewSecret(password)); (err == nil) != opens {
			t.Errorf("password %q: got %v, want opened %v", password, err, opens)
		}
	}
}

// FuzzRelease changes a release anywhere: what is taken all the same is the
// release that was signed, to the byte.
func FuzzRelease(f *testing.F) {
	m := newMaker(f)
	good := m.release(f, manifest(f, "v1.1.0"))
	f.Add(uint16(0), []byte("x"))
	f.Add(uint16(512), []byte(`{"format":1}`))
	f.Add(uint16(156), []byte("2"))
	f.Add(uint16(124), []byte("00000000000"))
	f.Fuzz(func(t *testing.T, at uint16, over []byte) {
		changed := bytes.Clone(good)
		i := int(at) % len(changed)
		changed = append(changed[:i], append(over, changed[min(i+len(over), len(changed)):]...)...)
		got, err := readAll(changed, m.keys())
		if err == nil && !cmp.Equal(got, contents()) {
			t.Errorf("a changed release was taken: got %v, want %v", got, contents())
		}
	})
}

// FuzzManifest: what is read is written and read again as the same.
func FuzzManifest(f *testing.F) {
	text, err := manifest(f, "v1.1.0").Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":1,"version":"v1.0.0","made":"2026-01-01T00:00:00Z","schema":1,"back_to":1,"artefacts":[]}`))
	f.Add([]byte(`{"format":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := update.ParseManifest(text)
		if err != nil {
			return
		}
		again, err := m.Text()
		if err != nil {
			t.Fatalf("%+v was read and cannot be written: %v", m, err)
		}
		if len(again) > 64<<10 {
			return // indented, it is longer than one may be
		}
		if back, err := update.ParseManifest(again); err != nil || !cmp.Equal(m, back) {
			t.Errorf("read %+v, written and read again %+v, %v", m, back, err)
		}
	})
}

// TestCheckWantsAll: a release that ends where an artefact would begin is not
// taken for one that is over, by who only checks it either.
func TestCheckWantsAll(t *testing.T) {
	m := newMaker(t)
	good := membersOf(t, m.release(t, manifest(t, "v1.1.0")))
	for n := 2; n <= len(good); n++ {
		r, err := update.Open(bytes.NewReader(tarOf(t, good[:n])), m.keys())
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Check(); errors.Is(err, update.ErrRelease) != (n < len(good)) || errors.Is(err, io.EOF) {
			t.Errorf("%d of %d files: got %v, want it refused unless it is whole", n, len(good), err)
		}
	}
}
