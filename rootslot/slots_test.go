package rootslot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/lineside/lineside/rootslot"
	"github.com/lineside/lineside/update"
)

var _ update.Slots = (*rootslot.Slots)(nil)

// fake is a machine in folders: a boot partition, and two slots whose content, once
// written, is one file that names what kernel it has. Of the operations on it, the
// cutAt-th and all that follow fail, as in a power cut; 0 is none.
type fake struct {
	t     *testing.T
	dir   string
	count int
	cutAt int
}

var errCut = errors.New("the power is gone")

// step counts an operation.
func (f *fake) step() error {
	f.count++
	if f.cutAt > 0 && f.count >= f.cutAt {
		return errCut
	}
	return nil
}

// newFake is an appliance as it leaves the works: slot a.
func newFake(t *testing.T) *fake {
	f := &fake{t: t, dir: t.TempDir()}
	for _, folder := range []string{"boot/loader/entries", "boot/lineside/a", "a/boot"} {
		if err := os.MkdirAll(filepath.Join(f.dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f.write("boot/loader/entries/lineside-a.conf", "title Lineside 1.0.0\nversion 1\n")
	f.write("boot/loader/entries/other-system.conf", "title not ours\n")
	return f
}

func (f *fake) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fake) Boot(change func(string) error) error {
	if err := f.step(); err != nil {
		return err
	}
	if err := change(filepath.Join(f.dir, "boot")); err != nil {
		return err
	}
	return f.step()
}

func (f *fake) Root(slot string, look func(string) error) error {
	if err := f.step(); err != nil {
		return err
	}
	return look(filepath.Join(f.dir, slot))
}

func (f *fake) Open(slot string) (rootslot.Partition, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	return &part{f: f, slot: slot}, nil
}

// part takes a root: its text becomes the kernel's.
type part struct {
	f    *fake
	slot string
	bytes.Buffer
}

const room = 1 << 10

func (p *part) Size() int64 { return room }

func (p *part) Write(b []byte) (int, error) {
	if err := p.f.step(); err != nil {
		return 0, err
	}
	return p.Buffer.Write(b)
}

func (p *part) Sync() error {
	if err := p.f.step(); err != nil {
		return err
	}
	boot := filepath.Join(p.f.dir, p.slot, "boot")
	if err := os.MkdirAll(boot, 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{"vmlinuz": p.String(), "initrd.img": p.String(), "entry.conf": "title Lineside @VERSION@\nversion @NUMBER@\noptions lineside.slot=@SLOT@\n"} {
		if err := os.WriteFile(filepath.Join(boot, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (p *part) Close() error { return nil }

// starts is what systemd-boot would start, with the try it takes off for that: the
// highest version of those with tries left, else the highest.
func (f *fake) starts() (slot string) {
	f.t.Helper()
	folder := filepath.Join(f.dir, "boot/loader/entries")
	files, err := os.ReadDir(folder)
	if err != nil {
		f.t.Fatal(err)
	}
	var best, file string
	bestNumber, bestAlive, left, done := -1, false, 0, 0
	for _, e := range files {
		m := regexp.MustCompile(`^lineside-([ab])(?:\+(\d+)(?:-(\d+))?)?\.conf$`).FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		text, _ := os.ReadFile(filepath.Join(folder, e.Name()))
		number, _ := strconv.Atoi(regexp.MustCompile(`(?m)^version (\d+)$`).FindStringSubmatch(string(text))[1])
		alive := m[2] != "0"
		if best == "" || alive && !bestAlive || alive == bestAlive && number > bestNumber {
			best, bestNumber, bestAlive, file = m[1], number, alive, e.Name()
			left, done = -1, 0
			if m[2] != "" {
				left, _ = strconv.Atoi(m[2])
				done, _ = strconv.Atoi(m[3])
			}
		}
	}
	if left > 0 {
		if err := os.Rename(filepath.Join(folder, file), filepath.Join(folder, fmt.Sprintf("lineside-%s+%d-%d.conf", best, left-1, done+1))); err != nil {
			f.t.Fatal(err)
		}
	}
	return best
}

// on are the Slots of the machine while it runs a slot.
func (f *fake) on(slot string) *rootslot.Slots {
	f.t.Helper()
	s, err := rootslot.New("quiet lineside.slot="+slot+" ro", f)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fake) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fake) wantStart(when, want string) {
	f.t.Helper()
	if got := f.starts(); got != want {
		f.t.Errorf("%s: got slot %s started, want %s", when, got, want)
	}
}

func root(text string) io.Reader { return strings.NewReader(text) }

func TestUpdateIsKept(t *testing.T) {
	f := newFake(t)
	f.must(f.on("a").Write(t.Context(), "2.0.0", root("second")))
	f.wantStart("written", "a")
	f.must(f.on("a").Try())
	f.wantStart("tried", "b")
	f.must(f.on("b").Try()) // as a helper does that goes on after the restart
	f.must(f.on("b").Good())
	for range 5 {
		f.wantStart("kept", "b")
	}
	f.must(f.on("b").Write(t.Context(), "3.0.0", root("third")))
	f.must(f.on("b").Try())
	f.wantStart("the next update", "a")
	f.must(f.on("a").Good())
	f.must(f.on("a").Back())
	f.wantStart("an operator went back", "b")
	f.must(f.on("b").Back())
	f.wantStart("there is nothing more to go back to", "b")
}

func TestSlotThatDoesNotComeUp(t *testing.T) {
	f := newFake(t)
	f.must(f.on("a").Write(t.Context(), "2.0.0", root("second")))
	f.must(f.on("a").Try())
	for range 3 {
		f.wantStart("with tries left", "b")
	}
	f.wantStart("without", "a")
	f.must(f.on("a").Try())
	f.wantStart("tried in vain, and asked for again", "a")
	if err := f.on("a").Good(); err == nil {
		t.Error("the slot of before called good: got no error, want that the machine fell back")
	}
	f.must(f.on("a").Back())
	f.must(f.on("a").Write(t.Context(), "2.0.1", root("mended")))
	f.must(f.on("a").Try())
	f.wantStart("a newer release", "b")
}

// TestPowerCutAnywhere cuts the power at each operation of an update in turn: the
// machine always starts a slot that is whole, and the update can be begun anew.
func TestPowerCutAnywhere(t *testing.T) {
	whole := newFake(t)
	whole.must(whole.on("a").Write(t.Context(), "2.0.0", root("second")))
	written := whole.count
	whole.must(whole.on("a").Try())
	for at := 1; at <= whole.count; at++ {
		f := newFake(t)
		// A root of an older update is there, with its entry.
		f.must(f.on("a").Write(t.Context(), "1.5.0", root("older")))
		f.must(f.on("a").Try())
		f.wantStart("the older update", "b")
		f.must(f.on("b").Good())
		f.must(f.on("b").Write(t.Context(), "1.6.0", root("newer")))
		f.must(f.on("b").Try())
		f.wantStart("the newer update", "a")
		f.must(f.on("a").Good())

		f.count, f.cutAt = 0, at
		err := f.on("a").Write(t.Context(), "2.0.0", root("second"))
		if err == nil {
			err = f.on("a").Try()
		}
		if !errors.Is(err, errCut) {
			t.Errorf("cut at %d: got %v, want %v", at, err, errCut)
		}
		f.count, f.cutAt = 0, 0
		got := f.starts()
		if at <= written && got != "a" {
			t.Errorf("cut at %d, before Try: got slot %s started, want a", at, got)
		}
		if text, err := os.ReadFile(filepath.Join(f.dir, "boot/lineside/b/vmlinuz")); got == "b" && (err != nil || string(text) != "second") {
			t.Errorf("cut at %d: slot b is started with the kernel %q, %v", at, text, err)
		}
		if got == "a" {
			f.must(f.on("a").Write(t.Context(), "2.0.0", root("second")))
			f.must(f.on("a").Try())
			f.wantStart("begun anew", "b")
		}
	}
	t.Logf("%d points of a power cut, %d of them while the slot is written", whole.count, written)
}

func TestWriteRefuses(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		name, version, want string
		ctx                 context.Context
		content             io.Reader
	}{
		{"a root longer than the slot", "2.0.0", "longer than", t.Context(), strings.NewReader(strings.Repeat("x", room+1))},
		{"a root without end", "2.0.0", "longer than", t.Context(), endless{}},
		{"a version that would write lines of its own", "2.0.0\noptions init=/bin/sh", "is no version", t.Context(), root("x")},
		{"no version", "", "is no version", t.Context(), root("x")},
		{"an update that was stopped", "2.0.0", "canceled", ended, root("x")},
		{"content that breaks off", "2.0.0", errCut.Error(), t.Context(), io.MultiReader(root("x"), broken{})},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			if err := f.on("a").Write(c.ctx, c.version, c.content); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			f.must(f.on("a").Back())
			f.wantStart("afterwards", "a")
		})
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errCut }

func TestNoRootThere(t *testing.T) {
	f := newFake(t)
	s := f.on("a")
	f.must(s.Write(t.Context(), "2.0.0", root("second")))
	if err := os.Remove(filepath.Join(f.dir, "b/boot/vmlinuz")); err != nil {
		t.Fatal(err)
	}
	// A link out of the slot is no kernel either.
	if err := os.Symlink("/etc/passwd", filepath.Join(f.dir, "b/boot/vmlinuz")); err != nil {
		t.Fatal(err)
	}
	cut := &noSync{f}
	s, err := rootslot.New("lineside.slot=a", cut)
	f.must(err)
	if err := s.Write(t.Context(), "2.0.0", root("second")); err == nil || !strings.Contains(err.Error(), "no root of the appliance") {
		t.Errorf("a slot whose kernel is a link: got %v, want that it is no root", err)
	}
	f.wantStart("afterwards", "a")
}

// noSync is a machine on which nothing becomes of what is written: the slot stays as
// the test made it.
type noSync struct{ *fake }

func (n *noSync) Open(string) (rootslot.Partition, error) { return idle{}, nil }

type idle struct{}

func (idle) Write(b []byte) (int, error) { return len(b), nil }
func (idle) Size() int64                 { return room }
func (idle) Sync() error                 { return nil }
func (idle) Close() error                { return nil }

func TestNoAppliance(t *testing.T) {
	for _, line := range []string{"", "root=/dev/sda1 ro", "lineside.slot=c", "xlineside.slot=a", "lineside.slot="} {
		if s, err := rootslot.New(line, nil); !errors.Is(err, rootslot.ErrNoSlots) {
			t.Errorf("command line %q: got %v, %v, want %v", line, s, err, rootslot.ErrNoSlots)
		}
	}
}
