package dhcpopt

import (
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// rawConn answers each question at once, with what packets gives.
type rawConn struct {
	net.PacketConn
	asked   int
	packets func(q *dhcpv4.DHCPv4) []*dhcpv4.DHCPv4
	queue   [][]byte
	t       *testing.T
}

func (c *rawConn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.asked++
	q, err := dhcpv4.FromBytes(b[udpHeader:])
	if err != nil {
		c.t.Fatal(err)
	}
	if to.String() == first.Addr().String() {
		for _, m := range c.packets(q) {
			c.queue = append(c.queue, udpPacket(serverPort, serverPort, m.ToBytes()))
		}
	}
	return len(b), nil
}

func (c *rawConn) ReadFrom(b []byte) (int, net.Addr, error) {
	if len(c.queue) == 0 {
		return 0, nil, os.ErrDeadlineExceeded
	}
	n := copy(b, c.queue[0])
	c.queue = c.queue[1:]
	return n, &net.IPAddr{IP: first.Addr().AsSlice()}, nil
}

func (c *rawConn) SetReadDeadline(time.Time) error { return nil }

// TestUpstreamsAreAskedAsTheRelayAsks: only an offer to the question counts, and
// who has made one is not asked again.
func TestUpstreamsAreAskedAsTheRelayAsks(t *testing.T) {
	for name, tt := range map[string]struct {
		kind   dhcpv4.MessageType
		other  bool
		offers bool
	}{
		"an offer":            {kind: offer, offers: true},
		"an offer to another": {kind: offer, other: true},
		"an ACK, never asked": {kind: ack},
		"a refusal":           {kind: nak},
	} {
		t.Run(name, func(t *testing.T) {
			conn := &rawConn{t: t, packets: func(q *dhcpv4.DHCPv4) []*dhcpv4.DHCPv4 {
				if address(q.GatewayIPAddr) != boxAddr || q.MessageType() != discover || q.Options[relayCode] == nil {
					t.Errorf("asked %s, want a DISCOVER by the relay %s", q.Summary(), boxAddr)
				}
				a := answered(t, q.ToBytes(), tt.kind)
				if tt.other {
					a.TransactionID[0]++
				}
				return []*dhcpv4.DHCPv4{a}
			}}
			u := &upstreamProbe{conn: conn, servers: []netip.AddrPort{first, second}, offers: make([]*Answer, 2), m: relayed(probing(yealink1, "yealink"), "eth0", boxAddr)}
			for range probeTimes {
				if err := u.round(t.Context(), time.Second); err != nil {
					t.Fatal(err)
				}
			}
			if got := u.offers[0] != nil; got != tt.offers || u.offers[1] != nil {
				t.Errorf("got %v, want an offer of the first: %t, and none of the second", u.offers, tt.offers)
			}
			if want := map[bool]int{true: 3, false: 4}[tt.offers]; conn.asked != want {
				t.Errorf("asked %d times, want %d", conn.asked, want)
			}
		})
	}
}
