package provision_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// newDepot is a town that keeps files in dir.
func newDepot(t testing.TB, dir string) *lab {
	t.Helper()
	l := newTown(t, auth.FactorOTP, townTable, func(c *provision.Config) { c.Files = rootOf(t, dir) })
	if err := l.OpenFiles(); err != nil {
		t.Fatal(err)
	}
	return l
}

func rootOf(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	return root
}

// bodyOf is what a caller was given, "" for nothing.
func bodyOf(t testing.TB, a provision.Answer) string {
	t.Helper()
	if a.File == nil {
		return string(a.Body)
	}
	body, err := io.ReadAll(a.File)
	if err = errors.Join(err, a.File.Close()); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func (l *lab) addFile(t testing.TB, name, body string) {
	t.Helper()
	if _, err := l.AddFile(t.Context(), operator, "plain", name, strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
}

func TestLocalFiles(t *testing.T) {
	dir := t.TempDir()
	l := newDepot(t, dir)
	l.addFile(t, "p1.rom", "firmware 1")
	wantKinds(t, l.store, "file-added")
	for _, front := range []provision.Front{provision.TFTP, provision.HTTP} {
		for file, want := range map[string]string{
			"files/plain/p1.rom": "firmware 1", "p1.rom": "firmware 1", "a/p1.rom": "firmware 1",
			"files/mute/p1.rom": "", "files/plain/index.json": "", "files/plain/../index.json": "", "files/": "", "files/plain": "",
			"index.json": "", "files/plain//p1.rom": "", "files/PLAIN/p1.rom": "",
		} {
			if got := bodyOf(t, l.askOn(t, front, file, "10.20.0.57")); got != want {
				t.Errorf("%s %s: got %q, want %q", front, file, got, want)
			}
		}
	}
	first := l.fetch(t, "p1.rom", "10.20.0.57")
	l.addFile(t, "p1.rom", "firmware 2")
	if got := bodyOf(t, first); got != "firmware 1" {
		t.Errorf("a phone that was fetching the old one got %q", got)
	}
	second := l.fetch(t, "p1.rom", "10.20.0.57")
	if got := bodyOf(t, second); got != "firmware 2" || second.Tag == first.Tag {
		t.Errorf("got %q with the tag of the first %v, want the second", got, second.Tag == first.Tag)
	}
	again := newDepot(t, dir)
	if got := bodyOf(t, again.fetch(t, "p1.rom", "10.20.0.57")); got != "" {
		t.Errorf("after a restart: got %q before it was checked, want nothing", got)
	}
	again.checked(t)
	if got := bodyOf(t, again.fetch(t, "p1.rom", "10.20.0.57")); got != "firmware 2" {
		t.Errorf("after a restart: got %q, want the second", got)
	}
	if err := again.RemoveFile(t.Context(), operator, "plain", "p1.rom"); err != nil {
		t.Fatal(err)
	}
	if err := again.RemoveFile(t.Context(), operator, "plain", "p1.rom"); !errors.Is(err, provision.ErrUnknownFile) {
		t.Errorf("again: got %v, want ErrUnknownFile", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "plain", "p1.rom")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still on the disk: %v", err)
	}
}

// checked has the files compared with what was added, as RunFiles does.
func (l *lab) checked(t testing.TB) {
	t.Helper()
	l.CheckFiles(t.Context())
}

func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	l := newDepot(t, dir)
	broken := iotest.ErrReader(errors.New("the cable was pulled"))
	for name, tt := range map[string]struct {
		vendor phone.Vendor
		file   string
		src    io.Reader
		is     error
	}{
		"a folder":           {"plain", "a/b.rom", strings.NewReader("x"), provision.ErrInvalid},
		"out of the folder":  {"plain", "..", strings.NewReader("x"), provision.ErrInvalid},
		"a hidden name":      {"plain", ".new-x", strings.NewReader("x"), provision.ErrInvalid},
		"the index":          {"plain", "index.json", strings.NewReader("x"), provision.ErrInvalid},
		"a config's name":    {"plain", mac.Hex() + ".txt", strings.NewReader("x"), provision.ErrInvalid},
		"a common file":      {"plain", "common.txt", strings.NewReader("x"), provision.ErrInvalid},
		"the box's CA":       {"plain", provision.CAFile, strings.NewReader("x"), provision.ErrInvalid},
		"no vendor":          {"acme", "x.rom", strings.NewReader("x"), provision.ErrInvalid},
		"nothing":            {"plain", "x.rom", strings.NewReader(""), provision.ErrInvalid},
		"half, then a break": {"plain", "x.rom", io.MultiReader(strings.NewReader("half"), broken), nil},
	} {
		if _, err := l.AddFile(t.Context(), operator, tt.vendor, tt.file, tt.src); err == nil || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: got %v, want %v", name, err, tt.is)
		}
	}
	if files, _ := l.LocalFiles(); len(files) != 0 {
		t.Errorf("got %v, want none", files)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	hidden, _ := filepath.Glob(filepath.Join(dir, "*", ".*"))
	if left = append(left, hidden...); len(left) != 0 {
		t.Errorf("left on the disk: %v", left)
	}
}

// TestTouchedFilesAreNotServed: what is not what was added is given to nobody,
// and the operator hears of it.
func TestTouchedFilesAreNotServed(t *testing.T) {
	for name, touch := range map[string]func(path string) error{
		"other bytes, same length": func(p string) error { return os.WriteFile(p, []byte("firmware X"), 0o600) },
		"other bytes, the date set back": func(p string) error {
			was, err := os.Stat(p)
			if err != nil {
				return err
			}
			// The date of an inode is as fine as the kernel's tick.
			for now := was; changedAt(now) == changedAt(was) && err == nil; now, err = os.Stat(p) {
				err = errors.Join(os.WriteFile(p, []byte("firmware X"), 0o600), os.Chtimes(p, was.ModTime(), was.ModTime()))
				if err != nil {
					return err
				}
			}
			return err
		},
		"half of it": func(p string) error { return os.Truncate(p, 4) },
		"gone":       os.Remove,
		"a link to elsewhere": func(p string) error {
			return errors.Join(os.Remove(p), os.Symlink("/etc/passwd", p))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := newDepot(t, dir)
			l.addFile(t, "p1.rom", "firmware 1")
			l.addFile(t, "other.rom", "other")
			path := filepath.Join(dir, "plain", "p1.rom")
			if err := touch(path); err != nil {
				t.Fatal(err)
			}
			if got := bodyOf(t, l.fetch(t, "p1.rom", "10.20.0.57")); got != "" {
				t.Errorf("before the check: got %q, want nothing", got)
			}
			l.checked(t)
			if got := bodyOf(t, l.fetch(t, "p1.rom", "10.20.0.57")); got != "" {
				t.Errorf("after the check: got %q, want nothing", got)
			}
			if got := bodyOf(t, l.fetch(t, "other.rom", "10.20.0.57")); got != "other" {
				t.Errorf("the other file: got %q", got)
			}
			if list := l.board.List(); len(list) != 1 || list[0].Code != provision.CodeFiles || !strings.Contains(list[0].Detail, "p1.rom") {
				t.Errorf("got %+v, want a condition that names it", list)
			}
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			l.addFile(t, "p1.rom", "firmware 1")
			if got := bodyOf(t, l.fetch(t, "p1.rom", "10.20.0.57")); got != "firmware 1" || len(l.board.List()) != 0 {
				t.Errorf("added again: got %q and %v", got, l.board.List())
			}
		})
	}
}

// changedAt is when a file's inode was last changed.
func changedAt(f os.FileInfo) syscall.Timespec { return f.Sys().(*syscall.Stat_t).Ctim }

// TestFilesAreReadAgain: what was changed without a trace is found within a day,
// and not served then.
func TestFilesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	l := newDepot(t, dir)
	l.addFile(t, "p1.rom", "firmware 1")
	l.addFile(t, "other.rom", "other")
	if err := os.WriteFile(filepath.Join(dir, "plain", "p1.rom"), []byte("firmware X"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Overlook("plain", "p1.rom"); err != nil {
		t.Fatal(err)
	}
	l.checked(t)
	l.RereadFiles(t.Context())
	if got := bodyOf(t, l.fetch(t, "p1.rom", "10.20.0.57")); got != "firmware X" {
		t.Fatalf("before its day is over: got %q, want it served: else it is not this that finds it", got)
	}
	l.wait(24 * time.Hour)
	if got := l.Overdue(); got != 2 {
		t.Errorf("a day later: %d files are to be read again, want both", got)
	}
	l.RereadFiles(t.Context())
	if got := bodyOf(t, l.fetch(t, "p1.rom", "10.20.0.57")); got != "" {
		t.Errorf("a day later: got %q, want nothing", got)
	}
	if list := l.board.List(); len(list) != 1 || list[0].Code != provision.CodeFiles || !strings.Contains(list[0].Detail, "p1.rom") {
		t.Errorf("got %+v, want a condition that names it", list)
	}
	if got := bodyOf(t, l.fetch(t, "other.rom", "10.20.0.57")); got != "other" || l.Overdue() != 0 {
		t.Errorf("the other: got %q, and %d to be read again", got, l.Overdue())
	}
}

// TestFilesAreReadAgainAFewAtATime: a look reads as much as keeps it short.
func TestFilesAreReadAgainAFewAtATime(t *testing.T) {
	l := newDepot(t, t.TempDir())
	body := strings.Repeat("firmware", 9<<17) // 9 MiB
	for i := range 3 {
		l.addFile(t, fmt.Sprintf("p%d.rom", i), body)
	}
	l.wait(24 * time.Hour)
	for looks := range 3 {
		if got := l.Overdue(); got != 1 {
			t.Errorf("look %d: %d files are read, want 1 of 9 MiB", looks, got)
		}
		l.RereadFiles(t.Context())
	}
	if got := l.Overdue(); got != 0 {
		t.Errorf("after three looks %d are still to be read", got)
	}
}

func TestFirmwareRule(t *testing.T) {
	l := newDepot(t, t.TempDir())
	l.addFile(t, "p1.rom", "firmware 1")
	if _, err := l.Add(t.Context(), operator, phone.Device{MAC: mac, Vendor: "plain", Model: "P1"}); err != nil {
		t.Fatal(err)
	}
	user, password := loginIn(t, l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"))
	told := func() string { return wordIn(t, l.get(t, mac, "10.20.0.57", user, password), "fw") }
	if got := told(); got != "" {
		t.Errorf("without a rule: got %s", got)
	}
	rule, err := l.SetFirmware(t.Context(), operator, "plain", "p1", "p1.rom", "")
	if err != nil || len(rule.SHA256) != 64 {
		t.Fatalf("got %+v and %v", rule, err)
	}
	wantKinds(t, l.store, "firmware-set")
	if got, want := told(), "http://10.20.0.1/cfg/files/plain/p1.rom"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := l.RemoveFile(t.Context(), operator, "plain", "p1.rom"); !errors.Is(err, provision.ErrFilePinned) {
		t.Errorf("removing it: got %v, want ErrFilePinned", err)
	}
	l.addFile(t, "p1.rom", "firmware 2") // another content under the name that is pinned
	if got := told() + bodyOf(t, l.fetch(t, "p1.rom", "10.20.0.57")); got != "" {
		t.Errorf("other bytes than pinned: got %q, want neither named nor served", got)
	}
	if list := l.board.List(); len(list) != 1 || list[0].Code != provision.CodeFiles {
		t.Errorf("got %+v, want a condition", list)
	}
	if _, err := l.SetFirmware(t.Context(), operator, "plain", "P1", "p1.rom", ""); err != nil {
		t.Fatal(err)
	}
	if got := bodyOf(t, l.fetch(t, "p1.rom", "10.20.0.57")); told() == "" || got != "firmware 2" || len(l.board.List()) != 0 {
		t.Errorf("pinned anew: got %q and %v", got, l.board.List())
	}
	if _, err := l.SetFirmware(t.Context(), operator, "plain", "P1", "missing.rom", ""); !errors.Is(err, provision.ErrUnknownFile) {
		t.Errorf("a file there is none of: got %v", err)
	}
	if _, err := l.SetFirmware(t.Context(), operator, "plain", "P1", "", ""); err != nil || told() != "" {
		t.Errorf("taken back: got %v and %s", err, told())
	}
	wantStage(t, "full", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)
}

func TestFilesOfABrokenIndex(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for name, text := range map[string]string{
		"no JSON": "{", "another version": `{"v":2}`,
		"a way out":        fmt.Sprintf(`{"v":1,"files":[{"vendor":"plain","name":"../../etc/passwd","size":1,"sha256":%q}]}`, sum),
		"a way out before": fmt.Sprintf(`{"v":1,"files":[{"vendor":"..","name":"x","size":1,"sha256":%q}]}`, sum),
		"no hash":          `{"v":1,"files":[{"vendor":"plain","name":"x","size":1,"sha256":"ab"}]}`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l := newTown(t, auth.FactorOTP, townTable, func(c *provision.Config) { c.Files = rootOf(t, dir) })
		if err := l.OpenFiles(); err == nil {
			t.Errorf("%s: got no error", name)
		}
		if files, _ := l.LocalFiles(); len(files) != 0 {
			t.Errorf("%s: got %v, want none", name, files)
		}
	}
}

// FuzzIndex: an index is refused whole, or names only files of the folder.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"v":1,"files":[{"vendor":"plain","name":"x.rom","size":1,"sha256":"` + strings.Repeat("ab", 32) + `"}]}`))
	f.Add([]byte(`{"v":1,"files":[{"vendor":"a/..","name":"..","size":-1,"sha256":""}]}`))
	dir := f.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		f.Fatal(err)
	}
	defer root.Close()
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := os.WriteFile(filepath.Join(dir, "index.json"), body, 0o600); err != nil {
			t.Fatal(err)
		}
		l := newTown(t, auth.FactorOTP, townTable, func(c *provision.Config) { c.Files = root })
		if l.OpenFiles() != nil {
			return
		}
		files, _ := l.LocalFiles()
		for _, file := range files {
			if strings.ContainsAny(file.Name+string(file.Vendor), "/\\") || slices.Contains([]string{"", ".", ".."}, file.Name) {
				t.Errorf("%q of %q", file.Name, file.Vendor)
			}
		}
	})
}
