package mdns

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

// TestZeroconfIsDeaf: what zeroconf listens on hears nothing once deafen was
// there, and what others of this process listen on hears as before.
func TestZeroconfIsDeaf(t *testing.T) {
	host := netlab.New(t).Host("box", "10.77.0.1/24")
	var wild, bound, from *net.UDPConn
	if err := host.Do(func() (err error) {
		// As zeroconf makes its own; the standard library binds it to every address.
		wild, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(224, 0, 0, 0), Port: port})
		if err != nil {
			return err
		}
		bound, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4zero, Port: port + 1})
		if err != nil {
			return err
		}
		from, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(10, 77, 0, 1)})
		return errors.Join(err, deafen())
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*net.UDPConn{wild, bound, from} {
		defer c.Close()
	}
	for _, at := range []int{port, port + 1} { // in this order: the second proves the first had its time
		if _, err := from.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4(10, 77, 0, 1), Port: at}); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 10)
	_ = bound.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, _, err := bound.ReadFrom(buf); err != nil || n != 1 {
		t.Errorf("got %d, %v of another socket, want its packet", n, err)
	}
	_ = wild.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, _, err := wild.ReadFrom(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %d, %v of zeroconf's socket, want silence", n, err)
	}
}
