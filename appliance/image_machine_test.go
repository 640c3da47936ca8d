package appliance

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/rootslot"
)

// Where Debian's ovmf has the firmware of a machine: code, and the variables each
// machine has of its own.
const (
	firmware = "/usr/share/OVMF/OVMF_CODE_4M.fd"
	nvram    = "/usr/share/OVMF/OVMF_VARS_4M.fd"
)

// computer is one with a disk and one cable.
type computer struct {
	t      testing.TB
	lab    *netlab.Host
	qemu   string
	accel  []string
	disk   string
	folder string
	runs   *netlab.Process
}

// newComputer makes a computer, its disk as large as a small one's, at the host's
// place in the LAN.
func newComputer(t testing.TB, host *netlab.Host, accel []string, image string) *computer {
	t.Helper()
	m := &computer{t: t, lab: host, qemu: netlab.Tool(t, "qemu-system-x86_64"), accel: accel, folder: t.TempDir()}
	m.disk = m.at("disk.img")
	for _, c := range [][]string{
		{"cp", "--sparse=always", image, m.disk},
		{"truncate", "-s", "2G", m.disk},
		{"cp", nvram, m.at("nvram.fd")},
	} {
		run(t, c[0], c[1:]...)
	}
	// The cable: QEMU's tap and the host's own port become one switch.
	for _, c := range []string{
		"link add sw0 type bridge forward_delay 0", "tuntap add tap0 mode tap", "link set tap0 master sw0", "link set " + host.Interface() + " master sw0",
		"link set sw0 up", "link set tap0 up",
	} {
		host.Run(10*time.Second, "ip", strings.Fields(c)...)
	}
	return m
}

func (m *computer) at(name string) string { return filepath.Join(m.folder, name) }

// powerOn starts it. What it says on its serial line from now on is m.console.
func (m *computer) powerOn() {
	m.t.Helper()
	args := append([]string{}, m.accel...)
	args = append(args, "-m", "512", "-smp", "2", "-nodefaults", "-display", "none",
		"-drive", "if=pflash,format=raw,readonly=on,file="+firmware, "-drive", "if=pflash,format=raw,file="+m.at("nvram.fd"),
		"-drive", "file="+m.disk+",format=raw,if=virtio,cache=writeback", "-device", "virtio-rng-pci",
		"-netdev", "tap,id=lan,ifname=tap0,script=no,downscript=no", "-device", "virtio-net-pci,netdev=lan,mac=52:54:00:12:34:56",
		"-chardev", "file,id=line,append=on,path="+m.at("console"), "-serial", "chardev:line")
	m.runs = m.lab.Start(m.qemu, args...)
}

// pullPlug is what it says: nothing is flushed, nobody is asked.
func (m *computer) pullPlug() { m.runs.Stop() }

// console is all it has said, as text.
func (m *computer) console() string {
	text, err := os.ReadFile(m.at("console"))
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r", "")
}

// await waits until ask holds, with the machine on, and gives how long that took.
func (m *computer) await(what string, within time.Duration, ask func() bool) time.Duration {
	m.t.Helper()
	begin := time.Now()
	for tick := time.NewTicker(100 * time.Millisecond); !ask(); <-tick.C {
		switch {
		case m.runs.Ended():
			m.t.Fatalf("waiting for %s, the machine ended:\n%s", what, m.runs.Output())
		case time.Since(begin) > within:
			m.t.Fatalf("%s: not within %s; the console says\n%s", what, within, m.console())
		}
	}
	return time.Since(begin)
}

// Where the partitions begin and how long slots are, in MiB, as disk.sh has it.
const (
	bootAt, bootLong = 1, 256
	slotLong         = 384
)

// bench is the machine's disk in another computer, as rootslot wants a machine. It
// mounts nothing: not every kernel that runs tests has FAT and squashfs.
type bench struct{ *computer }

// slotAt is where a slot begins.
func slotAt(slot string) int64 {
	at := int64(bootAt + bootLong)
	if slot == "b" {
		at += slotLong
	}
	return at << 20
}

// Boot takes the boot partition's files out, and puts what has become of them back.
func (b bench) Boot(change func(string) error) error {
	folder, fat := b.t.TempDir(), b.at("esp.fat")
	run(b.t, "mcopy", "-s", "-p", "-m", "-n", "-i", fmt.Sprintf("%s@@%dM", b.disk, bootAt), "::*", folder)
	if err := change(folder); err != nil {
		return err
	}
	run(b.t, "truncate", "-s", "0", fat)
	run(b.t, "truncate", "-s", fmt.Sprintf("%dM", bootLong), fat)
	run(b.t, "mkfs.vfat", "-F", "32", fat)
	run(b.t, "sh", "-c", `cd "$1" && mcopy -s -p -m -i "$2" ./* ::`, "sh", folder, fat)
	run(b.t, "dd", "if="+fat, "of="+b.disk, "bs=1M", fmt.Sprintf("seek=%d", bootAt), "conv=notrunc", "status=none")
	return nil
}

// Root unpacks what the boot loader needs of a slot.
func (b bench) Root(slot string, look func(string) error) error {
	folder := filepath.Join(b.t.TempDir(), "root")
	run(b.t, "unsquashfs", "-no-progress", "-offset", fmt.Sprint(slotAt(slot)), "-dest", folder, b.disk, "boot")
	return look(folder)
}

// Open opens the disk at a slot.
func (b bench) Open(slot string) (rootslot.Partition, error) {
	f, err := os.OpenFile(b.disk, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.Seek(slotAt(slot), io.SeekStart)
	}
	return slotFile{f}, err
}

// slotFile is a slot being written; rootslot stops at its size.
type slotFile struct{ *os.File }

func (slotFile) Size() int64 { return slotLong << 20 }

// onBoot lays a file onto the boot partition, as an operator does with the disk in
// another computer.
func (m *computer) onBoot(name, text string) {
	m.t.Helper()
	from := m.at("laid")
	if err := os.WriteFile(from, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
	run(m.t, netlab.Tool(m.t, "mcopy"), "-i", m.disk+"@@1M", from, "::"+name)
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// builders are the tools an image is built and started with.
var builders = []string{"qemu-system-x86_64", "mmdebstrap", "mksquashfs", "mkfs.vfat", "mkfs.ext4", "mcopy", "unsquashfs", "sfdisk", "zstd"}

// accelerator is how QEMU is to run a machine here: by KVM where that can run the
// firmware (nested in some clouds it cannot), and else by its own emulation, where the
// test is one of the long ones (SOAK=1). The others leave it out also where tools, or
// the Debian root that images are made of, are not there yet: both take minutes to get.
func accelerator(t testing.TB) []string {
	t.Helper()
	long := os.Getenv("SOAK") == "1"
	lacking := func(why string) {
		t.Helper()
		if long {
			netlab.Lacking(t, why)
		}
		t.Skip(why + "; make image-test wants it")
	}
	for _, tool := range builders {
		if _, err := exec.LookPath(tool); err != nil {
			lacking(tool + " is not installed")
		}
	}
	if _, err := os.Stat(firmware); err != nil {
		lacking("there is no " + firmware + ": apt-get install ovmf")
	}
	if firmwareStarts(builders[0]) {
		if !long && exec.Command("../packaging/image/base.sh", "--kept").Run() != nil {
			lacking("no image was built here before")
		}
		return []string{"-accel", "kvm", "-cpu", "host"}
	}
	if !long {
		t.Skip("KVM is not there, or cannot run a machine's firmware, and emulated this takes minutes: make image-test")
	}
	t.Log("KVM is not there, or cannot run a machine's firmware: the machine is emulated")
	return []string{"-accel", "tcg,thread=multi", "-cpu", "max"}
}

// firmwareStarts finds out whether KVM runs firmware until it looks for a disk.
func firmwareStarts(qemu string) bool {
	cmd := exec.Command(qemu, "-accel", "kvm", "-cpu", "host", "-m", "256", "-nodefaults", "-display", "none",
		"-drive", "if=pflash,format=raw,readonly=on,file="+firmware, "-serial", "stdio")
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		return false
	}
	bell := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
	defer bell.Stop()
	one := make([]byte, 1)
	_, err = io.ReadFull(out, one) // the firmware's first character
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return err == nil
}
