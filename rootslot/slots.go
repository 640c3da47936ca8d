package rootslot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// Machine is what belongs to the machine: partitions and mounting.
type Machine interface {
	// Boot has the boot partition in a folder while change runs. When it returns,
	// all is on disk.
	Boot(change func(folder string) error) error
	// Open opens a slot's partition to be written from its beginning.
	Open(slot string) (Partition, error)
	// Root has the root in a slot's partition in a folder, read-only, while look runs.
	Root(slot string, look func(folder string) error) error
}

// Partition is one that is being written.
type Partition interface {
	io.WriteCloser
	// Size is how many bytes there is room for.
	Size() int64
	// Sync has what was written on disk.
	Sync() error
}

// ErrNoSlots says that this machine has no root slots: it is no appliance made of
// the image, and takes programs and packages instead.
var ErrNoSlots = errors.New("this machine was not started from a root slot of the appliance's image")

// Slots are the root slots of this machine. One process at a time may change them.
type Slots struct {
	machine Machine
	running string // a or b
}

// New makes Slots for a machine whose kernel was started with the command line,
// /proc/cmdline, which names the slot that runs.
func New(commandLine string, machine Machine) (*Slots, error) {
	for _, word := range strings.Fields(commandLine) {
		switch slot, ok := strings.CutPrefix(word, "lineside.slot="); {
		case ok && (slot == "a" || slot == "b"):
			return &Slots{machine: machine, running: slot}, nil
		}
	}
	return nil, ErrNoSlots
}

// Running is the slot that runs, a or b.
func (s *Slots) Running() string { return s.running }

// other is the slot that does not run.
func (s *Slots) other() string {
	if s.running == "a" {
		return "b"
	}
	return "a"
}

// Write puts a root (squashfs) into the slot that does not run, and its kernel onto
// the boot partition. The slot cannot be started until Try.
func (s *Slots) Write(ctx context.Context, version string, content io.Reader) error {
	slot := s.other()
	if version == "" || len(version) > 64 || strings.ContainsFunc(version, func(r rune) bool { return !unicode.IsPrint(r) || r == '@' }) {
		return fmt.Errorf("write slot %s: %.80q is no version", slot, version)
	}
	err := s.machine.Boot(func(boot string) error { return removeEntries(boot, slot) })
	if err != nil {
		return err
	}
	if err := s.fill(ctx, slot, content); err != nil {
		return fmt.Errorf("write slot %s: %w", slot, err)
	}
	return s.machine.Root(slot, func(root string) error {
		return s.machine.Boot(func(boot string) error { return takeKernel(root, kept(boot, slot), version) })
	})
}

// fill writes the partition, to its end and no further.
func (s *Slots) fill(ctx context.Context, slot string, content io.Reader) (err error) {
	p, err := s.machine.Open(slot)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	room := p.Size()
	n, err := io.Copy(p, io.LimitReader(&obedient{ctx, content}, room+1))
	switch {
	case n > room:
		return fmt.Errorf("the root is longer than the %d MiB of the slot: this release is not for this image; install the newer image", room>>20)
	case err != nil:
		return err
	}
	return p.Sync()
}

// obedient stops reading once ctx has ended.
type obedient struct {
	ctx context.Context
	r   io.Reader
}

func (o *obedient) Read(b []byte) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	return o.r.Read(b)
}

// takeKernel copies what the boot loader needs out of a root.
func takeKernel(root, to, version string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("make the slot's folder on the boot partition: %w", err)
	}
	for _, name := range []string{kernelFile, initrdFile, templateFile} {
		from, err := os.OpenInRoot(root, filepath.Join("boot", name))
		if err != nil {
			return fmt.Errorf("take /boot/%s out of the slot: %w: this is no root of the appliance", name, err)
		}
		err = writeWhole(filepath.Join(to, name), from)
		if err = errors.Join(err, from.Close()); err != nil {
			return err
		}
	}
	return writeWhole(filepath.Join(to, versionFile), strings.NewReader(version))
}

// writeWhole has the content at path, on disk, or what was there before.
func writeWhole(path string, content io.Reader) (err error) {
	half := path + ".new"
	f, err := os.Create(half)
	if err != nil {
		return fmt.Errorf("write to the boot partition: %w", err)
	}
	_, err = io.Copy(f, content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(half, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s of the boot partition: %w", filepath.Base(path), err), os.Remove(half))
	}
	return nil
}

// Try has the slot that was written started from now on, three times at most until
// Good. On a machine that runs a slot on trial, or came back from one, it changes
// nothing: what was tried in vain is not tried again.
func (s *Slots) Try() error {
	return s.machine.Boot(func(boot string) error {
		all, err := readEntries(boot)
		if err != nil {
			return err
		}
		if e, ok := of(all, s.running); ok && e.trial {
			return nil
		}
		if _, ok := of(all, s.other()); ok {
			return nil
		}
		newest := 0
		if len(all) > 0 {
			newest = all[0].number
		}
		return writeTrial(boot, s.other(), newest+1)
	})
}

// Good has the slot that runs stay. It is an error where another slot was tried: the
// machine fell back.
func (s *Slots) Good() error {
	return s.machine.Boot(func(boot string) error {
		all, err := readEntries(boot)
		if err != nil {
			return err
		}
		e, ok := of(all, s.running)
		if !ok || len(all) > 0 && all[0].slot != s.running {
			return fmt.Errorf("keep slot %s: slot %s was to be tried, and the machine fell back from it", s.running, s.other())
		}
		if !e.trial {
			return nil
		}
		return e.rename(boot, fmt.Sprintf("lineside-%s.conf", s.running))
	})
}

// Back has the slot of before the last Try started from now on. Where there is none,
// nothing changes: what runs is all there is.
func (s *Slots) Back() error {
	return s.machine.Boot(func(boot string) error {
		all, err := readEntries(boot)
		if err != nil || len(all) < 2 {
			return err
		}
		newest := all[0]
		for _, e := range all[1:] {
			if e.slot != newest.slot && !e.dead() {
				return removeEntries(boot, newest.slot)
			}
		}
		return nil
	})
}
