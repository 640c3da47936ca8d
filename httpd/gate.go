package httpd

import (
	"net"
	"net/netip"
	"sync"

	"github.com/lineside/lineside/phone"
)

// gate counts the requests at the desk: at most max in all, at most each per
// address.
type gate struct {
	max, each int

	mu     sync.Mutex
	inside int
	by     map[netip.Addr]int // only addresses with somebody inside
}

func newGate(limit, each int) *gate {
	return &gate{max: limit, each: each, by: make(map[netip.Addr]int)}
}

// enter reports whether one more of addr may come in; if so, leave must follow.
func (g *gate) enter(addr netip.Addr) bool {
	addr = phone.Sender(addr)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside >= g.max || g.by[addr] >= g.each {
		return false
	}
	g.inside++
	g.by[addr]++
	return true
}

func (g *gate) leave(addr netip.Addr) {
	addr = phone.Sender(addr)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.by[addr]--; g.by[addr] == 0 {
		delete(g.by, addr)
	}
}

func addrOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
