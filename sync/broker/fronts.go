package broker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// fronts are the load balancer's doors. nats-server can read PROXY headers
// itself, but then believes whoever sends one on its only door, and takes none
// on the websocket's; so they are read here, from the balancer alone, and each
// connection goes on over loopback. Where it came from is known by the port it
// goes on from.
type fronts struct {
	trusted []netip.Prefix
	door    *door
	counts  *counts
	log     *slog.Logger

	nats, wss net.Listener // nil for none

	mu   sync.Mutex // guards from
	from map[netip.AddrPort]netip.Addr
}

const (
	// headerWait is how long a balancer may take for its header.
	headerWait = 5 * time.Second
	// copyBytes is one direction's buffer: messages of boxes are small.
	copyBytes = 4 << 10
)

func newFronts(trusted []netip.Prefix, d *door, c *counts, log *slog.Logger) *fronts {
	return &fronts{trusted: trusted, door: d, counts: c, log: log, from: map[netip.AddrPort]netip.Addr{}}
}

// real is where a connection from loopback truly comes from; ok is false where
// it did not come through here.
func (f *fronts) real(peer netip.AddrPort) (a netip.Addr, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok = f.from[peer]
	return a, ok
}

func plainPort(t *net.TCPAddr) netip.AddrPort {
	p := t.AddrPort()
	return netip.AddrPortFrom(plainAddr(p.Addr()), p.Port())
}

// open listens where the settings say.
func (f *fronts) open(ctx context.Context, at Balancer) (err error) {
	if at.NATS != "" {
		f.nats, err = listen(ctx, at.NATS)
	}
	if at.WSS != "" && err == nil {
		f.wss, err = listen(ctx, at.WSS)
	}
	return err
}

func (f *fronts) close() {
	for _, l := range []net.Listener{f.nats, f.wss} {
		if l != nil {
			_ = l.Close()
		}
	}
}

// serve hands connections on until ctx ends, and waits for that where there is
// no balancer.
func (f *fronts) serve(ctx context.Context, natsAddr, wssAddr string) {
	var all sync.WaitGroup
	if f.nats != nil {
		all.Go(func() { f.accept(ctx, f.nats, natsAddr) })
	}
	if f.wss != nil {
		all.Go(func() { f.accept(ctx, f.wss, wssAddr) })
	}
	<-ctx.Done()
	f.close()
	all.Wait()
}

// accept hands on connections until the door closes.
func (f *fronts) accept(ctx context.Context, door net.Listener, to string) {
	var all sync.WaitGroup
	defer all.Wait()
	for wait := 5 * time.Millisecond; ; {
		c, err := door.Accept()
		switch {
		case err == nil:
			wait = 5 * time.Millisecond
			all.Go(func() { f.handOn(ctx, c, to) })
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		default: // out of files: others end
			wait = min(2*wait, time.Second)
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
	}
}

// handOn reads one connection's header and carries the rest both ways.
func (f *fronts) handOn(ctx context.Context, c net.Conn, to string) {
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	peer := addrOf(c.RemoteAddr())
	if !slices.ContainsFunc(f.trusted, func(p netip.Prefix) bool { return p.Contains(peer) }) {
		f.counts.strangers.Add(1)
		f.log.Debug("a stranger is at the load balancer's door", "remote", peer)
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(headerWait))
	src, err := readProxy(c)
	if err != nil {
		f.log.Debug("the load balancer sends no PROXY v2 header", "remote", peer, "err", err)
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	if src.IsValid() && !f.door.mayEnter(src, time.Now()) {
		f.counts.strangers.Add(1)
		return
	}
	if src.IsValid() { // LOCAL, a balancer's own look whether we live, ends here
		f.carry(ctx, c, src, to)
	}
}

// carry connects to the server's own door from a port of our choice, so that
// the address is known before the server can ask.
func (f *fronts) carry(ctx context.Context, c net.Conn, src netip.Addr, to string) {
	d := net.Dialer{Timeout: headerWait}
	inner, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		f.log.Warn("the embedded NATS does not take a connection", "err", err)
		return
	}
	defer func() { _ = inner.Close() }()
	port := plainPort(inner.LocalAddr().(*net.TCPAddr))
	f.mu.Lock()
	f.from[port] = src
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.from, port)
		f.mu.Unlock()
	}()
	both := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{c, inner}, {inner, c}} {
		go func() {
			pipe(way[1], way[0])
			both <- struct{}{}
		}()
	}
	<-both // one side is gone: so is the other
	_, _ = c.Close(), inner.Close()
	<-both
}

// pipe copies with a buffer of ours: io.Copy's is eight times as large, and
// there are ten thousand of these.
func pipe(to io.Writer, from io.Reader) {
	_, _ = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, copyBytes))
}
