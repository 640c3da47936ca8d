package dhcpopt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// LeaseStore keeps leases across restarts.
type LeaseStore interface {
	// Leases gives every record, in any order.
	Leases() ([]phone.Lease, error)
	// SaveLeases returns once every record is on disk; each replaces the one
	// of the same address.
	SaveLeases(ctx context.Context, leases []phone.Lease) error
}

// Desk says who a client is and what to tell it. Its methods must not block.
type Desk interface {
	Welcome(provision.Caller) provision.Welcome
	Sighted(provision.Sighting)
}

// Deps is what the server works with. All are needed but Now, which is
// time.Now where nil.
type Deps struct {
	Leases  LeaseStore
	Desk    Desk
	Log     *slog.Logger
	Metrics *metrics.Set
	Health  *health.Board
	Now     func() time.Time
	// Reserved may be nil: then settings alone reserve addresses.
	Reserved Reserver
	// Witness is told by a relay what passes it; it may be nil.
	Witness *Witness
	// Away says that the interface has lost the address phones are led to; then
	// nobody is answered or carried, for it would be led nowhere. It may be nil,
	// and must not block.
	Away func() bool
}

// Server is the DHCP server of one LAN.
type Server struct {
	cfg  Config
	deps Deps
	log  *slog.Logger
	self netip.Addr

	// Set by Serve.
	out     *wire
	answers *tray // of the answering goroutine, one for all scopes
	acks    *tray // of the committer

	steady steady
	strain *strain // one for all scopes

	// Of the answering goroutine alone.
	rates     rates
	alarm     alarm
	newcomers crowdAlarm
	asked     ask
	draft     draft
	said      wording
	followed  *provision.Reserved // as the pools have it

	// scopes serve networks behind relays; each has remote set.
	scopes  []*Server
	remote  bool
	spurned spurned
	later   later // second offers

	queue *queue

	mu   sync.Mutex
	pool *pool
	owed map[netip.Addr]*phone.Lease // given back or declined, not yet stored
}

// New checks cfg and makes a server; it does no I/O.
func New(cfg Config, deps Deps) (*Server, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	if cfg.Mode == ModeRelay {
		return nil, errors.New("make DHCP server: the mode is a relay's")
	}
	if deps.Leases == nil && cfg.Mode == ModeServer || deps.Desk == nil || deps.Log == nil || deps.Metrics == nil || deps.Health == nil {
		return nil, errors.New("make DHCP server: a dependency is missing")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	s := newServer(cfg, deps)
	for _, sc := range cfg.Scopes {
		child, err := cfg.scope(sc).checked()
		if err != nil {
			return nil, err
		}
		remote := newServer(child, deps)
		remote.remote, remote.strain = true, s.strain
		s.scopes = append(s.scopes, remote)
	}
	return s, nil
}

func newServer(cfg Config, deps Deps) *Server {
	if len(cfg.Scopes) > 0 {
		cfg = cfg.ownReservations()
	}
	return &Server{
		cfg:    cfg,
		steady: newSteady(cfg),
		strain: &strain{code: codeStrain, port: serverPort, iface: cfg.Interface, board: deps.Health},
		deps:   deps,
		log:    deps.Log.With("component", "dhcp"),
		self:   cfg.Self.Addr(),
		queue:  newQueue(maxQueue),
		pool:   newPool(cfg),
		owed:   make(map[netip.Addr]*phone.Lease),
		later:  newLater(),
		said:   make(wording),
	}
}

// Serve loads the leases and answers what arrives on conn until ctx ends; then
// it returns nil. It is called once, and the caller closes conn. A conn made by
// Listen also reaches clients that have no address yet by frames of its own;
// with any other, those are answered by broadcast. What it raised it clears, for
// another server may follow on the same conn, whose read deadline is then to be
// taken back.
func (s *Server) Serve(ctx context.Context, conn net.PacketConn) error {
	all := append([]*Server{s}, s.scopes...)
	if s.cfg.Mode == ModeServer {
		leases, err := s.deps.Leases.Leases()
		if err != nil {
			return fmt.Errorf("load leases: %w", err)
		}
		s.follow() // first, so that leases of addresses outside the pool have a place
		for _, one := range all {
			one.load(leases)
		}
		s.forget(ctx, leases)
	}
	s.connect(conn)
	ctx, cancel := context.WithCancel(ctx)
	var senders sync.WaitGroup
	for _, one := range all {
		senders.Go(func() { one.commitAll(ctx) })
	}
	if s.cfg.Mode == ModeInform {
		senders.Go(func() { s.later.sendAll(ctx, s.send) })
	}
	in := newIntake(maxIntake, func(p datagram) { s.receive(p.data, p.from) }, s.drop)
	in.rest = s.answers.flush
	err := in.serve(ctx, conn, s.log)
	cancel()
	senders.Wait()
	for _, one := range all {
		one.calm()
	}
	return err
}

// connect makes the ways out to conn, for all scopes.
func (s *Server) connect(conn net.PacketConn) {
	s.out = newWire(conn, s.self, s.log)
	s.out.lan = s.cfg.network()
	s.answers, s.acks = newTray(s.out, s.lost), newTray(s.out, s.lost)
	for _, sc := range s.scopes {
		sc.out, sc.answers, sc.acks = s.out, s.answers, newTray(s.out, sc.lost)
	}
}

// load fills the pool and asks the desk which of its clients are set up.
func (s *Server) load(leases []phone.Lease) {
	now := s.deps.Now()
	s.pool.hold(leases, s.cfg.hostAddr, now)
	s.pool.load(leases, now, func(mac phone.MAC) bool {
		return s.deps.Desk.Welcome(provision.Caller{MAC: mac, Interface: s.cfg.Interface, Self: s.self}).Known
	})
}

// receive deals with one packet. Whatever it holds, the server lives on.
func (s *Server) receive(data []byte, from netip.AddrPort) {
	defer func() {
		if v := recover(); v != nil {
			s.panicked(v)
		}
	}()
	if s.deps.away() {
		s.drop(errAway.Error(), from)
		return
	}
	s.follow()
	s = s.inScope(data, from)
	a, err := s.parse(data, from)
	if err != nil {
		s.drop(err.Error(), from)
		return
	}
	now := s.deps.Now()
	s.strain.ease(now)
	within, heard := s.rates.spend(a.client.mac, a.kind, now)
	if !heard {
		s.drop("rate", from)
		return
	}
	a.noted = within
	s.handle(a, now)
}

// errAway is why nothing is answered while there is nowhere to lead phones to.
var errAway = errors.New("no-address")

func (d *Deps) away() bool { return d.Away != nil && d.Away() }

func (s *Server) panicked(v any) { panicked(s.deps.Metrics, s.log, v) }

// panicked counts a panic that was recovered, and says where it was.
func panicked(m *metrics.Set, log *slog.Logger, v any) {
	m.Panics.WithLabelValues(string(provision.DHCP)).Inc()
	log.Error("panic while answering", "err", v, "stack", string(debug.Stack()))
}

func (s *Server) drop(reason string, from netip.AddrPort) {
	s.deps.Metrics.Dropped.WithLabelValues(string(provision.DHCP), reason).Inc()
	s.log.Debug("packet dropped", "remote", from, "reason", reason)
	if reason == dropOverload {
		s.strain.note(s.deps.Now(), reason)
	}
}
