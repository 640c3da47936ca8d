package appliance

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/internal/netlab"
)

// mounted makes the box's state directory a file system of its own, in memory, with
// options of tmpfs(5).
func mounted(t *testing.T, b *box, options string) {
	t.Helper()
	must(t, os.MkdirAll(b.state(), 0o700))
	must(t, unix.Mount("tmpfs", b.state(), "tmpfs", unix.MS_NODEV, options))
	t.Cleanup(func() {
		b.kill()
		_ = unix.Unmount(b.state(), unix.MNT_DETACH)
	})
}

func diskFull(t *testing.T) outcome {
	b := newBox(t)
	mounted(t, b, "size=24m,mode=700")
	filler := filepath.Join(b.state(), "filler")
	begin := func() {
		f, err := os.Create(filler)
		must(t, err)
		defer f.Close()
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	return disturbed(t, b, "disk full", begin, func() { must(t, os.Remove(filler)) })
}

// inodesFull: a database and a journal that are there need no new file, so it is
// what makes one that fails: it must cost nobody else.
func inodesFull(t *testing.T) outcome {
	b := newBox(t)
	mounted(t, b, "size=64m,nr_inodes=2000,mode=700")
	b.write()
	b.start()
	phones := b.setUp(3)
	must(t, phones[0].enrol())
	var made []string
	for n := 0; ; n++ {
		name := filepath.Join(b.state(), fmt.Sprintf("filler-%d", n))
		err := os.WriteFile(name, nil, 0o600)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		must(t, err)
		made = append(made, name)
	}
	must(t, phones[0].own())
	must(t, phones[1].enrol())
	c := b.condition("disk-files-full", true)
	b.kill()
	b.start()
	must(t, phones[1].own())
	for _, name := range made {
		must(t, os.Remove(name))
	}
	b.condition("disk-files-full", false)
	must(t, phones[2].enrol())
	return outcome{"no inode left", "all are served, new ones are let in: what is written goes to files that are there; a start meanwhile serves them too", words(c), "the condition is gone"}
}

// diskReadOnly has a disk fail for real: ext4 on a loop device gives up, as after an
// error of the device, and the kernel makes it read-only, whoever writes to it
// (errors=remount-ro; /sys/fs/ext4/DISK/trigger_fs_error is its own way to have one).
func diskReadOnly(t *testing.T) outcome {
	b := newBox(t)
	d := newLoop(t, b, "-o", "loop,errors=remount-ro")
	begin := func() {
		must(t, os.WriteFile(filepath.Join("/sys/fs/ext4", d.device(), "trigger_fs_error"), []byte("1\n"), 0))
	}
	end := func() {
		// As an operator would: the box stopped, the disk looked at, mounted again.
		b.kill()
		d.run("umount", b.state())
		_ = exec.Command("fsck.ext4", "-f", "-y", d.image).Run() // 1: it mended something
		d.mount()
	}
	return disturbed(t, b, "disk gone read-only after an error", begin, end)
}

// loop is an ext4 file system on a loop device below a box's state directory.
type loop struct {
	t         *testing.T
	image, at string
	options   []string
}

func newLoop(t *testing.T, b *box, options ...string) *loop {
	t.Helper()
	netlab.Tool(t, "mkfs.ext4")
	d := &loop{t: t, image: filepath.Join(t.TempDir(), "image"), at: b.state(), options: options}
	f, err := os.Create(d.image)
	must(t, err)
	must(t, errors.Join(f.Truncate(48<<20), f.Close()))
	d.run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", d.image)
	must(t, os.MkdirAll(d.at, 0o700))
	d.mount()
	t.Cleanup(func() {
		b.kill()
		_ = exec.Command("umount", "--lazy", d.at).Run() // may be gone
	})
	return d
}

func (d *loop) mount() { d.run("mount", append(d.options, d.image, d.at)...) }

func (d *loop) run(name string, args ...string) string {
	d.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// device is the loop device's name, "loop3".
func (d *loop) device() string {
	return filepath.Base(strings.TrimSpace(d.run("findmnt", "-n", "-o", "SOURCE", d.at)))
}

// diskSlow: the block layer lets twenty writes a second through for the box, so that
// a flush takes some 100 ms (blkio.throttle of control groups, io.max in version 2).
func diskSlow(t *testing.T) outcome {
	b := newBox(t)
	d := newLoop(t, b, "-o", "loop,errors=remount-ro")
	text, err := os.ReadFile(filepath.Join("/sys/block", d.device(), "dev"))
	must(t, err)
	number := strings.TrimSpace(string(text))
	g := newGroup(t, b, "io")
	limit := func(n string) {
		if g.unified {
			g.set("io.max", number+" wiops="+n)
			return
		}
		g.set("blkio.throttle.write_iops_device", number+" "+strings.Replace(n, "max", "0", 1))
	}
	b.write()
	b.start()
	phones := b.setUp(3)
	must(t, phones[0].enrol())
	g.take(b.cmd.Process.Pid)
	limit("20")
	must(t, phones[1].enrol())
	write := func(n int) {
		for range n { // one change after the other, as each waits for the last
			_, err := b.client.SetOTP(t.Context(), "snom", brandOTP)
			must(t, err)
		}
	}
	write(16)
	c := b.condition("disk-slow", true)
	limit("max")
	must(t, phones[2].enrol())
	write(16)
	b.condition("disk-slow", false)
	return outcome{"disk takes 100 ms and more for a flush", "all are served, each waits for its writes", words(c) + "; " + strings.ReplaceAll(c.Detail, b.dir, "…"), "the condition is gone"}
}
