package site

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/lineside/lineside/sync/wire"
)

// NATS is the transport over the platform's broker.
type NATS struct {
	// URL is one of wire.Offer: tls://host:port, TLS from the first byte, or
	// wss://host:port.
	URL  *url.URL
	Site string
	Key  NKey
	// TLS has the platform's CA pinned (wire.PinnedTLS); nothing is said without.
	TLS *tls.Config
	// Proxy is an HTTP proxy to go through, nil for none.
	Proxy *url.URL
}

const (
	// pingEvery is below what NAT boxes forget after; two without an answer
	// mean that the connection is lost.
	pingEvery = 27 * time.Second
	// hintsKept is how many hints wait; they all say the same.
	hintsKept = 16
	// writeBytes is what nats.go gathers before it writes.
	writeBytes = 4 << 10
)

// String names the transport for operators.
func (n *NATS) String() string { return n.URL.Redacted() }

// Dial connects and listens to hints. nats.go is not left to reconnect: it
// leaks a connection whose handshake fails, and the supervisor decides when.
func (n *NATS) Dial(ctx context.Context) (Conn, error) {
	public, err := n.Key.Public()
	if err != nil {
		return nil, err
	}
	if n.URL.Scheme != "tls" && n.URL.Scheme != "wss" || n.TLS == nil {
		return nil, fmt.Errorf("the platform offers %s, which this box does not speak: update the box", n.URL.Redacted())
	}
	c := &natsConn{site: n.Site, hints: make(chan struct{}, 1), ended: make(chan struct{})}
	d := &dialer{secure: n.URL.Scheme == "tls", dial: func(address string, heard func()) (net.Conn, error) { return n.connect(ctx, address, heard) }}
	stop := context.AfterFunc(ctx, d.close)
	conn, err := nats.Connect(n.URL.String(), append(n.options(ctx, public, c), nats.SetCustomDialer(d))...)
	if !stop() && err == nil {
		conn.Close()
		err = ctx.Err()
	}
	if err != nil {
		d.close()
		return nil, fmt.Errorf("connect to %s: %w", n, inWords(ctx, d.failed(err), d.took()))
	}
	c.conn = conn
	if err := c.listen(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (n *NATS) options(ctx context.Context, public string, c *natsConn) []nats.Option {
	opts := []nats.Option{
		nats.Name(n.Site), nats.Nkey(public, n.Key.pair.Sign), nats.CustomInboxPrefix(wire.InboxPrefix(n.Site)),
		nats.Secure(n.TLS), nats.NoReconnect(), nats.IgnoreDiscoveredServers(), nats.SkipHostLookup(), nats.NoEcho(),
		nats.Timeout(patience(ctx)), nats.WriteBufferSize(writeBytes), nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // what matters ends the connection
		nats.ClosedHandler(func(*nats.Conn) { c.gone() }),
	}
	if n.URL.Scheme == "tls" {
		opts = append(opts, nats.TLSHandshakeFirst())
	}
	return opts
}

// patience is how long what nats.go does without a context may take.
func patience(ctx context.Context) time.Duration {
	until, ok := ctx.Deadline()
	if !ok {
		return 10 * time.Second
	}
	return max(time.Until(until), time.Millisecond)
}

// unanswered is how long it takes at least until a broker gives up a platform
// that does not say who a connection is (8 s). It says then what it says when
// the platform has refused; but the platform says so within 3 s or not at all.
const unanswered = 6 * time.Second

// inWords gives a broker's refusal as the platform's own, and what means that
// nobody has answered as such.
func inWords(ctx context.Context, err error, took time.Duration) error {
	refused := errors.Is(err, nats.ErrAuthorization)
	switch {
	case refused && took < unanswered:
		return refusal{wire.Refused{Reason: wire.Revoked, Text: "the platform does not know this box, or no longer: join it again with a new token"}}
	case refused, errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrMaxConnectionsExceeded), saysBusy(err):
		return fmt.Errorf("%w: %w", errBusy, err)
	case errors.Is(err, nats.ErrTimeout), ctx.Err() != nil:
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return err
}

// saysBusy finds what nats.go has no error of its own for: the broker's timer
// for who must prove himself, and its ping, which it sends meanwhile. And the
// alert a platform ends a handshake with before it begins: its line is full.
func saysBusy(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "authentication timeout") || strings.Contains(text, "remote error: tls: internal error") || strings.Contains(text, "expected 'pong', got 'ping'")
}

// errBusy says that the platform has too much to do.
var errBusy = errors.New("the platform is busy")

// natsConn is one connection to the broker.
type natsConn struct {
	site  string
	conn  *nats.Conn
	ended chan struct{} // nats.go has ended

	mu    sync.Mutex // guards lost
	lost  bool
	hints chan struct{}
}

// listen hears hints.
func (c *natsConn) listen(ctx context.Context) error {
	sub, err := c.conn.Subscribe(wire.HintSubject(c.site), func(*nats.Msg) { c.hint() })
	if err == nil {
		err = errors.Join(sub.SetPendingLimits(hintsKept, hintsKept<<10), c.conn.FlushTimeout(patience(ctx)))
	}
	if err != nil {
		return fmt.Errorf("listen to the platform's hints: %w", err)
	}
	return nil
}

func (c *natsConn) hint() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost {
		return
	}
	select {
	case c.hints <- struct{}{}:
	default:
	}
}

// gone is called by nats.go at its end.
func (c *natsConn) gone() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.lost {
		c.lost = true
		close(c.hints)
		close(c.ended)
	}
}

// Ask sends one request.
func (c *natsConn) Ask(ctx context.Context, op string, request []byte) ([]byte, error) {
	m, err := c.conn.RequestWithContext(ctx, wire.AskSubject(c.site, op), request)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("%w: its broker is there, but nobody who answers", errBusy)
	case errors.Is(err, nats.ErrConnectionClosed):
		return nil, errLost
	case err != nil:
		return nil, fmt.Errorf("ask the platform: %w", err)
	}
	return m.Data, nil
}

// Hints has something in it when there may be news.
func (c *natsConn) Hints() <-chan struct{} { return c.hints }

// Close ends the connection and waits for nats.go's own part of it.
func (c *natsConn) Close() error {
	c.conn.Close()
	<-c.ended
	return nil
}
