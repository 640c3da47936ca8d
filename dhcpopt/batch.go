package dhcpopt

import (
	"net"
	"net/netip"
	"slices"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// maxBatch is how many packets go through the socket in one call. A call for each
// costs as much as the answer; what waits for a call waits for a fraction of a
// millisecond.
const maxBatch = 64

// batcher is a socket that takes and gives several packets in one call.
type batcher interface {
	// ReadBatch reads what is there, one packet at least and no more than ps has
	// room for, and gives how many. Each has its room in data.
	ReadBatch(ps []datagram) (int, error)
	// WriteBatch sends the data of rs, in order, and gives how many left; the error
	// is of the first that did not. It never waits.
	WriteBatch(rs []reply) (int, error)
}

// ReadBatch serves batcher.
func (c *Conn) ReadBatch(ps []datagram) (int, error) { return c.in.read(ps) }

// WriteBatch serves batcher. A full socket is one that waits for ARP, and that for
// as long as a stranger likes.
func (c *Conn) WriteBatch(rs []reply) (int, error) { return c.out.write(rs) }

// WriteTo sends one packet, and does not wait either.
func (c *Conn) WriteTo(b []byte, to net.Addr) (int, error) { return c.write(b, nil, to) }

// write sends one packet with a control message.
func (c *Conn) write(b, control []byte, to net.Addr) (int, error) {
	if _, err := c.packets.WriteBatch([]ipv4.Message{{Buffers: [][]byte{b}, OOB: control, Addr: to}}, unix.MSG_DONTWAIT); err != nil {
		return 0, err
	}
	return len(b), nil
}

// source takes packets off a socket.
type source struct {
	conn net.PacketConn
	many batcher // nil: one at a time
	room [][]byte
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
	s.room, s.got = make([][]byte, n), make([]datagram, n)
	for i := range s.room {
		s.room[i] = make([]byte, maxPacket+1)
	}
	return s
}

// read gives one packet at least; they are good until it is called again.
func (s *source) read() ([]datagram, error) {
	if s.many == nil {
		p, err := read(s.conn, s.room[0])
		s.got[0] = p
		return s.got, err
	}
	for i := range s.got {
		s.got[i] = datagram{data: s.room[i]}
	}
	n, err := s.many.ReadBatch(s.got)
	return s.got[:n], err
}

// tray gathers the answers of one goroutine, so that they leave in one call. What
// cannot be gathered leaves at once.
type tray struct {
	wire    *wire
	lost    func(to netip.AddrPort, err error)
	replies []reply
}

func newTray(w *wire, lost func(netip.AddrPort, error)) *tray {
	return &tray{wire: w, lost: lost, replies: make([]reply, 0, maxBatch)}
}

// add puts an answer on the tray, and empties it when it is full.
func (t *tray) add(r reply) {
	if !t.wire.gathers(r) {
		if err := t.wire.send(r); err != nil {
			t.lost(r.to, err)
		}
		return
	}
	if t.replies = append(t.replies, r); len(t.replies) == cap(t.replies) {
		t.flush()
	}
}

// flush sends what is on the tray. One that cannot leave holds up no other.
func (t *tray) flush() {
	left := t.replies
	if len(left) > 0 && t.wire.crowded() {
		left = t.sift()
	}
	for len(left) > 0 {
		n, err := t.wire.batch.WriteBatch(left)
		if err != nil && n < len(left) {
			t.lost(left[n].to, err)
			n++
		}
		left = left[n:]
	}
	clear(t.replies)
	t.replies = t.replies[:0]
}

// sift takes off the tray what would wait for ARP while too much does: it leaves
// by frame, or not at all. What is left is what still is to be sent.
func (t *tray) sift() (left []reply) {
	return slices.DeleteFunc(t.replies, func(r reply) bool {
		if t.wire.resolved(r.to) {
			return false
		}
		if err := t.wire.around(r); err != nil {
			t.lost(r.to, err)
		}
		return true
	})
}
