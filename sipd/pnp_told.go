package sipd

import (
	"bytes"
	"container/list"
	"context"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// Bounds of what is kept of multicast questions. It is kept for repeating the
// NOTIFY only: the first has left already.
const (
	maxTold     = 1024
	repeatEvery = 500 * time.Millisecond // timer E of RFC 3261: after 0.5, 1.5 and 3.5 s
	repeats     = 3
)

// told is the NOTIFYs no phone has answered yet, one for an address. Where there
// are too many the oldest goes: who asks under many addresses takes repeats away
// from others, and never an answer.
type told struct {
	suspect chan struct{} // one element: a phone had its answer already

	mu    sync.Mutex
	by    map[netip.Addr]*list.Element
	order list.List // of *telling, the oldest first
}

// telling is one NOTIFY.
type telling struct {
	who    netip.Addr
	id     string // Call-ID
	packet []byte
	to     netip.AddrPort
	out    net.PacketConn
	sent   int // times it was repeated
	wait   int // ticks until the next
}

func newTold() *told {
	return &told{suspect: make(chan struct{}, 1), by: make(map[netip.Addr]*list.Element)}
}

// put sends a NOTIFY and keeps it until it is answered. A phone that asks again
// is told again, and no longer of what it asked before.
func (t *told) put(who netip.Addr, n telling) {
	n.who, n.wait = who, 1
	n.send()
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.by[who]; old != nil {
		t.dropLocked(old)
	}
	if len(t.by) >= maxTold {
		t.dropLocked(t.order.Front())
	}
	t.by[who] = t.order.PushBack(&n)
}

func (t *told) dropLocked(e *list.Element) {
	delete(t.by, e.Value.(*telling).who)
	t.order.Remove(e)
}

func (n *telling) send() { _, _ = n.out.WriteTo(n.packet, net.UDPAddrFromAddrPort(n.to)) }

// settles takes a packet that is the final answer to a NOTIFY. A phone that
// knows nothing of it (481) may have had another server's answer first, whose
// NOTIFY cannot be seen from here.
func (t *told) settles(from netip.Addr, data []byte) bool {
	status, ok := statusOf(data)
	if !ok {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.by[from]
	if e == nil {
		return false
	}
	if header, _ := tolerant(string(data)); header["Call-ID"] != e.Value.(*telling).id { // its whole, or what holds a part of it settles it
		return false
	}
	if status >= 200 {
		t.dropLocked(e)
	}
	if status == 481 {
		select {
		case t.suspect <- struct{}{}:
		default:
		}
	}
	return true
}

// statusOf is the status of a packet that is a response.
func statusOf(data []byte) (int, bool) {
	rest, ok := bytes.CutPrefix(data, []byte("SIP/2.0 "))
	if !ok || len(rest) < 3 {
		return 0, false
	}
	status, err := strconv.Atoi(string(rest[:3]))
	return status, err == nil
}

// repeat sends what was not answered once more, until ctx ends.
func (t *told) repeat(ctx context.Context) {
	tick := time.NewTicker(repeatEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, n := range t.due() {
				n.send()
			}
		case <-ctx.Done():
			return
		}
	}
}

// due counts a tick, and gives what is to be sent at it.
func (t *told) due() []telling {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []telling
	for e := t.order.Front(); e != nil; {
		n, next := e.Value.(*telling), e.Next()
		n.wait--
		switch {
		case n.wait > 0:
		case n.sent == repeats:
			t.dropLocked(e)
		default:
			n.sent++
			n.wait = 1 << n.sent // the last is waited for as well
			list = append(list, *n)
		}
		e = next
	}
	return list
}
