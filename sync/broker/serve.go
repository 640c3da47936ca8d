package broker

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/lineside/lineside/sync/wire"
)

const (
	// maxCallouts is how many connections may wait to be asked about.
	maxCallouts = 4096
	// crowdedAt is how many boxes let in may wait for each worker before others
	// are let in: what they wait for is then a part of a second away.
	crowdedAt = 2
)

// session is what Serve has open.
type session struct {
	b                *Broker
	p                Platform
	auth, edge, syst *nats.Conn
	system           *system
	callouts         pool[*nats.Msg]
	asks             *asks
	subs             []*nats.Subscription
	unwatch          func()
}

// Serve answers boxes until ctx ends. Ears first, then doors: whoever connects
// finds somebody to be asked about. At the end nothing new is taken, and what
// was begun is answered.
func (b *Broker) Serve(ctx context.Context, p Platform) error {
	s := &session{b: b, p: p, unwatch: func() {}}
	defer s.close()
	if err := s.connect(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	var all sync.WaitGroup
	begun := context.WithoutCancel(ctx)
	all.Go(func() { s.callouts.run(begun, b.cfg.Workers) })
	all.Go(func() { s.asks.pool.run(begun, b.cfg.Workers) })
	looking, stop := context.WithCancel(ctx)
	all.Go(func() { s.system.run(looking, p) })
	all.Go(func() { b.watchUnproven(looking) })
	all.Go(func() { b.calm(looking, debug.FreeOSMemory) })
	err := s.open(ctx)
	if err == nil {
		b.log.Info("boxes can connect over NATS")
		b.fronts.serve(ctx, onLoopback(b.natsAddr()), onLoopback(b.wssAddr()))
	}
	stop()
	s.quiet()
	close(s.callouts.waiting)
	close(s.asks.pool.waiting)
	all.Wait()
	return err
}

// Ready is closed as soon as boxes can connect.
func (b *Broker) Ready() <-chan struct{} { return b.door.open }

// connect dials as each of the accounts' users and makes what will answer.
func (s *session) connect(ctx context.Context) error {
	for role, into := range map[string]**nats.Conn{userAuth: &s.auth, userEdge: &s.edge, userSystem: &s.syst} {
		var err error
		if *into, err = s.b.dial(ctx, role); err != nil {
			return err
		}
	}
	pair, err := s.b.keys.signer(issuer)
	if err != nil {
		return err
	}
	b := s.b
	lately := newRecent()
	s.system = &system{b: b, conn: s.syst, recent: lately, revoked: make(chan string, 4096), crowds: make(chan place, 4096)}
	c := &callout{b: b, p: s.p, issuer: pair, recent: lately, kick: s.system.kick, timeout: lateAfter, now: time.Now}
	s.callouts = pool[*nats.Msg]{waiting: make(chan *nats.Msg, maxCallouts), work: c.answer, log: b.log,
		dropped: func(*nats.Msg) { b.counts.late.Add(1) }, panics: func() { b.counts.panics.Add(1) }}
	s.asks = &asks{b: b, p: s.p, conn: s.edge, busy: map[string]int{}}
	s.asks.pool = &pool[request]{waiting: make(chan request, maxWaiting), work: s.asks.answer, dropped: s.asks.drop, log: b.log,
		panics: func() { b.counts.panics.Add(1) }}
	b.door.line.crowded = s.crowded // the door is still shut
	return nil
}

// crowded says that boxes let in wait, for their permissions or their answers.
func (s *session) crowded() bool {
	return len(s.callouts.waiting)+len(s.asks.pool.waiting) > crowdedAt*s.b.cfg.Workers
}

// open opens the ears, and then the doors.
func (s *session) open(ctx context.Context) error {
	for _, ear := range []struct {
		conn    *nats.Conn
		subject string
		heard   nats.MsgHandler
	}{
		{s.auth, "$SYS.REQ.USER.AUTH", s.callouts.put},
		{s.edge, wire.AskSubject("*", "*"), s.asks.heard},
	} {
		sub, err := ear.conn.QueueSubscribe(ear.subject, queue, ear.heard)
		if err == nil {
			s.subs = append(s.subs, sub)
			err = ear.conn.FlushTimeout(askServers)
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("listen to %s at NATS: %w", ear.subject, err)
		}
	}
	s.p.OnRevoke(s.system.cutOff)
	s.unwatch = s.p.Watch(func(site string) { _ = s.edge.Publish(wire.HintSubject(site), nil) }) // a lost hint is made up for by the next question
	s.system.reconcile(ctx, s.p)
	s.b.door.unlock()
	return nil
}

// quiet takes nothing new; what came is handed over before it returns.
func (s *session) quiet() {
	s.unwatch()
	for _, sub := range s.subs {
		closed := make(chan struct{})
		sub.SetClosedHandler(func(string) { close(closed) })
		if sub.Drain() == nil {
			<-closed
		}
	}
}

// close flushes the last answers and hangs up.
func (s *session) close() {
	for _, c := range []*nats.Conn{s.auth, s.edge, s.syst} {
		if c != nil {
			_ = c.FlushTimeout(lateAfter)
			c.Close()
		}
	}
}
