package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// connectionsEach is how many connections one address may have: many branches
// may come from behind one address of a carrier.
const connectionsEach = 256

// connectionsFor is a share of the limit on open files. The broker leaves a
// quarter of it (broker.Embedded.MaxConnections), which the stream's own files
// come out of as well.
func connectionsFor(share int) int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur > 1<<20 {
		l.Cur = 1 << 20
	}
	return max(int(l.Cur)/share, 32)
}

// crowd is a listener with so many connections in all, and of one address. It
// stands before TLS, so that whoever is too many costs no handshake.
type crowd struct {
	net.Listener
	most int
	// free are addresses many come from: the operator's own proxies.
	free []netip.Prefix
	log  *slog.Logger

	mu    sync.Mutex // guards the rest
	total int
	by    map[netip.Addr]int
	told  time.Time
	lost  int
}

func newCrowd(l net.Listener, most int, free []netip.Prefix, log *slog.Logger) *crowd {
	return &crowd{Listener: l, most: most, free: free, log: log, by: map[netip.Addr]int{}}
}

// Accept gives the next connection that is not too many.
func (c *crowd) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		a := addressOf(conn)
		if c.enter(a, time.Now()) {
			return &guest{Conn: conn, leave: sync.OnceFunc(func() { c.leave(a) })}, nil
		}
		_ = conn.Close() // nobody was let in
	}
}

// addressOf is what one customer has: an address, or a /64 of IPv6.
func addressOf(conn net.Conn) netip.Addr {
	t, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	a := t.AddrPort().Addr().Unmap().WithZone("")
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.Addr()
	}
	return a
}

func (c *crowd) enter(a netip.Addr, now time.Time) bool {
	each := connectionsEach
	for _, p := range c.free {
		if p.Contains(a) {
			each = c.most
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total < c.most && c.by[a] < each {
		c.total++
		c.by[a]++
		return true
	}
	if c.lost++; now.Sub(c.told) > time.Minute {
		c.log.Warn("connections are closed unheard: there are too many, or too many from one address", "remote", a, "listener", c.Addr().String(), "open", c.total, "closed", c.lost)
		c.told, c.lost = now, 0
	}
	return false
}

func (c *crowd) leave(a netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	if c.by[a]--; c.by[a] <= 0 {
		delete(c.by, a)
	}
}

// guest is a connection that is counted.
type guest struct {
	net.Conn
	leave func()
}

// Close counts it out.
func (g *guest) Close() error {
	g.leave()
	return g.Conn.Close()
}

// bodyTimeout is how long a caller may take to send what it has to say; 8 MiB
// of an import fit into it on a slow line. Answers have no such bound, since
// streams have no end.
const bodyTimeout = time.Minute

// hurried bounds the time a request's body takes to come.
func hurried(h http.Handler, within time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			c := http.NewResponseController(w)
			_ = c.SetReadDeadline(time.Now().Add(within)) // every connection of ours has deadlines
			r.Body = &hurriedBody{r.Body, c}
		}
		h.ServeHTTP(w, r)
	})
}

// hurriedBody lifts the deadline once all has come: the server goes on reading,
// to see the caller leave.
type hurriedBody struct {
	io.ReadCloser
	c *http.ResponseController
}

func (b *hurriedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.c.SetReadDeadline(time.Time{})
	}
	return n, err
}
