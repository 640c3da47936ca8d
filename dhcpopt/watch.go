package dhcpopt

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// What a watch remembers, and for how long.
const (
	maxWatched = 4096             // addresses, and as many machines
	backForth  = 10 * time.Minute // from one to another and back within this is two at once
	calmAfter  = time.Hour        // without a sign of it, a condition is over
	calmEvery  = time.Minute
)

// Holders knows to whom the box gave an address.
type Holders interface {
	LeaseOf(addr netip.Addr) (phone.Lease, bool)
}

// Watch listens to what others do on the phones' LAN: which servers answer, and
// who says that an address is his. It sends nothing. What it hears anybody can
// have forged, so it decides nothing either: operators are told.
type Watch struct {
	cfg     Config
	deps    Deps
	holders Holders // nil: the box gives no addresses
	log     *slog.Logger
	self    netip.Addr

	mu       sync.Mutex
	hardware phone.MAC // the box's own; zero: not known
	byAddr   turns[netip.Addr, phone.MAC]
	byMAC    turns[phone.MAC, netip.Addr]
	last     map[string]time.Time // conditions raised, when there was last a sign of each
	servers  map[netip.Addr]ServerSeen
}

// NewWatch makes a watch; it does no I/O. Of cfg it needs mode, interface and
// the box's address; of deps all but the lease store.
func NewWatch(cfg Config, holders Holders, deps Deps) (*Watch, error) {
	if !cfg.Self.IsValid() || deps.Desk == nil || deps.Log == nil || deps.Metrics == nil || deps.Health == nil {
		return nil, errors.New("make LAN watch: a dependency is missing")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Watch{
		cfg: cfg, deps: deps, holders: holders, log: deps.Log.With("component", "lan"), self: cfg.Self.Addr(),
		last: make(map[string]time.Time),
	}, nil
}

// Serve listens on conn, made by ListenFrames, until ctx ends; then it returns
// nil. It is called once, and the caller closes conn.
func (w *Watch) Serve(ctx context.Context, conn net.PacketConn) error {
	if ifi, err := net.InterfaceByName(w.cfg.Interface); err == nil && len(ifi.HardwareAddr) == 6 {
		w.mu.Lock()
		w.hardware = phone.MAC(ifi.HardwareAddr)
		w.mu.Unlock()
	}
	ctx, cancel := context.WithCancel(ctx)
	var calming sync.WaitGroup
	calming.Go(func() { w.calmAll(ctx) })
	in := newIntake(maxIntake, func(p datagram) { w.heard(p.data) }, w.drop)
	err := in.serve(ctx, conn, w.log)
	cancel()
	calming.Wait()
	return err
}

func (w *Watch) drop(reason string, _ netip.AddrPort) {
	w.deps.Metrics.Dropped.WithLabelValues("lan", reason).Inc()
}

// heard takes one frame. Whatever it holds, the watch lives on.
func (w *Watch) heard(frame []byte) {
	defer func() {
		if v := recover(); v != nil {
			panicked(w.deps.Metrics, w.log, v)
		}
	}()
	c, a, err := overhear(frame)
	now := w.deps.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil || phone.MAC(frame[6:12]) == w.hardware: // the box's own are heard too
		return
	case c != nil:
		w.claimedLocked(*c, now)
	case a != nil:
		w.answeredLocked(*a, now)
	}
}

// claimedLocked weighs an ARP packet.
func (w *Watch) claimedLocked(c claim, now time.Time) {
	if c.mac == w.hardware || !w.cfg.network().Contains(c.addr) {
		return
	}
	if c.addr == w.self {
		if !w.hardware.IsZero() {
			w.raiseSelf(c, now)
		}
		return
	}
	if l, ok := w.leased(c.addr, now); ok && l.MAC != c.mac {
		w.raiseTwice(c.addr, l.MAC, c.mac, now)
	}
	if other, twice := w.byAddr.took(c.addr, c.mac, now); twice {
		w.raiseTwice(c.addr, other, c.mac, now)
	}
	if !w.phone(c.mac) {
		return // a server may well have several addresses
	}
	if other, twice := w.byMAC.took(c.mac, c.addr, now); twice {
		w.raiseSpread(c.mac, other, c.addr, now)
	}
}

func (w *Watch) leased(a netip.Addr, now time.Time) (phone.Lease, bool) {
	if w.holders == nil {
		return phone.Lease{}, false
	}
	l, ok := w.holders.LeaseOf(a)
	return l, ok && l.Live(now)
}

// phone reports that the desk takes a machine for a phone, by its hardware
// address alone.
func (w *Watch) phone(mac phone.MAC) bool {
	r := w.welcome(mac)
	return r.Known || r.Ident.Vendor != ""
}

func (w *Watch) welcome(mac phone.MAC) provision.Welcome {
	return w.deps.Desk.Welcome(provision.Caller{MAC: mac, Interface: w.cfg.Interface, Self: w.self})
}

// answeredLocked weighs what another server told a client.
func (w *Watch) answeredLocked(a Answer, now time.Time) {
	if a.Server == w.self || w.passed(a.Server) {
		w.feignedLocked(a, now)
		return
	}
	w.noteLocked(a, now)
	r := w.welcome(a.Client)
	if w.cfg.Mode == ModeServer || w.cfg.Mode == ModeRelay {
		w.raiseForeign(a, now)
	}
	if r.Ident.Vendor == "" {
		return
	}
	switch lead := a.Lead(); {
	case lead == "" && a.Bound && w.cfg.Mode != ModeInform:
		w.raiseUnled(a, now)
	case lead != "" && !ours(a, r.Options):
		w.raiseMisled(a, lead, now)
	}
	if a.Bound {
		g := provision.Sighting{MAC: a.Client, Front: provision.DHCP, Addr: a.Addr, Ident: r.Ident, Text: a.text()}
		w.deps.Desk.Sighted(g)
	}
}

// feignedLocked weighs an answer in the name of the box, or of a server whose
// answers the box carries, that the box did not send: its own frames do not come
// here. What such a server tells a client of its own, when that renews, comes by
// the router and is for the client alone.
func (w *Watch) feignedLocked(a Answer, now time.Time) {
	if w.hardware.IsZero() || a.Server != w.self && !a.toAll {
		return
	}
	w.raiseImpostor(a, now)
}

// passed reports that this server's answers come by the relay, which is the box
// itself.
func (w *Watch) passed(server netip.Addr) bool {
	for _, u := range w.cfg.Upstream {
		if w.cfg.Mode == ModeRelay && u.Addr() == server {
			return true
		}
	}
	return false
}

// turns remembers, of each key, the last two values it had. The zero value is
// ready.
type turns[K comparable, V comparable] struct{ seen map[K]turn[V] }

type turn[V comparable] struct {
	now, before V
	changed     time.Time
}

// took notes that k has v now. It gives the other value where k went from v to
// that and back within a short time: a machine that moves does not come back.
func (t *turns[K, V]) took(k K, v V, now time.Time) (other V, twice bool) {
	if t.seen == nil || len(t.seen) >= maxWatched {
		t.seen = make(map[K]turn[V])
	}
	last, known := t.seen[k]
	switch {
	case !known:
		t.seen[k] = turn[V]{now: v}
	case last.now != v:
		t.seen[k] = turn[V]{now: v, before: last.now, changed: now}
		twice = last.before == v && now.Sub(last.changed) <= backForth
	}
	return last.now, twice
}
