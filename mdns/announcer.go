package mdns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime/debug"
	"time"
)

// front names this door in metrics.
const front = "mdns"

// Times of RFC 6762 section 8.1 and 8.2.
const (
	probes      = 3
	probeEvery  = 250 * time.Millisecond
	deferFor    = time.Second
	maxDeferred = 3
	maxNumbered = 999
	publishWait = 10 * time.Second
	readRest    = time.Second // after an error, as while the interface is down
	firstAgain  = time.Hour   // between looks whether the first name is free again
)

// Announcer makes the box known on the LAN, and answers who asks for it.
type Announcer struct {
	cfg     Config
	dep     Deps
	log     *slog.Logger
	publish publisher
	again   chan struct{}

	lost conflicts // of the one goroutine that holds the name
	said budget
}

// New makes an announcer; it does no I/O.
func New(cfg Config, dep Deps) (*Announcer, error) {
	if dep.Log == nil || dep.Health == nil || dep.Metrics == nil {
		return nil, errors.New("make mDNS announcer: a dependency is missing")
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("make mDNS announcer: %w", err)
	}
	return &Announcer{
		cfg: cfg, dep: dep, log: dep.Log.With("component", front), publish: publish,
		again: make(chan struct{}, 1), said: budget{most: saidASecond},
	}, nil
}

// Again has the box look for its name and announce itself once more, as after
// its interface came back. It does not wait.
func (a *Announcer) Again() {
	select {
	case a.again <- struct{}{}:
	default:
	}
}

// heard is one packet.
type heard struct {
	message
	from netip.AddrPort
}

// Serve keeps the box announced until ctx ends; then it takes back what it said
// and returns nil. conn is made by Listen; the caller closes it.
func (a *Announcer) Serve(ctx context.Context, conn net.PacketConn) error {
	in := make(chan heard, 64)
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	go func() {
		defer close(ended)
		a.read(ctx, conn, in)
	}()
	a.run(ctx, &speaker{conn, a.log}, in)
	<-ended
	return nil
}

// read takes packets off the socket, as many as a second has room for; the rest
// stays in the kernel's buffer, which is small.
func (a *Announcer) read(ctx context.Context, conn net.PacketConn, in chan<- heard) {
	room := budget{most: heardASecond}
	buf := make([]byte, maxPacket+1)
	for ctx.Err() == nil {
		if wait := room.take(time.Now()); wait > 0 {
			a.drop("flood")
			rest(ctx, wait)
			continue
		}
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			if ctx.Err() == nil {
				a.log.Debug("read", "err", err)
				rest(ctx, readRest)
			}
			continue
		}
		if h, ok := a.take(buf[:n], from); ok {
			select {
			case in <- h:
			default:
				a.drop("queue")
			}
		}
	}
}

// take reads one packet. Whatever it holds, the announcer lives on.
func (a *Announcer) take(b []byte, from net.Addr) (h heard, ok bool) {
	defer func() {
		if v := recover(); v != nil {
			a.dep.Metrics.Panics.WithLabelValues(front).Inc()
			a.log.Error("panic while reading a packet", "err", v, "stack", string(debug.Stack()))
			ok = false
		}
	}()
	at, known := from.(*net.UDPAddr)
	if !known {
		return h, false
	}
	h.from = netip.AddrPortFrom(at.AddrPort().Addr().Unmap(), at.AddrPort().Port())
	if !a.cfg.Self.Masked().Contains(h.from.Addr()) {
		a.drop("not on the LAN")
		return h, false
	}
	if len(b) > maxPacket {
		a.drop("too long")
		return h, false
	}
	var err error
	if h.message, err = parse(b); err != nil {
		a.drop("malformed")
		return h, false
	}
	return h, true
}

func (a *Announcer) drop(reason string) {
	a.dep.Metrics.Dropped.WithLabelValues(front, reason).Inc()
}

// rest waits, and reports whether ctx is still there.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
	return ctx.Err() == nil
}

// run takes a name, publishes it and holds it, for as long as ctx lives.
func (a *Announcer) run(ctx context.Context, out *speaker, in <-chan heard) {
	defer a.dep.Health.Clear(codeTaken)
	rest(ctx, rand.N(probeEvery)) // boxes that start together do not probe together
	for n := 1; ctx.Err() == nil; {
		z, err := newZone(&a.cfg, a.cfg.named(n))
		if err != nil {
			a.log.Error("the box is not announced", "err", err)
			<-ctx.Done()
			return
		}
		if !a.claim(ctx, out, in, z) {
			rest(ctx, a.lost.rest(time.Now()))
			n = n%maxNumbered + 1
			continue
		}
		if ctx.Err() != nil {
			return
		}
		withdraw, err := a.publish(&a.cfg, z.names)
		if err != nil {
			a.log.Warn("the box is not announced by mDNS for now; phones notice nothing", "err", err)
			rest(ctx, publishWait)
			continue
		}
		a.tell(n, z)
		if a.hold(ctx, out, in, z, n > 1) == again {
			n = 1
		}
		withdraw()
	}
}

// claim probes for the names of a zone. It is false where another has them.
func (a *Announcer) claim(ctx context.Context, out *speaker, in <-chan heard, z *zone) bool {
	probe, err := z.probe()
	if err != nil {
		a.log.Error("the box is not announced", "err", err)
		return true
	}
	for i, deferred := 0, 0; i < probes; i++ {
		out.send(probe, group())
		switch a.listen(ctx, in, z, probeEvery) {
		case taken:
			return false
		case outdone:
			// Section 8.2: the other goes on, and answers the next probe.
			if deferred++; deferred > maxDeferred {
				return false
			}
			if !rest(ctx, deferFor) {
				return true
			}
			i = -1
		}
	}
	return true
}

// What comes of listening.
type outcome int

const (
	quiet   outcome = iota // nobody minds
	taken                  // another has the name
	outdone                // another wants it as well, and goes first
	again                  // asked to start over
)

// listen waits for somebody to mind, while probing.
func (a *Announcer) listen(ctx context.Context, in <-chan heard, z *zone, d time.Duration) outcome {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return quiet
		case <-t.C:
			return quiet
		case h := <-in:
			if o := h.minds(z); o != quiet {
				return o
			}
		}
	}
}

// minds weighs what a packet says of the box's names.
func (m message) minds(z *zone) outcome {
	if m.response {
		for _, c := range m.answers {
			if against, _ := z.contradicted(c); against {
				return taken
			}
		}
		return quiet
	}
	for _, c := range m.wants {
		if _, later := z.contradicted(c); later {
			return outdone
		}
	}
	return quiet
}

// hold answers for the names until another claims them, or ctx ends. Where they
// are not the first choice it looks each hour whether that is to be had again.
func (a *Announcer) hold(ctx context.Context, out *speaker, in <-chan heard, z *zone, second bool) outcome {
	said := make(repeats)
	tick := time.NewTicker(firstAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return quiet
		case <-a.again:
			return again
		case <-tick.C:
			if second && a.firstFree(ctx, out, in) {
				return again
			}
		case h := <-in:
			if !h.response {
				a.answer(out, z, h, said)
				continue
			}
			if h.minds(z) == taken {
				a.log.Warn("another machine claims this box's name; it is looked for again", "remote", h.from, "reason", z.names.host)
				rest(ctx, a.lost.rest(time.Now()))
				return taken
			}
		}
	}
}

// firstFree reports that nobody minds the box having the first name. Whoever has
// it keeps it; meanwhile the box keeps what it has, and is silent for less than
// a second.
func (a *Announcer) firstFree(ctx context.Context, out *speaker, in <-chan heard) bool {
	z, err := newZone(&a.cfg, a.cfg.named(1))
	return err == nil && a.claim(ctx, out, in, z)
}

// answer says what the box knows of a packet's questions: to the asker alone
// where it wants that, or speaks plain DNS; else to all.
func (a *Announcer) answer(out *speaker, z *zone, h heard, said repeats) {
	answers, extra := gather(z, h.message)
	now := time.Now()
	to, r := group(), reply{answers: answers, extra: extra}
	switch legacy := h.from.Port() != port; {
	case legacy:
		to, r.id, r.echoed, r.forgetful = h.from, h.id, h.questions, true
	case !slowly(h.questions):
		to = h.from
	default:
		after := repeatAfter
		if len(h.wants) > 0 {
			after = defendAfter
		}
		r.answers = said.due(answers, now, after)
	}
	if len(r.answers) == 0 {
		return
	}
	if a.said.take(now) > 0 {
		a.drop("answers")
		return
	}
	b, err := r.bytes()
	if err != nil {
		a.log.Debug("answer", "remote", h.from, "err", err)
		return
	}
	out.send(b, to)
}

// slowly reports that one of the questions is to be answered to all.
func slowly(list []question) bool {
	for _, q := range list {
		if !q.unicast {
			return true
		}
	}
	return false
}

// speaker sends.
type speaker struct {
	conn net.PacketConn
	log  *slog.Logger
}

func (s *speaker) send(b []byte, to netip.AddrPort) {
	if _, err := s.conn.WriteTo(b, net.UDPAddrFromAddrPort(to)); err != nil {
		s.log.Debug("send", "remote", to, "err", err)
	}
}
