package site

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
)

// dialer makes the one connection of a dial, and keeps it: nats.go does not
// close one whose handshake fails, and words away why it could not be made.
type dialer struct {
	dial   func(address string) (net.Conn, error)
	secure bool // what it dials has TLS already

	mu     sync.Mutex // guards the rest
	conn   net.Conn
	err    error
	closed bool
}

// Dial is called by nats.go.
func (d *dialer) Dial(_, address string) (net.Conn, error) {
	conn, err := d.dial(address)
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

// connect connects and speaks TLS. Under a websocket nats.go does so itself: it
// has no reader where it is told not to.
func (n *NATS) connect(ctx context.Context, address string) (net.Conn, error) {
	raw, err := dialVia(ctx, n.Proxy, address)
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
