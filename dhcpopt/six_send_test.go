package dhcpopt

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/mdlayher/packet"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// sixLab is a box that hears DHCPv6, and its server, which is not started.
func sixLab(t *testing.T) (lab *netlab.Lab, box *netlab.Host, s *Six, conn *SixConn) {
	t.Helper()
	lab = netlab.New(t)
	box = lab.Host("box", boxAddr.String()+"/24")
	box.Run(5*time.Second, "ip", "addr", "add", "fe80::53/64", "dev", box.Interface(), "nodad")
	s, _ = newSix(t, boxSix)
	s.cfg.Interface, s.cfg.Link = box.Interface(), func() netip.Addr { return netip.MustParseAddr("fe80::53") }
	err := box.Do(func() (err error) {
		if conn, err = ListenSix(t.Context(), box.Interface()); err == nil {
			err = conn.PacketConn.(*net.UDPConn).SetWriteBuffer(208 << 10) // what there is without CAP_NET_ADMIN
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return lab, box, s, conn
}

// absent is a link-local address that is not there.
func absent(n int) netip.Addr {
	return netip.AddrFrom16([16]byte{0xfe, 0x80, 8: 2, 0x15, 0x65, 0xff, 0xfe, 9, byte(n >> 8), byte(n)})
}

// TestSixWaitsForNoNeighbour has a server without frames answer more link-local
// addresses that are not there than the socket holds until neighbour discovery
// gives up: a few are looked for, the rest dropped, and the operator hears of it.
func TestSixWaitsForNoNeighbour(t *testing.T) {
	_, box, s, conn := sixLab(t)
	s.conn = conn
	began := time.Now()
	now := began
	s.deps.Now = func() time.Time { return now }
	sent := 0
	err := box.Do(func() error { // where the zone has its name
		for n := range 7000 { // seven seconds long, as the server is to think
			if now = began.Add(time.Duration(n) * time.Millisecond); n%1000 < 300 { // fewer than the neighbours a kernel holds
				s.receive(information(), netip.AddrPortFrom(absent(n).WithZone(box.Interface()), sixClientPort), phone.MAC{})
				sent++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("answering took %s, want no waiting for neighbours", took)
	}
	looked := box.Run(5*time.Second, "ip", "-6", "neigh", "show", "dev", box.Interface())
	if n := len(slices.Collect(strings.Lines(looked))); n > 7*50+soughtBurst+20 {
		t.Errorf("%d of %d were looked for, want no more than fifty a second", n, sent)
	}
}

// TestSixUnderForgedNeighbours lets a laptop ask from a thousand made-up addresses
// a second, while a phone asks ten things: it is answered each time, no neighbour
// is looked for, and nothing is lost.
func TestSixUnderForgedNeighbours(t *testing.T) {
	lab, box, s, conn := sixLab(t)
	desk, laptop := lab.Host("desk", "10.20.0.77/24"), lab.Host("laptop", "10.20.0.66/24")
	desk.Run(5*time.Second, "ip", "addr", "add", "fe80::77/64", "dev", desk.Interface(), "nodad")
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, conn) }()
	flooded := make(chan error, 1)
	go func() { flooded <- laptop.Do(func() error { return forgeSix(ctx, laptop.Interface()) }) }()
	answered := 0
	err := desk.Do(func() error {
		own := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("fe80::77").WithZone(desk.Interface()), sixClientPort))
		c, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp6", own.String())
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		buf, pace := make([]byte, maxPacket), time.NewTicker(100*time.Millisecond) // a second of flood in all
		defer pace.Stop()
		for n := range 10 {
			q := information(identifier6(yealink1), class6(1, "yealink"))
			q[3] = byte(n)
			l, from, err := 0, net.Addr(nil), error(nil)
			for range 2 { // a phone repeats itself after a second; a busy machine may lose one
				if _, err := c.WriteTo(q, net.UDPAddrFromAddrPort(netip.AddrPortFrom(sixServers.WithZone(desk.Interface()), sixServerPort))); err != nil {
					return err
				}
				_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
				if l, from, err = c.ReadFrom(buf); err == nil {
					break
				}
			}
			if err != nil {
				continue
			}
			if m, err := dhcpv6.MessageFromBytes(buf[:l]); err != nil || m.TransactionID[2] != byte(n) || addrPort(from).Addr().WithZone("") != s.cfg.Link() {
				t.Errorf("got %v from %s, %v; want the answer to question %d", m, from, err, n)
			}
			answered++
			<-pace.C
		}
		return nil
	})
	cancel()
	for _, err := range []error{err, <-served, <-flooded} {
		if err != nil {
			t.Error(err)
		}
	}
	looked := box.Run(5*time.Second, "ip", "-6", "neigh", "show", "dev", box.Interface())
	t.Logf("%d of 10 questions were answered", answered)
	if answered < 10 {
		t.Errorf("%d of 10 questions were answered, want all", answered)
	}
	if n := len(slices.Collect(strings.Lines(looked))); n > 20 {
		t.Errorf("%d neighbours were looked for, want none for the sake of answers", n)
	}
}

// forgeSix asks a thousand times a second, until ctx ends, each time from another
// address and hardware address.
func forgeSix(ctx context.Context, iface string) error {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return err
	}
	c, err := packet.Listen(ifi, packet.Raw, 0, nil)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	group := phone.MAC{0x33, 0x33, 0, 1, 0, 2}
	to := &packet.Addr{HardwareAddr: group[:]}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for range 10 {
			f := frame6(group, manyForged(n), netip.AddrPortFrom(absent(n), sixClientPort), netip.AddrPortFrom(sixServers, sixServerPort), information(class6(1, "yealink")))
			if _, err := c.WriteTo(f, to); err != nil {
				return err
			}
			n++
		}
	}
}

// TestSixSays: while the box is without its address nobody is led to it, and who
// looks after it hears when answers are dropped for seconds on end.
func TestSixSays(t *testing.T) {
	s, _ := newSix(t, boxSix)
	now, board := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), &health.Board{}
	s.deps.Now, s.strain.board = func() time.Time { return now }, board
	away := true
	s.deps.Away = func() bool { return away }
	conn := newFakeConn()
	take := s.connect(conn)
	take(datagram{data: information(), from: yealink6})
	if out := conn.taken(); len(out) != 0 {
		t.Errorf("a box without its address sent %d answers, want none", len(out))
	}
	away = false
	answered := 0
	for range 7000 {
		take(datagram{data: information(), from: yealink6})
		answered += len(conn.taken())
		now = now.Add(time.Millisecond)
	}
	if answered < 7*50 || answered > 7*50+soughtBurst+1 {
		t.Errorf("%d answers in seven seconds, want fifty a second where neighbour discovery is asked", answered)
	}
	if got := board.List(); len(got) != 1 || got[0].Code != codeStrain6 {
		t.Errorf("got %+v, want %s", got, codeStrain6)
	}
	now = now.Add(strainOver)
	take(datagram{data: information(), from: yealink6})
	if got := board.List(); len(got) != 0 {
		t.Errorf("half a minute later: got %+v, want none", got)
	}
}

// TestCutFrame6 reads back what frame6 writes, and refuses it broken.
func TestCutFrame6(t *testing.T) {
	src, dst := netip.AddrPortFrom(absent(1), sixClientPort), netip.AddrPortFrom(sixServers, sixServerPort)
	whole := frame6(boxMAC, yealink1, src, dst, []byte("question"))
	if got := fold(sum(sum(protocolUDP+uint32(len(whole)-ethernetHeader-sixHeader), whole[ethernetHeader+8:ethernetHeader+40]), whole[ethernetHeader+sixHeader:])); got != 0 {
		t.Errorf("the checksum is off by %#x", got)
	}
	payload, from, mac, ok := cutFrame6(append(slices.Clone(whole), 0, 0, 0)) // padded, as short frames are
	if !ok || string(payload) != "question" || from != src || mac != yealink1 {
		t.Errorf("got %q from %s at %s, %t; want the question of %s at %s", payload, from, mac, ok, src, yealink1)
	}
	for name, spoil := range map[string]func(b []byte) []byte{
		"cut short":            func(b []byte) []byte { return b[:len(b)-1] },
		"no headers":           func(b []byte) []byte { return b[:sixHead-1] },
		"IPv4":                 func(b []byte) []byte { b[12], b[13] = 8, 0; return b },
		"version":              func(b []byte) []byte { b[14] = 0x45; return b },
		"TCP":                  func(b []byte) []byte { b[20] = 6; return b },
		"from a group":         func(b []byte) []byte { b[6] |= 1; return b },
		"to the box itself":    func(b []byte) []byte { b[14+24] = 0xfe; return b },
		"another port":         func(b []byte) []byte { b[14+40+3]++; return b },
		"lengths that differ":  func(b []byte) []byte { b[14+40+5]--; return b },
		"length below headers": func(b []byte) []byte { binary.BigEndian.PutUint16(b[18:], 7); return b },
	} {
		if _, _, _, ok := cutFrame6(spoil(slices.Clone(whole))); ok {
			t.Errorf("%s: was taken", name)
		}
	}
}

// FuzzCutFrame6: what is taken out of a frame comes out of the same frame made
// anew.
func FuzzCutFrame6(f *testing.F) {
	dst := netip.AddrPortFrom(sixServers, sixServerPort)
	f.Add(frame6(boxMAC, yealink1, netip.AddrPortFrom(absent(1), sixClientPort), dst, information()))
	f.Fuzz(func(t *testing.T, b []byte) {
		payload, from, mac, ok := cutFrame6(b)
		if !ok {
			return
		}
		again, from2, mac2, ok := cutFrame6(frame6(boxMAC, mac, from, dst, payload))
		if !ok || string(again) != string(payload) || from2 != from || mac2 != mac {
			t.Errorf("%x: got %x from %s at %s, then %x from %s at %s", b, payload, from, mac, again, from2, mac2)
		}
	})
}
