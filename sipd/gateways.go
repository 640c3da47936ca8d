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
	// maxFormer is how many SBCs that are no longer the site's are listened to.
	maxFormer = 8
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

	wake chan struct{} // askNow

	mu   sync.Mutex
	list []*gateway // replaced, never written into
	// former are no longer the site's; calls may still run there.
	former []*gateway
	certs  map[netip.AddrPort]shownCert // of those reached by TLS
}

func newGateways(cfg Config, dep Deps, known *sources) *gateways {
	g := &gateways{cfg: cfg, dep: dep, hold: known.hold, drop: known.release, wake: make(chan struct{}, 1), certs: make(map[netip.AddrPort]shownCert)}
	if g.dep.Resolve == nil {
		g.dep.Resolve = net.DefaultResolver
	}
	g.set(cfg.SBCs)
	return g
}

// set makes SBCs the site's, in order, and gives those that are new. What is
// known of the others stays; those that are the site's no more take no new calls,
// and what they say of running ones is heard.
func (g *gateways) set(sbcs []SBC) (fresh []*gateway) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var next []*gateway
	was := slices.Concat(g.list, g.former)
	for _, one := range sbcs {
		if one.Transport == "" {
			one.Transport = phone.UDP
		}
		is := func(o *gateway) bool { return o.SBC == one }
		if slices.ContainsFunc(next, is) {
			continue
		}
		if i := slices.IndexFunc(was, is); i >= 0 {
			next = append(next, was[i])
			continue
		}
		gw := &gateway{SBC: one}
		if a, err := netip.ParseAddr(one.Host); err == nil {
			g.leadLocked(gw, []netip.AddrPort{netip.AddrPortFrom(a.Unmap(), one.port())})
		}
		next, fresh = append(next, gw), append(fresh, gw)
	}
	gone := slices.DeleteFunc(was, func(o *gateway) bool { return slices.Contains(next, o) })
	for len(gone) > maxFormer { // those gone for longest are at the end
		for _, a := range gone[len(gone)-1].past {
			g.drop(a)
		}
		gone = gone[:len(gone)-1]
	}
	g.list, g.former = next, gone
	return fresh
}

// askNow has the SBCs asked at once whether they are there.
func (g *gateways) askNow() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// any reports that the site has an SBC.
func (g *gateways) any() bool { return len(g.current()) > 0 }

// current are the site's SBCs now.
func (g *gateways) current() []*gateway {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.list
}

// heardLocked are all that are listened to.
func (g *gateways) heardLocked() []*gateway { return slices.Concat(g.list, g.former) }

// lead says where an SBC's name leads now. Addresses that answered once and are
// not named any more stay at the end, until one that is named answers.
func (g *gateways) lead(one *gateway, found []netip.AddrPort) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leadLocked(one, found)
}

func (g *gateways) leadLocked(one *gateway, found []netip.AddrPort) {
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

// owns reports that an address is an SBC's, or was of one calls may run at.
func (g *gateways) owns(a netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	has := func(one *gateway) bool { return slices.Contains(one.past, a) }
	return slices.ContainsFunc(g.list, has) || slices.ContainsFunc(g.former, has)
}

// nameAt is the name of the SBC that is reached by TLS at an address.
func (g *gateways) nameAt(to netip.AddrPort) (string, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, one := range g.heardLocked() {
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
