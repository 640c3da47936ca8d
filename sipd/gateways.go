package sipd

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
)

// Bounds of what one SBC's name leads to. Every address that is dead may cost a
// caller Config.FailOver.
const (
	maxWays = 4  // addresses that are called
	maxPast = 16 // addresses of earlier answers of DNS that are still listened to
)

// gateway is an SBC and what is known of it.
type gateway struct {
	SBC
	ways   []way
	past   []netip.Addr // calls may still run there
	tested time.Time    // when it last answered, also in an earlier run
	kept   time.Time    // of tested, what is on disk
	saved  []netip.AddrPort
}

// way is one address of an SBC. It stays when DNS does not answer, or names
// others that do not answer, for a call may come at that very moment.
type way struct {
	to     netip.AddrPort
	good   bool   // it answered once
	up     bool   // it answered when it was last asked
	former bool   // DNS does not name it any more
	said   string // when it was last asked
}

// target is where a call is offered: an SBC at one of its addresses, or at none
// where its name never had one.
type target struct {
	SBC
	to    netip.AddrPort
	again bool // it is asked a second time, see renewed
}

// gateways are the site's SBCs in order.
type gateways struct {
	cfg  Config
	dep  Deps
	hold func(netip.Addr) // such an address is expected to send
	drop func(netip.Addr)

	mu    sync.Mutex
	list  []*gateway
	certs map[netip.AddrPort]shownCert // of those reached by TLS
}

func newGateways(cfg Config, dep Deps, known *sources) *gateways {
	g := &gateways{cfg: cfg, dep: dep, hold: known.hold, drop: known.release, certs: make(map[netip.AddrPort]shownCert)}
	if g.dep.Resolve == nil {
		g.dep.Resolve = net.DefaultResolver
	}
	for _, one := range cfg.SBCs {
		if one.Transport == "" {
			one.Transport = phone.UDP
		}
		gw := &gateway{SBC: one}
		if a, err := netip.ParseAddr(one.Host); err == nil {
			g.lead(gw, []netip.AddrPort{netip.AddrPortFrom(a.Unmap(), one.port())})
		}
		g.list = append(g.list, gw)
	}
	return g
}

// lead says where an SBC's name leads now. Addresses that answered once and are
// not named any more stay at the end, until one that is named answers.
func (g *gateways) lead(one *gateway, found []netip.AddrPort) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var next []way
	for _, to := range found[:min(len(found), maxWays)] {
		w := way{to: to}
		if i := slices.IndexFunc(one.ways, func(w way) bool { return w.to == to }); i >= 0 {
			w = one.ways[i]
			w.former = false
		}
		if !slices.ContainsFunc(next, func(w way) bool { return w.to == to }) {
			next = append(next, w)
		}
	}
	works := slices.ContainsFunc(next, func(w way) bool { return w.up })
	for _, w := range one.ways {
		switch {
		case slices.ContainsFunc(next, func(n way) bool { return n.to == w.to }):
		case w.good && !works && len(next) < 2*maxWays:
			w.former = true
			next = append(next, w)
		}
	}
	for _, w := range next {
		g.expectLocked(one, w.to.Addr())
	}
	one.ways = next
}

// expectLocked has an address listened to, as long as it is among the last ones.
func (g *gateways) expectLocked(one *gateway, a netip.Addr) {
	if i := slices.Index(one.past, a); i >= 0 {
		one.past = append(slices.Delete(one.past, i, i+1), a)
		return
	}
	g.hold(a)
	if one.past = append(one.past, a); len(one.past) > maxPast {
		g.drop(one.past[0])
		one.past = slices.Delete(one.past, 0, 1)
	}
}

// owns reports that an address is an SBC's.
func (g *gateways) owns(a netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.list, func(one *gateway) bool { return slices.Contains(one.past, a) })
}

// nameAt is the name of the SBC that is reached by TLS at an address.
func (g *gateways) nameAt(to netip.AddrPort) (string, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, one := range g.list {
		if one.Transport == phone.TLS && slices.ContainsFunc(one.ways, func(w way) bool { return w.to == to }) {
			return one.Host, true
		}
	}
	return "", false
}

// inTurn are the places a call is offered to: those that answered lately first,
// in the site's order, and the others after them, for a probe is not a call. An
// SBC without an address is last, to be told of.
func (g *gateways) inTurn() []target {
	g.mu.Lock()
	defer g.mu.Unlock()
	var up, down, nowhere []target
	for _, one := range g.list {
		for _, w := range one.ways {
			if w.up {
				up = append(up, target{SBC: one.SBC, to: w.to})
			} else {
				down = append(down, target{SBC: one.SBC, to: w.to})
			}
		}
		if len(one.ways) == 0 {
			nowhere = append(nowhere, target{SBC: one.SBC})
		}
	}
	return append(append(up, down...), nowhere...)
}

// ready reports that phones may be called to the telephone for their PIN:
// emergency calls go out, or the site said that none are needed. An SBC that
// answered in an earlier run will do, so that a box starts with the WAN cut.
func (g *gateways) ready() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cfg.Mode == NoCalls || slices.ContainsFunc(g.list, func(one *gateway) bool { return !one.tested.IsZero() })
}
