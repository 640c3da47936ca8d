package tftpd

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"
)

// transfer is one phone fetching one file, from its request to its end.
type transfer struct {
	number uint64 // what the library knows it by
	peer   netip.AddrPort
	req    request
	start  time.Time
	until  time.Time
	// conn is its own socket; nil in single-port mode, where oob says which
	// address of ours to send from.
	conn *net.UDPConn
	oob  []byte

	mu   sync.Mutex
	sent []byte // the OACK or block sent last
	// awaited says that the library waits for an answer to sent. It is given
	// one packet for each it sends, and none at any other time: a packet that
	// met the end of a transfer would be sent on a channel the library closes.
	awaited bool
	tries   int         // how many times sent was sent again
	timer   *time.Timer // to the next time
	final   bool        // sent is the last block
	acked   bool        // the phone has answered
	over    bool        // nothing more is sent or let through
}

// alias is the address the library knows a transfer by: its number.
func (t *transfer) alias() *net.UDPAddr {
	ip := make(net.IP, net.IPv6len)
	ip[0] = 0xfd
	binary.BigEndian.PutUint64(ip[8:], t.number)
	return &net.UDPAddr{IP: ip, Port: 1}
}

// numberOf undoes alias.
func numberOf(a *net.UDPAddr) uint64 {
	if len(a.IP) != net.IPv6len {
		return 0
	}
	return binary.BigEndian.Uint64(a.IP[8:])
}

// sending notes an OACK or a block that is about to be sent; false means that it
// must not be. size is that of a full block.
func (t *transfer) sending(b []byte, size int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return false
	}
	t.sent = append(t.sent[:0], b...)
	t.awaited, t.tries = true, 0
	t.final = binary.BigEndian.Uint16(b) == opData && len(b) < 4+size
	return true
}

// awaits reports whether b acknowledges what was sent last.
func (t *transfer) awaits(b []byte) bool {
	block := uint16(0) // an OACK's
	if binary.BigEndian.Uint16(t.sent) == opData {
		block = binary.BigEndian.Uint16(t.sent[2:])
	}
	return binary.BigEndian.Uint16(b[2:]) == block
}

// letThrough reports whether the library is to see an answer of the phone.
func (t *transfer) letThrough(b []byte, now time.Time) bool {
	if len(b) < 4 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	op := binary.BigEndian.Uint16(b)
	if op == opError {
		t.over = true // and an error is never answered
	} else if op != opAck || t.over || !t.awaited || !t.awaits(b) || now.After(t.until) {
		return false
	} else {
		t.acked, t.over = true, t.final
	}
	was := t.awaited
	t.awaited = false
	return was
}

// unheardRetries is how many times the first packet is sent again: who has not
// answered yet has less claim on a slot, and asks again by itself.
const unheardRetries = 2

// again gives what is to be sent once more, or nil; givenUp reports that all tries
// are used up, and that the library is to hear of it.
func (t *transfer) again(retries int, now time.Time) (b []byte, givenUp bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.acked {
		retries = min(retries, unheardRetries)
	}
	switch {
	case t.over || !t.awaited:
		return nil, false
	case t.tries >= retries || now.After(t.until):
		t.awaited = false
		return nil, true
	}
	t.tries++
	return append([]byte(nil), t.sent...), false
}

// wait has f called after d, unless the transfer ends or wait is called again before; once set, f stays.
func (t *transfer) wait(d time.Duration, f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.over:
	case t.timer == nil:
		t.timer = time.AfterFunc(d, f)
	default:
		t.timer.Reset(d)
	}
}

// lastWord ends the transfer and gives the error packet the phone is due, nil
// where it ended the transfer itself.
func (t *transfer) lastWord() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.over
	t.over = true
	switch {
	case was:
		return nil
	case t.sent != nil:
		return brokeOff
	}
	return refusal
}

// restart is less than any phone takes to start again.
const restart = 5 * time.Second

// stands reports whether the transfer stands against a new request from its
// phone's port. It does until the desk has answered, or asking would be free of
// all bounds; and against the same request again, sent because our answer had not
// come through yet. That one may even be read after the phone's acknowledgement
// of our answer, which comes by another socket.
func (t *transfer) stands(req request, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent == nil {
		return true
	}
	return req == t.req && !t.over && (!t.acked || now.Sub(t.start) < restart)
}

// quit ends the transfer without a word, and reports whether the library waits
// for an answer it will now not get.
func (t *transfer) quit() (awaited bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	awaited, t.awaited = t.awaited, false
	if t.timer != nil {
		t.timer.Stop()
	}
	return awaited
}

// standing is what a transfer's claim on its slot rests on: acked says that the
// phone has answered. fixed says that the slot is not to be had: its time is over
// anyway, or the desk still thinks, and asking would be free of all bounds.
func (t *transfer) standing() (acked, fixed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.acked, t.over || t.sent == nil
}

// yield ends the transfer for another's sake, unless its standing has changed.
func (t *transfer) yield(acked bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over || t.sent == nil || t.acked != acked {
		return false
	}
	t.over = true
	return true
}

// close closes the transfer's own socket; again does nothing.
func (t *transfer) close() {
	if t.conn != nil {
		_ = t.conn.Close()
	}
}
