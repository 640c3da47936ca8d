package integration

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lineside/lineside/internal/netlab"
)

// disk is an ext4 file system on a loop device, whose power can be cut: the
// device's image holds what was written through to it, and what the kernel still
// kept in memory for it is gone. It is mounted so that the kernel writes nothing
// by itself while a test runs.
type disk struct {
	t         testing.TB
	image, at string
}

// newDisk makes one and mounts it.
func newDisk(t testing.TB, at string, megabytes int64) *disk {
	t.Helper()
	netlab.Tool(t, "mkfs.ext4")
	netlab.Tool(t, "mount")
	if os.Getuid() != 0 {
		netlab.Lacking(t, "a file system is mounted by root only")
	}
	d := &disk{t: t, image: filepath.Join(t.TempDir(), "image"), at: at}
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(d.image)
	if err == nil {
		err = f.Truncate(megabytes << 20)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	d.run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", d.image)
	d.mount()
	t.Cleanup(func() { _ = exec.Command("umount", "--lazy", at).Run() }) // may be gone
	return d
}

func (d *disk) run(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// mount mounts the image. Nothing is committed by itself for five minutes.
func (d *disk) mount() {
	d.t.Helper()
	d.run("mount", "-o", "loop,commit=300", d.image, d.at)
}

// powered is a program that stops where it is.
type powered interface {
	freeze() error
	kill()
}

func (p *process) freeze() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }
func (b *box) freeze() error     { return b.cmd.Process.Signal(syscall.SIGSTOP) }

// cut cuts the power of the disk and of the programs that use it: they stop
// where they are, what the device holds by then is what they find after it.
func (d *disk) cut(programs ...powered) {
	d.t.Helper()
	for _, p := range programs {
		if err := p.freeze(); err != nil {
			d.t.Fatal(err)
		}
	}
	left := d.image + ".left"
	d.run("cp", "--sparse=always", d.image, left)
	for _, p := range programs {
		p.kill()
	}
	d.run("umount", d.at)
	if err := os.Rename(left, d.image); err != nil {
		d.t.Fatal(err)
	}
	d.mount()
}

// flush writes everything through.
func (d *disk) flush() { d.run("sync", "-f", d.at) }

// fill leaves no room but so many bytes; with none the last block is taken.
func (d *disk) fill(leave int64) {
	d.t.Helper()
	d.flush()
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.at, &s); err != nil {
		d.t.Fatal(err)
	}
	own := leave
	if leave == 0 {
		own = 256 << 10 // what describes the file needs blocks too
	}
	d.run("fallocate", "-l", fmt.Sprint(int64(s.Bavail)*s.Bsize-own), d.filler())
	if leave > 0 {
		return
	}
	f, err := os.OpenFile(d.filler(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	for err == nil {
		if _, err = f.Write(make([]byte, 4096)); err == nil {
			err = f.Sync()
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
	_ = f.Close() // it has said so
}

// relieve makes room again.
func (d *disk) relieve() {
	d.t.Helper()
	if err := os.Remove(d.filler()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *disk) filler() string { return filepath.Join(d.at, "filler") }
