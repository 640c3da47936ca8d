package site

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// dialer makes the one connection of a dial, and keeps it: nats.go does not
// close one whose handshake fails, and words away why it could not be made.
type dialer struct {
	dial   func(address string, heard func()) (net.Conn, error)
	secure bool // what it dials has TLS already

	mu     sync.Mutex // guards the rest
	spoken time.Time  // when the platform said its first word, zero until then
	conn   net.Conn
	err    error
	closed bool
}

// Dial is called by nats.go.
func (d *dialer) Dial(_, address string) (net.Conn, error) {
	conn, err := d.dial(address, d.heard)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed && err == nil {
		err = errors.Join(context.Canceled, conn.Close())
	}
	if err != nil {
		d.err = err
		return nil, err
	}
	d.conn = conn
	return conn, nil
}

// SkipTLSHandshake is asked by nats.go.
func (d *dialer) SkipTLSHandshake() bool { return d.secure }

// heard notes the platform's first word.
func (d *dialer) heard() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.spoken.IsZero() {
		d.spoken = time.Now()
	}
}

// took is how long ago the platform said its first word: before that the box
// stood in line.
func (d *dialer) took() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.spoken.IsZero() {
		return 0
	}
	return time.Since(d.spoken)
}

// failed is why the dial failed.
func (d *dialer) failed(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	return err
}

func (d *dialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.conn != nil {
		_ = d.conn.Close()
	}
}

// reachWait is how long it may take until there is a connection at all; the rest
// of a dial may be a stand in the platform's line.
const reachWait = 10 * time.Second

// reach connects, and has heard called with the first that is said.
func (n *NATS) reach(ctx context.Context, address string, heard func()) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, reachWait)
	defer cancel()
	raw, err := dialVia(ctx, n.Proxy, address)
	if err != nil {
		return nil, err
	}
	return &listened{raw, sync.OnceFunc(heard)}, nil
}

// listened tells when something is heard.
type listened struct {
	net.Conn
	heard func()
}

func (c *listened) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard()
	}
	return n, err
}

// connect connects and speaks TLS. Under a websocket nats.go does so itself: it
// has no reader where it is told not to.
func (n *NATS) connect(ctx context.Context, address string, heard func()) (net.Conn, error) {
	raw, err := n.reach(ctx, address, heard)
	if err != nil || n.URL.Scheme != "tls" {
		return raw, err
	}
	conf := n.TLS.Clone()
	if conf.ServerName == "" {
		conf.ServerName = n.URL.Hostname()
	}
	conn := tls.Client(raw, conf)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("TLS: %w", err), raw.Close())
	}
	return shortRecords{conn}, nil
}

// recordBytes is the longest TLS record a box sends. Who reads TLS keeps a
// buffer as long as the longest record it has seen for as long as the
// connection lasts, and the platform has one for each of ten thousand boxes.
const recordBytes = 1 << 10

// shortRecords writes what it is given in records that cost the reader little.
type shortRecords struct{ *tls.Conn }

func (c shortRecords) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		var one int
		one, err = c.Conn.Write(b[:min(len(b), recordBytes)])
		n, b = n+one, b[one:]
	}
	return n, err
}
