package dhcpopt

import (
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// crowdedConn is a socket in which much waits for ARP.
type crowdedConn struct{ *fakeBatcher }

func (crowdedConn) Roomy() bool { return false }

// TestCrowdedSocketAsksNoARP: while much waits for ARP, what goes to everybody or
// by the router leaves as ever, renewals leave by frame, and answers to relays on
// the LAN not at all.
func TestCrowdedSocketAsksNoARP(t *testing.T) {
	at := func(a string) netip.AddrPort { return netip.AddrPortFrom(ip(a), clientPort) }
	all := []reply{{to: at("10.20.0.50"), near: yealink1}, {to: broadcast()}, {to: at("10.20.0.9")}, {to: at("10.99.0.9")}}
	want := []string{yealink1.String() + " 10.20.0.50", " 10.99.0.9", " 255.255.255.255"}
	for _, tt := range []struct {
		name string
		send func(w *wire, lost func(netip.AddrPort, error))
	}{
		{"together", func(w *wire, lost func(netip.AddrPort, error)) {
			tr := newTray(w, lost)
			for range 2 { // the tray is whole again
				for _, r := range all {
					tr.add(r)
				}
				tr.flush()
			}
		}},
		{"one by one", func(w *wire, lost func(netip.AddrPort, error)) {
			for _, r := range append(all, all...) {
				if err := w.send(r); err != nil {
					lost(r.to, err)
				}
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := crowdedConn{&fakeBatcher{fakeConn: newFakeConn(), most: maxBatch}}
			w := newWire(conn, boxAddr, slog.New(slog.DiscardHandler))
			w.lan = netip.PrefixFrom(boxAddr, 24).Masked()
			var lost, got []string
			tt.send(w, func(to netip.AddrPort, err error) { lost = append(lost, to.Addr().String()+" "+unsent(err)) })
			for _, s := range conn.taken() {
				by := ""
				if !s.mac.IsZero() {
					by = s.mac.String()
				}
				got = append(got, by+" "+s.to.Addr().String())
			}
			slices.Sort(got)
			got = slices.Compact(got)
			if !slices.Equal(sorted(got), sorted(want)) {
				t.Errorf("left: %q, want %q", got, want)
			}
			if want := []string{"10.20.0.9 crowded", "10.20.0.9 crowded"}; !slices.Equal(lost, want) {
				t.Errorf("lost: %q, want %q", lost, want)
			}
		})
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// TestAbsentHostsHoldUpNobody has a laptop send in the name of relays and clients
// that are not there, more than a socket holds until ARP gives up, on a real one:
// the server waits for none of them, and a phone hears its offer.
func TestAbsentHostsHoldUpNobody(t *testing.T) {
	lab := netlab.New(t)
	box, desk := lab.Host("box", boxAddr.String()+"/24"), lab.Host("desk", "10.20.0.77/24")
	var conn *Conn
	var hears net.PacketConn
	listen := func(h *netlab.Host, do func() error) {
		if err := h.Do(do); err != nil {
			t.Fatal(err)
		}
	}
	listen(box, func() (err error) {
		conn, err = Listen(t.Context(), box.Interface(), netip.MustParseAddrPort("0.0.0.0:67"))
		if err == nil {
			err = conn.SetWriteBuffer(208 << 10) // what there is without CAP_NET_ADMIN
		}
		return err
	})
	defer func() { _ = conn.Close() }()
	listen(desk, func() (err error) {
		hears, err = new(net.ListenConfig).ListenPacket(t.Context(), "udp4", "0.0.0.0:68")
		return err
	})
	defer func() { _ = hears.Close() }()
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	l.s.connect(conn)
	began := time.Now()
	for n := range 3000 {
		absent := fromNumber(number(ip("10.20.0.100")) + uint32(n%100))
		l.s.receive(message(laptop1, discover, relay(absent)).ToBytes(), netip.AddrPortFrom(absent, serverPort))
		l.s.receive(message(forgedPhone(n), dhcpv4.MessageTypeInform, uses(absent)).ToBytes(), netip.AddrPortFrom(absent, clientPort))
	}
	l.s.receive(message(yealink1, discover, func(m *dhcpv4.DHCPv4) { m.SetBroadcast() }).ToBytes(), nobody)
	l.s.answers.flush()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("answering took %s, want no waiting for ARP", took)
	}
	_ = hears.SetReadDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, maxPacket)
	n, _, err := hears.ReadFrom(buf)
	if err != nil {
		t.Fatalf("the phone hears nothing: %v", err)
	}
	m, err := dhcpv4.FromBytes(buf[:n])
	if err != nil || phone.MAC(m.ClientHWAddr) != yealink1 || m.MessageType() != offer {
		t.Errorf("the phone hears %v, %v; want its offer", m, err)
	}
}
