package httpd

import (
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/provision"
)

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// waitFor polls: what it waits for happens on the other side of a socket.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 10_000 {
		if ok() {
			return
		}
		<-tick.C
	}
	t.Fatalf("waited in vain for %s", what)
}

func TestOverload(t *testing.T) {
	desk := &fakeDesk{hold: make(chan struct{})}
	addr, _ := open(t, Config{MaxRequests: 2, PerAddress: 2}, desk, nil)
	answers := make(chan int, 2)
	for range 2 {
		go func() {
			resp, _ := say(t, addr, get("/open.cfg"))
			answers <- resp.StatusCode
		}()
	}
	waitFor(t, "two requests at the desk", func() bool { return desk.count() == 2 })
	resp, _ := say(t, addr, get("/open.cfg"))
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("third request: %d with Retry-After %q, want 503 with one", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if n := desk.count(); n != 2 {
		t.Errorf("the desk was asked %d times, want 2: no work for a request turned away", n)
	}
	close(desk.hold)
	for range 2 {
		if status := <-answers; status != 200 {
			t.Errorf("running request: %d, want it to finish with 200", status)
		}
	}
	if resp, _ := say(t, addr, get("/open.cfg")); resp.StatusCode != 200 {
		t.Errorf("after the rush: %d, want 200", resp.StatusCode)
	}
}

func TestGate(t *testing.T) {
	a, b := netip.MustParseAddr("10.20.0.1"), netip.MustParseAddr("10.20.0.2")
	g := newGate(3, 2)
	for _, tt := range []struct {
		addr netip.Addr
		want bool
	}{{a, true}, {netip.MustParseAddr("::ffff:10.20.0.1"), true}, {a, false}, {b, true}, {b, false}} {
		if got := g.enter(tt.addr); got != tt.want {
			t.Errorf("enter(%s) = %v, want %v", tt.addr, got, tt.want)
		}
	}
	g.leave(a)
	g.leave(a)
	g.leave(b)
	if len(g.by) != 0 || g.inside != 0 {
		t.Errorf("after all left: %d inside, %v; want none remembered", g.inside, g.by)
	}
	g.enter(netip.MustParseAddr("2001:db8::1"))
	g.enter(netip.MustParseAddr("2001:db8::2"))
	if g.enter(netip.MustParseAddr("2001:db8::3")) {
		t.Error("a third address of one /64 came in, want it counted with the others")
	}
}

// A caller that never ends its header costs a connection for HeaderTimeout and
// nobody else anything.
func TestSlowHeader(t *testing.T) {
	addr, _ := open(t, Config{HeaderTimeout: 200 * time.Millisecond, MaxRequests: 1}, &fakeDesk{}, nil)
	var slow []net.Conn
	for range 50 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "GET /open.cfg HTTP/1.1\r\nHost: b"); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
	}
	if resp, _ := say(t, addr, get("/open.cfg")); resp.StatusCode != 200 {
		t.Errorf("others: %d, want 200", resp.StatusCode)
	}
	for _, c := range slow {
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadAll(c); err != nil {
			t.Fatalf("slow caller: %v, want its connection closed", err)
		}
	}
}

// A caller that reads nothing is cut off although its answer is not through.
func TestSlowReader(t *testing.T) {
	desk := &fakeDesk{body: make([]byte, slowest-1)}
	addr, s := open(t, Config{WriteTimeout: 100 * time.Millisecond}, desk, nil)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	// Many requests at once, none of the answers read.
	go func() { _, _ = io.WriteString(c, strings.Repeat(get("/open.cfg"), 2000)) }()
	waitFor(t, "the first request", func() bool { return desk.count() > 0 })
	waitFor(t, "the connection to be given up", func() bool { return s.rooms[provision.HTTP].count() == 0 })
}

func TestLongHeaderIsRefused(t *testing.T) {
	addr, _ := open(t, Config{}, &fakeDesk{}, nil)
	resp, _ := say(t, addr, get("/open.cfg", "X: "+strings.Repeat("a", 7<<10)))
	if resp.StatusCode != 200 {
		t.Errorf("7 KiB: %d, want 200", resp.StatusCode)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, get("/open.cfg", "X: "+strings.Repeat("a", 9<<10)))
	status := make([]byte, len("HTTP/1.1 431"))
	if _, err := io.ReadFull(c, status); err != nil || string(status) != "HTTP/1.1 431" {
		t.Errorf("9 KiB: %q, %v; want 431", status, err)
	}
}

func TestStopLetsRequestsFinish(t *testing.T) {
	for _, tt := range []struct {
		name    string
		within  time.Duration
		release bool
	}{{"in time", time.Minute, true}, {"too late", 10 * time.Millisecond, false}} {
		t.Run(tt.name, func(t *testing.T) {
			desk := &fakeDesk{hold: make(chan struct{})}
			s, err := New(Config{StopWithin: tt.within}, desk, quiet(), metrics.New())
			if err != nil {
				t.Fatal(err)
			}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- s.Serve(ctx, ln) }()
			c, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, _ = io.WriteString(c, get("/open.cfg"))
			waitFor(t, "the request", func() bool { return desk.count() == 1 })
			cancel()
			if tt.release {
				close(desk.hold)
			}
			if err := <-done; err != nil {
				t.Errorf("Serve = %v, want nil", err)
			}
			b, _ := io.ReadAll(c)
			if got := strings.HasSuffix(string(b), testBody); got != tt.release {
				t.Errorf("answer %q; want it whole: %v", b, tt.release)
			}
		})
	}
}
