package dhcpopt

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestMailbagIsAsTheKernelHasIt compares what is laid out by hand with the
// kernel's own layout, as far as x/sys knows it.
func TestMailbagIsAsTheKernelHasIt(t *testing.T) {
	var h mailHead
	if got, want := unsafe.Offsetof(h.n), unsafe.Sizeof(h.Msghdr); got != want {
		t.Errorf("length of a packet stands at %d, want %d", got, want)
	}
	if got, want := unsafe.Sizeof(mailPeer{}), uintptr(unix.SizeofSockaddrInet4); got != want {
		t.Errorf("a peer takes %d bytes, want %d", got, want)
	}
}

func listenLoop(t *testing.T) *Conn {
	t.Helper()
	conn, err := Listen(t.Context(), "", netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestMailbagCarriesWhole sends packets of different lengths, and has them back in
// order, whole, from who sent them; one that has no room is cut to one byte more
// than any packet may have, so that it is seen to be too long.
func TestMailbagCarriesWhole(t *testing.T) {
	from, to := listenLoop(t), listenLoop(t)
	here, there := addrPort(from.LocalAddr()), addrPort(to.LocalAddr())
	var sent []reply
	for _, n := range []int{1, 300, 0, maxPacket, maxPacket + 1, 2 * maxPacket} {
		sent = append(sent, reply{to: there, data: bytes.Repeat([]byte{byte(n>>8) + 1}, n)})
	}
	if n, err := from.WriteBatch(sent); n != len(sent) || err != nil {
		t.Fatalf("%d left, %v, want %d", n, err, len(sent))
	}
	in := newSource(to)
	for heard := 0; heard < len(sent); {
		got, err := in.read()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range got {
			want := sent[heard].data[:min(len(sent[heard].data), maxPacket+1)]
			if !bytes.Equal(p.data, want) || p.from != here {
				t.Errorf("packet %d: got %d bytes from %s, want %d from %s", heard, len(p.data), p.from, len(want), here)
			}
			heard++
		}
	}
}

// TestMailbagStopsAtWhatCannotLeave: what is before it has left, and what is
// behind it can.
func TestMailbagStopsAtWhatCannotLeave(t *testing.T) {
	from, to := listenLoop(t), listenLoop(t)
	good := reply{to: addrPort(to.LocalAddr()), data: []byte{1}}
	long := reply{to: good.to, data: make([]byte, 1<<16)} // more than UDP has room for
	n, err := from.WriteBatch([]reply{good, good, long, good})
	if n != 2 || err != nil {
		t.Fatalf("got %d, %v; want 2 and no error", n, err)
	}
	if n, err = from.WriteBatch([]reply{long, good}); n != 0 || !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("got %d, %v; want 0, %v", n, err, unix.EMSGSIZE)
	}
}

// TestMailbagWakes: who waits for packets hears that the socket is done with.
func TestMailbagWakes(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(*Conn) error
		want error
	}{
		"closed":   {(*Conn).Close, net.ErrClosed},
		"deadline": {func(c *Conn) error { return c.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			conn := listenLoop(t)
			heard := make(chan error, 1)
			go func() {
				_, err := newSource(conn).read()
				heard <- err
			}()
			if err := tc.end(conn); err != nil {
				t.Fatal(err)
			}
			if err := <-heard; !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}
