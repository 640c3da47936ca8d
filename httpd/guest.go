package httpd

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"
)

// guest is a connection that is counted until it is closed. It waits for its
// caller while there is no request, while one is not there in full, and while an
// answer is not taken.
type guest struct {
	net.Conn
	room *room
	addr netip.Addr // it is counted under
	// asked says that its caller was asked for a certificate.
	asked atomic.Bool

	// The room's mu guards what follows.
	inside bool
	spot   *list.Element // among those that wait; nil while it does not
	since  time.Time     // it waits
	writes bool          // it waits for its answer to be taken
}

// Close closes the connection and makes room for another.
func (g *guest) Close() error {
	g.room.mu.Lock()
	g.room.removeLocked(g)
	g.room.mu.Unlock()
	return g.Conn.Close()
}

// Write writes, and waits meanwhile unless it did before.
func (g *guest) Write(b []byte) (int, error) {
	if g.wait(true) {
		defer g.goOn()
	}
	return g.Conn.Write(b)
}

// wait notes that the connection waits from now on; false if it did already.
func (g *guest) wait(writes bool) bool {
	g.room.mu.Lock()
	defer g.room.mu.Unlock()
	if !g.inside || g.spot != nil {
		return false
	}
	g.writes = writes
	g.waitLocked(g.room.by[g.addr], time.Now())
	return true
}

func (g *guest) waitLocked(p *party, now time.Time) {
	g.since, g.spot = now, p.waiting.PushBack(g)
}

// goOn notes that the connection is being answered.
func (g *guest) goOn() {
	g.room.mu.Lock()
	defer g.room.mu.Unlock()
	if g.inside {
		g.goOnLocked(g.room.by[g.addr])
	}
}

func (g *guest) goOnLocked(p *party) {
	if g.spot != nil {
		p.waiting.Remove(g.spot)
	}
	g.spot, g.writes = nil, false
}

// guestOf is the connection below one net/http speaks of, nil if it is no guest.
func guestOf(c net.Conn) *guest {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	g, _ := c.(*guest)
	return g
}

// guestKey is the key of a request's connection in its context.
type guestKey struct{}

func withGuest(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, guestKey{}, guestOf(c))
}

// maxDrain is how much of a body we will not take is read, so that the sender
// hears why before the connection closes.
const maxDrain = 64 << 10

// unburdened has a request's body read away to a bound before next sees the
// request, but for a file somebody puts here: no other method served has a use for
// one. Until then the connection waits for its caller, and the request has no place
// at the desk.
func unburdened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody || isUpload(r.Method) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		// A sender that waits for 100 Continue has sent none.
		if r.Header.Get("Expect") == "" {
			drain(w, r)
		}
		// A copy, for net/http looks at what it gave us once more.
		bare := *r
		bare.Body = http.NoBody
		next.ServeHTTP(w, &bare)
	})
}

func drain(w http.ResponseWriter, r *http.Request) {
	if g, _ := r.Context().Value(guestKey{}).(*guest); g != nil {
		g.wait(false)
		defer g.goOn()
	}
	if _, err := io.CopyN(io.Discard, r.Body, maxDrain); !errors.Is(err, io.EOF) {
		// Or net/http would wait for the rest before it answers.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	}
}
