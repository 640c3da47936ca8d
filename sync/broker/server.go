package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Broker is the fabric: the embedded server or the way to a cluster.
type Broker struct {
	cfg    Config
	keys   Keys
	log    *slog.Logger
	door   *door
	fronts *fronts
	counts counts

	server *server.Server // nil where NATS is a cluster of its own
	core   *nats.Conn
}

// New makes a broker; nothing is opened or dialled before Open.
func New(cfg Config, log *slog.Logger) (*Broker, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.Expiry = cmp.Or(cfg.Expiry, defaultExpiry)
	cfg.Workers = cmp.Or(cfg.Workers, defaultWorkers)
	if cfg.Keys == (Keys{}) {
		cfg.Keys = NewKeys()
	}
	b := &Broker{cfg: cfg, keys: cfg.Keys, log: log}
	b.door = newDoor(b.mostConnections())
	b.fronts = newFronts(cfg.Embedded.Balancer.Trusted, b.door, &b.counts, log)
	b.door.origin = b.cameFrom
	return b, nil
}

// Open starts the embedded server, whose doors stay shut until Serve has all
// ears open, or dials the cluster. Core is there from then on.
func (b *Broker) Open(ctx context.Context) error {
	if len(b.cfg.Servers) == 0 {
		if err := b.start(); err != nil {
			return err
		}
	}
	core, err := b.dialFirst(ctx)
	if err != nil {
		return errors.Join(err, b.Close())
	}
	b.core = core
	if err := b.fronts.open(ctx, b.cfg.Embedded.Balancer); err != nil {
		return errors.Join(err, b.Close())
	}
	return nil
}

// Core is the connection of the account that has JetStream.
func (b *Broker) Core() *nats.Conn { return b.core }

// Close ends the connections and the embedded server.
func (b *Broker) Close() error {
	b.fronts.close()
	if b.core != nil {
		b.core.Close()
	}
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
	return nil
}

// start runs the embedded server.
func (b *Broker) start() error {
	opts, err := b.options()
	if err != nil {
		return err
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("start the embedded NATS: %w", err)
	}
	words := &serverLog{log: b.log}
	s.SetLoggerV2(words, false, false, false)
	s.Start()
	err = words.fatal()
	if err == nil && !s.ReadyForConnections(time.Minute) {
		err = errors.New("it was not ready after a minute")
	}
	if err != nil {
		s.Shutdown()
		return fmt.Errorf("start the embedded NATS: %w: boxes reach the platform over HTTPS at most; is another program on its port, or the disk full?", err)
	}
	b.server = s
	return nil
}

// options are the embedded server's: the settings every server has, and what
// only a process of ours can give.
func (b *Broker) options() (*server.Options, error) {
	e := b.cfg.Embedded
	f := ServerFacts{Name: cmp.Or(e.Name, "central"), Dir: e.Dir,
		Cluster: e.Cluster.Name, ClusterListen: e.Cluster.Listen, Routes: e.Cluster.Routes}
	var err error
	if f.Listen, err = hostPort(inner(e.NATS, e.Balancer.NATS)); err != nil {
		return nil, err
	}
	if f.WSS, err = hostPort(inner(e.WSS, e.Balancer.WSS)); err != nil {
		return nil, err
	}
	f.MaxConnections = b.mostConnections()
	conf, err := ServerConf(b.keys, f)
	if err != nil {
		return nil, err
	}
	opts := &server.Options{NoSigs: true}
	if err := opts.ProcessConfigString(conf); err != nil {
		return nil, fmt.Errorf("settings of the embedded NATS: %w", err)
	}
	opts.DontListen = f.Listen == ""
	opts.AlwaysEnableNonce = true
	// Else whoever is asked about for two seconds is sent a PING before he is
	// let in, and nats.go gives up a connection that answers its own so (31,000
	// dials of 10,000 boxes that came at once).
	opts.DisableShortFirstPing = true
	if e.TLS != nil {
		opts.TLSConfig = b.door.guard(e.TLS)
		opts.TLSHandshakeFirst, opts.TLSTimeout = f.Listen != "", (doorWait + tlsWait).Seconds()
		opts.Websocket.TLSConfig, opts.Websocket.NoTLS = b.door.guard(e.TLS), false
	}
	if e.Cluster.Listen != "" {
		opts.Cluster.TLSConfig, opts.Cluster.TLSTimeout = e.Cluster.TLS, tlsSeconds
	}
	return opts, nil
}

// inner is where the server itself listens: on the machine alone, if only the
// load balancer's door leads to it.
func inner(direct, balanced string) string {
	if direct == "" && balanced != "" {
		return "127.0.0.1:0"
	}
	return direct
}

// mostConnections is how many the embedded server takes.
func (b *Broker) mostConnections() int {
	return cmp.Or(b.cfg.Embedded.MaxConnections, connectionsLeft())
}

// connectionsLeft is what the limit on open files leaves for boxes. Without
// files left JetStream could not read its own (measured: EMFILE broke loading
// of blocks); a connection from a load balancer takes three.
func connectionsLeft() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur > 1<<20 {
		return 1 << 18
	}
	return max(int(l.Cur)*3/4-256, 64)
}

// dial connects as one of the platform's own users.
func (b *Broker) dial(ctx context.Context, role string) (*nats.Conn, error) {
	pair, err := b.keys.pair(role)
	if err != nil {
		return nil, err
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("connect to NATS as %s: %w", role, err)
	}
	opts := []nats.Option{
		nats.Name("central " + role), nats.Nkey(public, pair.Sign), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second),
		nats.PingInterval(20 * time.Second), nats.MaxPingsOutstanding(2), nats.Timeout(authSeconds * time.Second),
		nats.IgnoreAuthErrorAbort(), nats.ErrorHandler(b.asyncError),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("the connection to NATS was lost; it is dialled again", "as", role, "err", err)
			}
		}),
	}
	servers := "nats://embedded"
	if b.server != nil {
		opts = append(opts, nats.InProcessServer(b.server))
	} else {
		servers = strings.Join(b.cfg.Servers, ",")
		if b.cfg.ServersTLS != nil {
			opts = append(opts, nats.Secure(b.cfg.ServersTLS), nats.TLSHandshakeFirst())
		}
	}
	conn, err := nats.Connect(servers, opts...)
	if err == nil && ctx.Err() != nil {
		conn.Close()
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("connect to NATS as %s: %w: boxes cannot be reached; does the cluster run, on settings made from this key file?", role, err)
	}
	return conn, nil
}

func (b *Broker) asyncError(_ *nats.Conn, sub *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrSlowConsumer) {
		b.counts.dropped.Add(1) // told by the counts: strangers can bring it about
		return
	}
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	b.log.Warn("NATS refuses something to the platform", "subject", subject, "err", err)
}

// counts are what the broker has done since its start.
type counts struct {
	admitted, refused, late, asked, foreign, dropped, kicked, panics, strangers atomic.Uint64
}

// Counts are what the broker has done since its start.
type Counts struct {
	// Admitted and Refused boxes, and connections asked about too late.
	Admitted, Refused, Late uint64
	// Asked are requests answered; Foreign those that wanted the answer sent to
	// somebody else, Dropped those that were more than there was time for.
	Asked, Foreign, Dropped uint64
	// Kicked are connections cut off, Panics faults of ours that cost one
	// request, Strangers connections closed at the door: from outside of the
	// load balancer, or more of one address than one may open.
	Kicked, Panics, Strangers uint64
	// Turned are connections turned away before they had proved who they are:
	// more of one address than one may open, or the platform had too much to do.
	Turned uint64
	// Connections there are now at the embedded server, the platform's own four
	// and those not let in yet among them.
	Connections int
}

// Counts are what the broker has done since its start.
func (b *Broker) Counts() Counts {
	c := &b.counts
	connections := 0
	if b.server != nil {
		connections = b.server.NumClients()
	}
	return Counts{Connections: connections, Turned: b.door.turned.Load(), Admitted: c.admitted.Load(), Refused: c.refused.Load(), Late: c.late.Load(), Asked: c.asked.Load(), Foreign: c.foreign.Load(),
		Dropped: c.dropped.Load(), Kicked: c.kicked.Load(), Panics: c.panics.Load(), Strangers: c.strangers.Load()}
}

// listen opens one of the balancer's doors.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the load balancer on %s: %w: its boxes cannot connect; give nats.proxy another address, or stop what listens there", addr, err)
	}
	return l, nil
}
