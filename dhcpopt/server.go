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
}

// Server is the DHCP server of one LAN.
type Server struct {
	cfg  Config
	deps Deps
	log  *slog.Logger
	self netip.Addr
	out  *wire // set by Serve

	// Of the receiving goroutine alone.
	rates rates
	alarm alarm

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
	if deps.Leases == nil || deps.Desk == nil || deps.Log == nil || deps.Metrics == nil || deps.Health == nil {
		return nil, errors.New("make DHCP server: a dependency is missing")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Server{
		cfg:   cfg,
		deps:  deps,
		log:   deps.Log.With("component", "dhcp"),
		self:  cfg.Self.Addr(),
		queue: newQueue(maxQueue),
		pool:  newPool(cfg),
		owed:  make(map[netip.Addr]*phone.Lease),
	}, nil
}

// Serve loads the leases and answers what arrives on conn until ctx ends; then
// it returns nil. It is called once, and the caller closes conn. A conn made by
// Listen also reaches clients that have no address yet by frames of its own;
// with any other, those are answered by broadcast.
func (s *Server) Serve(ctx context.Context, conn net.PacketConn) error {
	leases, err := s.deps.Leases.Leases()
	if err != nil {
		return fmt.Errorf("load leases: %w", err)
	}
	s.load(leases)
	s.out = newWire(conn, s.self, s.log)

	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() {
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // wakes the receiver
	})
	defer stop()
	var committer sync.WaitGroup
	committer.Go(func() { s.commitAll(ctx) })
	err = s.receiveAll(ctx, conn)
	cancel()
	committer.Wait()
	return err
}

// load fills the pool and asks the desk which of its clients are set up.
func (s *Server) load(leases []phone.Lease) {
	s.pool.load(leases, s.deps.Now(), func(mac phone.MAC) bool {
		return s.deps.Desk.Welcome(provision.Caller{MAC: mac, Interface: s.cfg.Interface, Self: s.self}).Known
	})
}

// receiveAll reads packets until ctx ends or conn is closed. Other errors (the
// interface went down) pass, so it tries again, slower each time.
func (s *Server) receiveAll(ctx context.Context, conn net.PacketConn) error {
	buf := make([]byte, maxPacket+1)
	const first, last = 10 * time.Millisecond, 2 * time.Second
	for delay := first; ; {
		n, from, err := conn.ReadFrom(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("receive DHCP: %w", err)
		case err != nil:
			s.deps.Metrics.Dropped.WithLabelValues(string(provision.DHCP), "receive").Inc()
			s.log.Debug("receive", "err", err, "dur", delay)
			pause(ctx, delay)
			delay = min(2*delay, last)
		default:
			delay = first
			s.receive(buf[:n], addrPort(from))
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	p := u.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// receive deals with one packet. Whatever it holds, the server lives on.
func (s *Server) receive(data []byte, from netip.AddrPort) {
	defer func() {
		if v := recover(); v != nil {
			s.panicked(v)
		}
	}()
	a, err := s.parse(data, from)
	if err != nil {
		s.drop(err.Error(), from)
		return
	}
	now := s.deps.Now()
	within, heard := s.rates.spend(a.client.mac, a.kind, now)
	if !heard {
		s.drop("rate", from)
		return
	}
	a.noted = within
	s.handle(a, now)
}

func (s *Server) panicked(v any) {
	s.deps.Metrics.Panics.WithLabelValues(string(provision.DHCP)).Inc()
	s.log.Error("panic while answering", "err", v, "stack", string(debug.Stack()))
}

func (s *Server) drop(reason string, from netip.AddrPort) {
	s.deps.Metrics.Dropped.WithLabelValues(string(provision.DHCP), reason).Inc()
	s.log.Debug("packet dropped", "remote", from, "reason", reason)
}
