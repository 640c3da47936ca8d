package dhcpopt

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

// TestSixWaitsForNoNeighbour answers more link-local addresses that are not there
// than the socket holds until neighbour discovery gives up.
func TestSixWaitsForNoNeighbour(t *testing.T) {
	box := netlab.New(t).Host("box", boxAddr.String()+"/24")
	box.Run(5*time.Second, "ip", "addr", "add", "fe80::53/64", "dev", box.Interface(), "nodad")
	s, _ := newSix(t, boxSix)
	err := box.Do(func() (err error) {
		if s.conn, err = ListenSix(t.Context(), box.Interface()); err == nil {
			err = s.conn.(*sixConn).PacketConn.(*net.UDPConn).SetWriteBuffer(208 << 10) // what there is without CAP_NET_ADMIN
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.conn.Close() }()
	began := time.Now()
	err = box.Do(func() error { // where the zone has its name
		for n := range 900 { // fewer than the neighbours a kernel holds
			from := netip.AddrFrom16([16]byte{0xfe, 0x80, 8: 2, 0x15, 0x65, 0xff, 0xfe, 9, byte(n >> 8), byte(n)}).WithZone(box.Interface())
			s.receive(information(), netip.AddrPortFrom(from, sixClientPort))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("answering took %s, want no waiting for neighbours", took)
	}
}
