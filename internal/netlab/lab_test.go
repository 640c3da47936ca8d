package netlab_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

func TestHostsReachEachOther(t *testing.T) {
	lab := netlab.New(t)
	box := lab.Host("box", "10.77.0.1/24")
	phone := lab.Host("phone", "10.77.0.2/24")
	phone.SetMAC("00:15:65:00:00:01")

	var server, client net.PacketConn
	err := errors.Join(
		box.Do(func() (err error) { server, err = net.ListenPacket("udp4", "10.77.0.1:7000"); return err }),
		phone.Do(func() (err error) { client, err = net.ListenPacket("udp4", "10.77.0.2:0"); return err }),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	defer client.Close()
	if _, err := client.WriteTo([]byte("hello"), server.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	_ = server.SetReadDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 16)
	n, from, err := server.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "hello" || from.String() != client.LocalAddr().String() {
		t.Fatalf("got %q from %v, %v, want hello from %s", buf[:n], from, err, client.LocalAddr())
	}
	if out := box.Run(10*time.Second, "ip", "neigh"); !strings.Contains(out, "00:15:65:00:00:01") {
		t.Errorf("neighbours of the box: got %q, want the phone's hardware address", out)
	}
}

func TestDoLeavesTheTestWhereItIs(t *testing.T) {
	lab := netlab.New(t)
	host := lab.Host("a", "")
	before, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	var inside string
	want := errors.New("passed on")
	if err := host.Do(func() error { inside, _ = os.Readlink("/proc/thread-self/ns/net"); return want }); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	after, _ := os.Readlink("/proc/thread-self/ns/net")
	if inside == before || after != before {
		t.Errorf("before %s, inside %s, after %s: want the inside to differ, the rest to agree", before, inside, after)
	}
}

func TestProcesses(t *testing.T) {
	host := netlab.New(t).Host("a", "")
	p := host.Start("sh", "-c", "echo ready; exec tail -f /dev/null")
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("signal: %v", err)
	}
	p.Stop()
	if out, err := host.Try(10*time.Second, "false"); err == nil {
		t.Errorf("false succeeded: %s", out)
	}
	if _, err := host.Try(50*time.Millisecond, "tail", "-f", "/dev/null"); err == nil {
		t.Error("a program that never ends was not ended")
	}
}

// TestNothingIsLeft looks for the namespaces of a lab whose test has ended.
func TestNothingIsLeft(t *testing.T) {
	t.Run("lab", func(t *testing.T) {
		netlab.New(t).Host("a", "10.77.0.1/24")
	})
	out, err := exec.Command("ip", "netns", "list").CombinedOutput()
	if err != nil {
		t.Skip("no network namespaces here")
	}
	if mine := fmt.Sprintf("lab%d-", os.Getpid()); strings.Contains(string(out), mine) {
		t.Errorf("namespaces are left: %s", out)
	}
}

// TestForgedARP has one host tell another a third one's hardware address for
// its own, and then leave.
func TestForgedARP(t *testing.T) {
	lab := netlab.New(t)
	box := lab.Host("box", "10.77.0.1/24")
	liar := lab.Host("liar", "10.77.0.2/24")
	box.SetMAC("02:00:00:00:00:01")
	const forged = "02:00:00:00:00:99"
	ping := netlab.Tool(t, "ping")
	liar.Run(10*time.Second, ping, "-c", "1", "-W", "5", "10.77.0.1")

	// The kernel believes no change within a second of the last one.
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for out := ""; !strings.Contains(out, forged); out = box.Run(10*time.Second, "ip", "neigh") {
		select {
		case <-deadline.C:
			t.Fatalf("neighbours of the box: got %q, want %s", out, forged)
		case <-tick.C:
		}
		if err := liar.ForgeARP("02:00:00:00:00:01", netip.MustParseAddr("10.77.0.2"), forged); err != nil {
			t.Fatal(err)
		}
	}

	liar.SetAddress("10.77.0.3/24")
	if out := liar.Run(10*time.Second, "ip", "-brief", "address", "show", "dev", liar.Interface()); !strings.Contains(out, "10.77.0.3/24") || strings.Contains(out, "10.77.0.2/24") {
		t.Errorf("addresses of the liar: got %q, want only 10.77.0.3/24", out)
	}
	liar.SetLink(false)
	if out, err := liar.Try(10*time.Second, ping, "-c", "1", "-W", "1", "10.77.0.1"); err == nil {
		t.Errorf("unplugged: got %q, want no answer", out)
	}
	liar.SetLink(true)
	liar.Run(10*time.Second, ping, "-c", "1", "-W", "5", "10.77.0.1")
}
