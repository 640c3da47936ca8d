package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/update"
)

// TestCarryOut goes through the slots: two updates, and back.
func TestCarryOut(t *testing.T) {
	l := newReleaseLab(t)
	for _, step := range []struct{ version, slot string }{{labAfter, "a"}, {"v7.3.0", "b"}, {"v7.4.0", "a"}} {
		l.stage(t, l.release(t, step.version, []byte("program "+step.version)))
		if err := l.carrier().run(t.Context()); err != nil {
			t.Fatal(err)
		}
		path, version, err := l.slots().program(uint32(os.Geteuid()))
		if want := l.path("slots", step.slot, "lineside"); err != nil || version != step.version || path != want {
			t.Fatalf("got %s in %s, %v, want %s in %s", version, path, err, step.version, want)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "program "+step.version {
			t.Errorf("got the program %q, %v", text, err)
		}
	}
	wish := func(w string) {
		t.Helper()
		if err := os.WriteFile(l.path("slots", wishFile), []byte(w), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wish("back\n")
	if err := l.carrier().run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, version, err := l.slots().program(uint32(os.Geteuid())); err != nil || version != "v7.3.0" {
		t.Errorf("back: got %s, %v, want v7.3.0", version, err)
	}
	wish("back\n")
	if err := l.carrier().run(t.Context()); !errors.Is(err, update.ErrNothingBefore) {
		t.Errorf("back once more: got %v, want %v", err, update.ErrNothingBefore)
	}
	// Another package, newer or older: its own program counts again.
	for _, base := range []string{"v7.9.0", "v7.0.0"} {
		s := l.slots()
		s.base = base
		if path, _, err := s.program(uint32(os.Geteuid())); err != nil || path != "" {
			t.Errorf("with the package %s: got %s, %v, want its own program", base, path, err)
		}
	}
}

// TestInboxOfAnEnemy is the folder the daemon writes in the hands of somebody who
// has taken the daemon over. Whatever lies there, the helper comes to an end,
// nothing counts that its makers did not sign, and nothing outside is touched.
func TestInboxOfAnEnemy(t *testing.T) {
	other := newReleaseLab(t)
	for name, set := range map[string]func(t *testing.T, l releaseLab, in string){
		"a release by somebody else": func(t *testing.T, l releaseLab, in string) {
			leave(t, filepath.Join(in, stagedUpdate), other.release(t, labAfter, []byte("evil")))
		},
		"an older release": func(t *testing.T, l releaseLab, in string) {
			leave(t, filepath.Join(in, stagedUpdate), l.release(t, "v7.0.9", []byte("old")))
		},
		"a release cut short": func(t *testing.T, l releaseLab, in string) {
			leave(t, filepath.Join(in, stagedUpdate), l.release(t, labAfter, make([]byte, 4096))[:4000])
		},
		"a link to a secret": func(t *testing.T, l releaseLab, in string) {
			relink(t, l.path("secret"), filepath.Join(in, stagedUpdate))
		},
		"a link to a good release": func(t *testing.T, l releaseLab, in string) {
			leave(t, l.path("elsewhere"), l.release(t, labAfter, []byte("good")))
			relink(t, l.path("elsewhere"), filepath.Join(in, stagedUpdate))
		},
		"a pipe nobody writes to": func(t *testing.T, l releaseLab, in string) {
			remove(t, filepath.Join(in, stagedUpdate))
			if err := syscall.Mkfifo(filepath.Join(in, stagedUpdate), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a folder": func(t *testing.T, l releaseLab, in string) {
			remove(t, filepath.Join(in, stagedUpdate))
			leave(t, filepath.Join(in, stagedUpdate, "x"), nil)
		},
		"nothing staged": func(t *testing.T, l releaseLab, in string) { remove(t, filepath.Join(in, stagedUpdate)) },
		"a request that is a pipe": func(t *testing.T, l releaseLab, in string) {
			remove(t, filepath.Join(in, wantedUpdate))
			if err := syscall.Mkfifo(filepath.Join(in, wantedUpdate), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a request that is a link": func(t *testing.T, l releaseLab, in string) {
			relink(t, l.path("secret"), filepath.Join(in, wantedUpdate))
		},
		"a request that is a full folder": func(t *testing.T, l releaseLab, in string) {
			remove(t, filepath.Join(in, wantedUpdate))
			leave(t, filepath.Join(in, wantedUpdate, "deep", "x"), nil)
		},
		"an endless request": func(t *testing.T, l releaseLab, in string) {
			leave(t, filepath.Join(in, wantedUpdate), bytes.Repeat([]byte(" "), 1<<20))
		},
		"the folder is a link out": func(t *testing.T, l releaseLab, in string) {
			if err := os.Rename(in, l.path("outside")); err != nil {
				t.Fatal(err)
			}
			relink(t, l.path("outside"), in)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newReleaseLab(t)
			leave(t, l.path("secret"), []byte("root's own"))
			l.stage(t, l.release(t, labAfter, []byte("good")))
			set(t, l, l.path("state", updateFolder))
			err := l.carrier().run(t.Context())
			if err == nil {
				t.Error("got no error, want it refused")
			}
			if path, _, _ := l.slots().program(uint32(os.Geteuid())); path != "" || l.ledger(t).Trial != nil {
				t.Errorf("got %s to start and the trial %+v, want neither", path, l.ledger(t).Trial)
			}
			if text, err := os.ReadFile(l.path("secret")); err != nil || string(text) != "root's own" {
				t.Errorf("got the secret %q, %v, want it as it was", text, err)
			}
			if why := l.ledger(t).Refused; why != nil && strings.Contains(why.Why, "root's own") {
				t.Errorf("the ledger, which everybody reads, has the secret: %s", why.Why)
			}
			if _, err := os.Lstat(l.path("slots", "incoming")); err == nil {
				t.Error("the copy was left behind")
			}
			if _, err := os.Lstat(l.path("state", updateFolder, wantedUpdate)); err == nil && name != "the folder is a link out" {
				t.Error("the request is there yet: the helper would be started for it over and over")
			}
		})
	}
}

func leave(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600)); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func relink(t *testing.T, to, path string) {
	t.Helper()
	remove(t, path)
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

// TestChangedAfterTheCheck: the staged file is another one once it was copied,
// and one that was opened for writing before grows on. Neither is looked at.
func TestChangedAfterTheCheck(t *testing.T) {
	l := newReleaseLab(t)
	l.stage(t, l.release(t, labAfter, []byte("good")))
	in, err := openInbox(l.path("state"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.root.Close() }()
	staged := l.path("state", updateFolder, stagedUpdate)
	late, err := os.OpenFile(staged, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := in.copyOut(l.path("copy"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = copied.Close() }()
	if _, err := late.WriteAt(bytes.Repeat([]byte("evil"), 300), 1600); err != nil {
		t.Fatal(err)
	}
	h, err := l.carrier().helper()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := releaseKeys([]string{l.keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(l.path("slots"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := h.Apply(t.Context(), copied, keys, "test"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(l.path("slots", "a", "lineside")); err != nil || string(text) != "good" {
		t.Errorf("got the program %q, %v, want the one that was checked", text, err)
	}
	if _, err := in.copyOut(l.path("copy"), 1000); err == nil {
		t.Error("a file beyond the bound was copied")
	}
}

// TestSlotsOfAnotherOwner: what others can write is never started.
func TestSlotsOfAnotherOwner(t *testing.T) {
	for name, spoil := range map[string]func(l releaseLab) error{
		"the program may be written by others": func(l releaseLab) error { return os.Chmod(l.path("slots", "a", "lineside"), 0o757) },
		"the slot may be":                      func(l releaseLab) error { return os.Chmod(l.path("slots", "a"), 0o777) },
		"the folder may be":                    func(l releaseLab) error { return os.Chmod(l.path("slots"), 0o775) },
		"the program is a link": func(l releaseLab) error {
			return errors.Join(os.Remove(l.path("slots", "a", "lineside")), os.Symlink("/bin/sh", l.path("slots", "a", "lineside")))
		},
		"it is somebody else's": func(l releaseLab) error { return os.Chown(l.path("slots", "a", "lineside"), 65534, 65534) },
	} {
		l := newReleaseLab(t)
		l.stage(t, l.release(t, labAfter, []byte("good")))
		if err := l.carrier().run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := spoil(l); err != nil {
			if errors.Is(err, os.ErrPermission) {
				t.Skipf("%s: %v", name, err)
			}
			t.Fatal(err)
		}
		if path, _, err := l.slots().program(uint32(os.Geteuid())); err == nil {
			t.Errorf("%s: got %s to start, want an error", name, path)
		}
	}
	// A link that leads anywhere but to a slot names none.
	l := newReleaseLab(t)
	leave(t, l.path("slots", "x"), nil)
	relink(t, "../../bin", l.path("slots", linkCurrent))
	if slot, _ := l.slots().live(); slot != "" {
		t.Errorf("got the slot %s, want none", slot)
	}
}

// TestReleaseKeysOfOthers: a key somebody else could have put there is an error,
// not a key.
func TestReleaseKeysOfOthers(t *testing.T) {
	l := newReleaseLab(t)
	if keys, err := releaseKeys([]string{l.keys, l.path("nowhere")}); err != nil || len(keys) != 1 {
		t.Fatalf("got %d keys, %v, want one", len(keys), err)
	}
	for name, spoil := range map[string]func() error{
		"the folder": func() error { return os.Chmod(l.keys, 0o777) },
		"the file": func() error {
			return errors.Join(os.Chmod(l.keys, 0o755), os.Chmod(filepath.Join(l.keys, "makers.pub"), 0o666))
		},
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if keys, err := releaseKeys([]string{l.keys}); err == nil || len(keys) != 0 {
			t.Errorf("%s may be written by everybody: got %d keys, %v, want an error", name, len(keys), err)
		}
	}
}

// TestKilledAtEveryCall kills the helper by SIGKILL at each call in turn that
// changes something on disk, and has it go on at the "next start": in the end the
// update is in use or nothing has changed, and whatever counted in between was
// whole.
func TestKilledAtEveryCall(t *testing.T) {
	strace := netlab.Tool(t, "strace")
	const calls = "mkdirat,unlinkat,renameat,symlinkat,fsync"
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kept, unchanged := 0, 0
	for _, call := range strings.Split(calls, ",") {
		for when := 1; ; when++ {
			l := newReleaseLab(t)
			l.stage(t, l.release(t, labAfter, []byte("good")))
			killed := carryUnder(t, strace, self, l, call, when)
			if path, version, err := l.slots().program(uint32(os.Geteuid())); err != nil {
				t.Fatalf("killed at %s %d: %v", call, when, err)
			} else if text, err := os.ReadFile(path); path != "" && (err != nil || string(text) != "good" || version != labAfter) {
				t.Fatalf("killed at %s %d: got the program %q, %v to start", call, when, text, err)
			}
			_ = l.carrier().run(t.Context()) // it says so where nothing has changed
			_, version, err := l.slots().program(uint32(os.Geteuid()))
			switch ledger := l.ledger(t); {
			case err != nil || ledger.Runs():
				t.Fatalf("killed at %s %d: got %v and the trial %+v", call, when, err, ledger.Trial)
			case version == labAfter && ledger.Trial.Phase == update.Kept:
				kept++
			case version == "" && (ledger.Trial == nil || ledger.Trial.Phase == update.Cut):
				unchanged++
			default:
				t.Fatalf("killed at %s %d: got %q to start and the trial %+v", call, when, version, ledger.Trial)
			}
			if !killed {
				break
			}
		}
	}
	t.Logf("%d times the update is in use in the end, %d times nothing has changed", kept, unchanged)
	if kept == 0 || unchanged == 0 {
		t.Error("the table does not go through the whole of it")
	}
}

// carryEnv has the test binary be the helper, of the lab in that folder.
const carryEnv = "LINESIDE_CARRY"

// carryOut is that helper.
func carryOut(dir string) int {
	l := releaseLab{dir: dir, keys: filepath.Join(dir, "release.pub.d")}
	if err := l.carrier().run(context.Background()); err != nil {
		return exitWrong
	}
	return exitOK
}

// carryUnder runs the helper and kills it at one of its system calls. It reports
// whether that came.
func carryUnder(t *testing.T, strace, self string, l releaseLab, call string, when int) (killed bool) {
	t.Helper()
	inject := fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, when)
	cmd := exec.Command(strace, "-f", "-qqq", "-o", os.DevNull, "-e", "trace="+call, "-e", inject, self)
	cmd.Env = append(os.Environ(), carryEnv+"="+l.dir)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err == nil {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		t.Fatalf("the helper ended by itself: %v", err)
	}
	return true
}
