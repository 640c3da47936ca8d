package dhcpopt

import (
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/phone"
)

// maxBatch is how many packets go through the socket in one call. A call for each
// costs as much as the answer; what waits for a call waits for a fraction of a
// millisecond.
const maxBatch = 64

// batcher is a socket that takes and gives several packets in one call.
type batcher interface {
	ReadBatch(ms []ipv4.Message) (int, error)
	WriteBatch(ms []ipv4.Message) (int, error)
}

// ReadBatch reads what is there, one packet at least and no more than ms has room
// for, and gives how many.
func (c *Conn) ReadBatch(ms []ipv4.Message) (int, error) { return c.packets.ReadBatch(ms, 0) }

// WriteBatch sends packets in order and gives how many left; the error is of the
// first that did not. It never waits: a full socket is one that waits for ARP, and
// that for as long as a stranger likes.
func (c *Conn) WriteBatch(ms []ipv4.Message) (int, error) {
	return c.packets.WriteBatch(ms, unix.MSG_DONTWAIT)
}

// WriteTo sends one packet, and does not wait either.
func (c *Conn) WriteTo(b []byte, to net.Addr) (int, error) { return c.write(b, nil, to) }

// write sends one packet with a control message.
func (c *Conn) write(b, control []byte, to net.Addr) (int, error) {
	if _, err := c.WriteBatch([]ipv4.Message{{Buffers: [][]byte{b}, OOB: control, Addr: to}}); err != nil {
		return 0, err
	}
	return len(b), nil
}

// source takes packets off a socket.
type source struct {
	conn net.PacketConn
	many batcher // nil: one at a time
	ms   []ipv4.Message
	got  []datagram // what read gives, to gather in again
}

func newSource(conn net.PacketConn) *source {
	s := &source{conn: conn}
	n := 1
	if _, ok := conn.(sided); !ok { // a batch does not tell the side
		if s.many, ok = conn.(batcher); ok {
			n = maxBatch
		}
	}
	s.ms = make([]ipv4.Message, n)
	for i := range s.ms {
		s.ms[i].Buffers = [][]byte{make([]byte, maxPacket+1)}
	}
	return s
}

// read gives one packet at least; they are good until it is called again.
func (s *source) read() ([]datagram, error) {
	s.got = s.got[:0]
	if s.many == nil {
		p, err := read(s.conn, s.ms[0].Buffers[0])
		s.got = append(s.got, p)
		return s.got, err
	}
	n, err := s.many.ReadBatch(s.ms)
	for _, m := range s.ms[:max(n, 0)] {
		s.got = append(s.got, datagram{data: m.Buffers[0][:m.N], from: addrPort(m.Addr)})
	}
	return s.got, err
}

// tray gathers the answers of one goroutine, so that they leave in one call. What
// cannot be gathered leaves at once.
type tray struct {
	wire *wire
	lost func(to netip.AddrPort, err error)
	ms   []ipv4.Message
	near []phone.MAC // of each, as in reply
}

func newTray(w *wire, lost func(netip.AddrPort, error)) *tray {
	return &tray{wire: w, lost: lost, ms: make([]ipv4.Message, 0, maxBatch), near: make([]phone.MAC, 0, maxBatch)}
}

// add puts an answer on the tray, and empties it when it is full.
func (t *tray) add(r reply) {
	if !t.wire.gathers(r) {
		if err := t.wire.send(r); err != nil {
			t.lost(r.to, err)
		}
		return
	}
	n := len(t.ms)
	t.ms = t.ms[:n+1]
	m := &t.ms[n]
	if m.Addr == nil {
		m.Buffers, m.Addr = make([][]byte, 1), &net.UDPAddr{IP: make(net.IP, net.IPv4len)}
	}
	to, ip := m.Addr.(*net.UDPAddr), r.to.Addr().As4()
	copy(to.IP, ip[:])
	to.Port = int(r.to.Port())
	m.Buffers[0] = r.data
	t.near = append(t.near, r.near)
	if len(t.ms) == cap(t.ms) {
		t.flush()
	}
}

// flush sends what is on the tray. One that cannot leave holds up no other.
func (t *tray) flush() {
	if len(t.ms) > 0 && t.wire.crowded() {
		t.sift()
	}
	for rest := t.ms; len(rest) > 0; {
		n, err := t.wire.batch.WriteBatch(rest)
		if n = max(n, 0); err != nil && n < len(rest) {
			t.lost(addrPort(rest[n].Addr), err)
			n++
		}
		rest = rest[n:]
	}
	for i := range t.ms {
		t.ms[i].Buffers[0] = nil
	}
	t.ms, t.near = t.ms[:0], t.near[:0]
}

// sift takes off the tray what would wait for ARP while too much does: it leaves
// by frame, or not at all.
func (t *tray) sift() {
	kept := 0
	for i := range t.ms {
		m := &t.ms[i]
		to := addrPort(m.Addr)
		if !t.wire.resolved(to) {
			if err := t.wire.around(reply{to: to, near: t.near[i], data: m.Buffers[0]}); err != nil {
				t.lost(to, err)
			}
			m.Buffers[0] = nil
			continue
		}
		t.ms[kept], t.ms[i] = t.ms[i], t.ms[kept]
		kept++
	}
	t.ms = t.ms[:kept]
}
