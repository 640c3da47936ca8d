package outlet_test

import (
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/outlet"
)

// pair is two datagram sockets, one sending to the other. What the other has not
// read waits in the sender's share, as a packet does that waits for ARP.
func pair(t *testing.T) (from, to *net.UnixConn) {
	t.Helper()
	addr := &net.UnixAddr{Name: filepath.Join(t.TempDir(), "to"), Net: "unixgram"}
	to, err := net.ListenUnixgram("unixgram", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = to.Close() })
	from, err = net.DialUnix("unixgram", nil, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = from.Close() })
	return from, to
}

func TestRoomy(t *testing.T) {
	from, to := pair(t)
	if !outlet.Roomy(from, 4) {
		t.Error("an empty socket: got crowded, want roomy")
	}
	packet := make([]byte, 60_000) // a third of the usual 208 KiB
	if _, err := from.Write(packet); err != nil {
		t.Fatal(err)
	}
	if outlet.Roomy(from, 100) {
		t.Error("60,000 bytes wait: got roomy with a share of 1 in 100, want crowded")
	}
	if _, err := to.Read(packet); err != nil {
		t.Fatal(err)
	}
	if !outlet.Roomy(from, 100) {
		t.Error("after they were read: got crowded, want roomy")
	}
	if !outlet.Roomy("no socket", 4) {
		t.Error("what cannot tell: got crowded, want roomy")
	}
}

func TestDeepen(t *testing.T) {
	from, _ := pair(t)
	size := func() (n int) {
		t.Helper()
		raw, err := from.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var bad error
		if err := raw.Control(func(fd uintptr) { n, bad = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF) }); err != nil || bad != nil {
			t.Fatal(err, bad)
		}
		return n
	}
	raw, err := from.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, 8<<10) }); err != nil {
		t.Fatal(err)
	}
	before := size()
	outlet.Deepen(from)
	if after := size(); after <= before {
		t.Errorf("got %d bytes, want more than %d", after, before)
	}
	outlet.Deepen("no socket")
}
