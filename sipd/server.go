package sipd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/outlet"
	"github.com/lineside/lineside/provision"
)

// prepare sets what the library keeps for the whole program: its bound on UDP
// messages, which would answer a big emergency INVITE with 503, and its own
// logger, which is not used for anything of ours.
var prepare = sync.OnceFunc(func() {
	sip.UDPMTUSize = 65000
	sip.SetDefaultLogger(silent())
})

// Server is the SIP service. It is safe for concurrent use.
type Server struct {
	cfg       Config
	dep       Deps
	helplines atomic.Pointer[numbers] // read by numbers
	helpMu    sync.Mutex              // one change of them at a time
	nonces    *nonces
	sources   *sources
	doorstep  *doorstep
	uplinks   *uplinks
	bindings  *bindings
	sbcs      *gateways
	secured   *secured
	calls     *calls
	pending   pending
	asked     asked
	announced announced
	shown     shown

	questions *doorstep // of multicast questions
	told      *told

	ua     *sipgo.UserAgent
	server *sipgo.Server
	client *sipgo.Client

	work   sync.WaitGroup // everything started for a message
	mu     sync.Mutex
	ctx    context.Context // of Serve, for what handlers start
	uplink netip.AddrPort  // zero: the first of locals
	locals []netip.AddrPort

	sockets map[netip.AddrPort]net.PacketConn // by locals
}

// New checks cfg and makes the service; it does no I/O.
func New(cfg Config, dep Deps) (*Server, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	if dep.Desk == nil || dep.Records == nil || dep.Log == nil || dep.Health == nil || dep.Metrics == nil {
		return nil, errors.New("sip: a dependency is missing")
	}
	if dep.Now == nil {
		dep.Now = time.Now
	}
	dep.Log = dep.Log.With("component", "sip")
	prepare()
	s := &Server{cfg: cfg, dep: dep, nonces: newNonces(), told: newTold()}
	s.sources, s.doorstep = newSources(dep.Now(), s.forget), newDoorstep(dep.Now(), placeRate, placeBurst)
	s.questions = newDoorstep(dep.Now(), questionRate, questionBurst)
	s.uplinks = &uplinks{by: make(map[[2]string]*framer)}
	s.bindings = newBindings(s.sources)
	s.sbcs, s.secured = newGateways(cfg, dep, s.sources), newSecured()
	s.calls = newCalls(cfg)
	s.helplines.Store((*numbers)(&s.cfg.Emergency))
	return s, s.build()
}

// build makes the library's layers and registers the handlers.
func (s *Server) build() error {
	log := s.quieted()
	tcp := func() *sip.TransportTCP {
		return &sip.TransportTCP{ReadTimeout: s.cfg.Idle, WriteTimeout: writeTimeout, DialerCreate: s.dialer}
	}
	var err error
	s.ua, err = sipgo.NewUA(
		sipgo.WithUserAgent("Lineside"),
		sipgo.WithUserAgenTLSConfig(s.cfg.TLS),
		sipgo.WithUserAgentTransactionLayerOptions(
			sip.WithTransactionLayerLogger(log),
			sip.WithTransactionLayerUnhandledResponseHandler(s.lateAnswer),
		),
		sipgo.WithUserAgentTransportLayerOptions(
			sip.WithTransportLayerLogger(log),
			sip.WithTransportLayerReadFilter(s.strayFilter),
			sip.WithTransportLayerTransports(sip.TransportsConfig{TCP: tcp(), TLS: &sip.TransportTLS{TransportTCP: tcp()}}),
		),
	)
	if err == nil {
		s.server, err = sipgo.NewServer(s.ua, sipgo.WithServerLogger(log))
	}
	if err == nil {
		s.client, err = sipgo.NewClient(s.ua, sipgo.WithClientLogger(log))
	}
	if err != nil {
		return fmt.Errorf("make the SIP layers: %w", err)
	}
	for method, do := range map[sip.RequestMethod]func(*sip.Request, sip.ServerTransaction){
		sip.REGISTER: s.register, sip.INVITE: s.invite, sip.ACK: s.ack, sip.BYE: s.bye, sip.SUBSCRIBE: s.subscribe,
		sip.OPTIONS: s.options, sip.CANCEL: s.cancel,
		sip.INFO: s.within, sip.UPDATE: s.within, sip.MESSAGE: s.within, sip.NOTIFY: s.within, sip.REFER: s.unknown,
		sip.PRACK: s.within, sip.PUBLISH: s.unknown,
	} {
		s.server.OnRequest(method, s.guarded(do))
	}
	s.server.OnNoRoute(s.guarded(s.unknown))
	return nil
}

// guarded runs a handler so that nothing it meets stops the daemon, and so that
// Serve waits for it.
func (s *Server) guarded(do func(*sip.Request, sip.ServerTransaction)) sipgo.RequestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		s.work.Add(1)
		defer s.work.Done()
		defer func() {
			if r := recover(); r != nil {
				s.panicked(r, req.Source())
				s.respond(req, tx, sip.StatusInternalServerError, "Server Internal Error")
			}
		}()
		do(req, tx)
	}
}

func (s *Server) panicked(r any, remote string) {
	s.dep.Metrics.Panics.WithLabelValues(string(provision.SIP)).Inc()
	s.dep.Log.Error("panic while answering", "remote", remote, "err", r, "stack", string(debug.Stack()))
}

// background starts something that outlives its message.
func (s *Server) background(do func(ctx context.Context)) {
	ctx := s.context()
	s.work.Go(func() {
		defer func() {
			if r := recover(); r != nil {
				s.panicked(r, "")
			}
		}()
		do(ctx)
	})
}

func (s *Server) context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ctx
}

// Serve answers on the sockets until ctx ends, and closes them. Emergency calls
// that run then go on: their sound does not pass the box.
func (s *Server) Serve(ctx context.Context, l Listeners) error {
	if len(l.UDP) == 0 {
		return errors.New("serve SIP: no UDP socket")
	}
	told := ctx.Done()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	s.start(ctx, l)
	if err := s.recall(); err != nil {
		return err
	}
	s.sbcs.recall(s.sbcs.current()) // the first call may come before the first probe
	failed := make(chan error, 1)
	var open sync.WaitGroup
	run := func(name string, serve func() error) {
		open.Go(func() {
			err := serve()
			if ctx.Err() == nil {
				select {
				case failed <- fmt.Errorf("serve SIP on %s: %w", name, cmpErr(err)):
				default:
				}
			}
		})
	}
	for _, c := range l.packets() {
		outlet.Deepen(c)
		run("udp "+c.LocalAddr().String(), func() error { return s.server.ServeUDP(&guard{PacketConn: c, s: s}) })
	}
	room := newRoom(s)
	for _, t := range l.TCP {
		run("tcp "+t.Addr().String(), func() error { return s.server.ServeTCP(room.listener(t)) })
	}
	for _, t := range l.TLS {
		run("tls "+t.Addr().String(), func() error { return s.server.ServeTLS(room.listener(t)) })
	}
	run("connections to SBCs", func() error { return s.server.ServeTLS(s.secured) })
	open.Go(func() { s.keep(ctx, l.Group) })
	open.Go(func() { s.sbcs.probe(ctx, s) })
	open.Go(func() { s.told.repeat(ctx) })
	open.Go(func() { s.watchPnP(ctx, l.Watch) })
	var err error
	select {
	case <-told:
		s.hangUpAll()
	case err = <-failed:
	}
	cancel()
	l.close()
	_ = s.secured.Close()
	_ = s.ua.Close() // ends every transaction; what it says of sockets closed already is no news
	room.close()
	open.Wait()
	s.work.Wait()
	return err
}

// hangUpAll ends the calls that have the box at one end, while there still are
// sockets to say so; phones that do not answer are not waited for long.
func (s *Server) hangUpAll() {
	s.calls.stop()
	tick, end := time.NewTicker(endTick), time.After(endWait)
	defer tick.Stop()
	for {
		if _, others := s.calls.count(); others == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			return
		}
	}
}

// cmpErr names an end without an error.
func cmpErr(err error) error {
	if err == nil {
		return errors.New("the socket stopped reading")
	}
	return err
}

// start notes what is served. The sockets are made known to the library before
// anything is sent: its own readers may not have come to that yet, and it would
// open others.
func (s *Server) start(ctx context.Context, l Listeners) {
	pool := s.ua.TransportLayer().Pool("udp")
	for _, c := range l.packets() {
		at := c.LocalAddr().String()
		pool.Add(at, &sip.UDPConnection{PacketConn: c, PacketAddr: at, Listener: true})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx, s.sockets = ctx, make(map[netip.AddrPort]net.PacketConn)
	for _, c := range l.UDP {
		at := addrPortOf(c.LocalAddr())
		s.locals, s.sockets[at] = append(s.locals, at), c
	}
	if l.Uplink != nil {
		s.uplink = addrPortOf(l.Uplink.LocalAddr())
	}
}

// packets are all sockets messages come in by packets.
func (l Listeners) packets() []net.PacketConn {
	all := append([]net.PacketConn(nil), l.UDP...)
	for _, c := range []net.PacketConn{l.Group, l.Uplink} {
		if c != nil {
			all = append(all, c)
		}
	}
	return all
}

func (l Listeners) close() {
	for _, c := range l.packets() {
		_ = c.Close()
	}
	if l.Watch != nil {
		_ = l.Watch.Close()
	}
	for _, t := range append(append([]net.Listener(nil), l.TCP...), l.TLS...) {
		_ = t.Close()
	}
}

// Periods of housekeeping.
const (
	keepEvery    = 5 * time.Second
	writeTimeout = 10 * time.Second
	endWait      = 2 * time.Second // for the answers to the last BYEs
	endTick      = 20 * time.Millisecond
)

// keep ends registrations and writes what changed, together, every few seconds
// and once more at the end.
func (s *Server) keep(ctx context.Context, group net.PacketConn) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, gone := range s.bindings.expire(s.dep.Now()) {
				s.dep.Desk.Unregistered(gone, "it did not come again")
			}
			s.calls.sweep(s.dep.Now())
			s.rejoin(group)
			s.save(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepEvery)
			defer cancel()
			s.save(last)
			return
		}
	}
}

// rejoin keeps phones heard that ask by multicast, when the interface was made
// anew.
func (s *Server) rejoin(group net.PacketConn) {
	g, ok := group.(*Group)
	if !ok {
		return
	}
	switch again, err := g.Renew(); {
	case err != nil:
		s.dep.Log.Warn("phones that ask by multicast are not heard", "iface", g.iface, "err", err)
	case again:
		s.dep.Log.Info("the multicast group was joined again", "iface", g.iface)
	}
}

// save writes the bindings of phones that are set up. They may be lost: a phone
// comes again within two minutes.
func (s *Server) save(ctx context.Context) {
	keep, gone := s.bindings.changed()
	worth := keep[:0]
	for _, b := range keep {
		if s.dep.Desk.Keeps(b.MAC) {
			worth = append(worth, b)
		}
	}
	if len(worth)+len(gone) == 0 {
		return
	}
	if err := s.dep.Records.SaveBindings(ctx, worth, gone); err != nil {
		s.bindings.again(worth, gone)
		s.dep.Log.Warn("registrations are not on disk", "err", err)
	}
}

// recall reads what was registered before the last stop.
func (s *Server) recall() error {
	list, err := s.dep.Records.Bindings()
	if err != nil {
		return err
	}
	now := s.dep.Now()
	for _, b := range list {
		if b.Live(now) {
			_, _ = s.bindings.put(now, b, "", "") // beyond the bounds it was not kept
		}
	}
	return nil
}

// condition raises a health condition of this part.
func (s *Server) condition(c health.Condition) { s.dep.Health.Raise(s.dep.Now(), c) }
