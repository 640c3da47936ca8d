package httpd

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A laptop with many addresses of its own fills every connection and lets none
// get on, and comes back as soon as one is closed. All the while honest phones
// are served.
func TestCrowd(t *testing.T) {
	for _, tt := range []struct {
		name, says string
		hears      bool // one answer, then nothing more
		tries      int  // an honest phone's
	}{
		{"says nothing", "", false, 1},
		{"half a header", "GET /open.cfg HTTP/1.1\r\nHost: b", false, 1},
		{"asked once", get("/open.cfg"), true, 1},
		{"half a second header", get("/open.cfg") + "GET /op", true, 1},
		{"half a body", "PUT /x.log HTTP/1.1\r\nHost: box\r\nContent-Length: 9\r\n\r\nabc", false, 1},
		{"half a body to a file", "GET /open.cfg HTTP/1.1\r\nHost: box\r\nContent-Length: 9\r\n\r\nabc", false, 1},
		{"half a chunk", "PUT /x.log HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", false, 1},
		// Writing has to be found stuck first.
		{"reads nothing", strings.Repeat(get("/open.cfg"), 1000), false, 40},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{MaxConns: 64, ConnsPerAddress: 8, HeaderTimeout: time.Minute, BodyTimeout: time.Minute, IdleTimeout: time.Minute, WriteTimeout: time.Minute, StopWithin: time.Millisecond}
			addr, s := open(t, cfg, &fakeDesk{body: make([]byte, slowest-1)}, nil)
			c := &crowd{t: t, addr: addr, says: tt.says, hears: tt.hears, conns: make([]net.Conn, 160)}
			defer c.leave()
			for range c.conns {
				c.come()
			}
			waitFor(t, "a full room", func() bool { return s.rooms["http"].count() == cfg.MaxConns })
			ended := c.flood(400)
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for flooded, n := true, 0; flooded || n < 20; n++ {
				select {
				case <-ended:
					flooded = false
				default:
				}
				if err := insist(addr, nil, tt.tries); err != nil {
					t.Errorf("fetch %d: %v", n, err)
					break
				}
				<-tick.C
			}
			<-ended
		})
	}
}

// The same on the TLS port, where the handshake is what the crowd does not finish.
func TestCrowdOverTLS(t *testing.T) {
	addr, s, client := openTLS(t, Config{MaxConns: 64, ConnsPerAddress: 8, StopWithin: time.Millisecond}, &fakeDesk{})
	c := &crowd{t: t, addr: addr, says: "\x16\x03\x01", conns: make([]net.Conn, 160)}
	defer c.leave()
	for range c.conns {
		c.come()
	}
	waitFor(t, "a full room", func() bool { return s.rooms["https"].count() == 64 })
	ended := c.flood(400)
	for n := range 20 {
		if err := insist(addr, client, 1); err != nil {
			t.Errorf("fetch %d: %v", n, err)
			break
		}
	}
	<-ended
}

// A connection that is being answered is not closed for a newcomer.
func TestRunningRequestsAreNotCut(t *testing.T) {
	desk := &fakeDesk{hold: make(chan struct{})}
	addr, s := open(t, Config{MaxConns: 2}, desk, nil)
	answers := make(chan error, 2)
	for range 2 {
		go func() { answers <- insist(addr, nil, 1) }()
	}
	waitFor(t, "two requests at the desk", func() bool { return desk.count() == 2 })
	if err := insist(addr, nil, 1); !errors.Is(err, errClosed) {
		t.Errorf("third connection: %v, want it closed without a word", err)
	}
	scraped(t, s.metrics, `lineside_dropped_total{front="http",reason="connections"} 1`)
	close(desk.hold)
	for range 2 {
		if err := <-answers; err != nil {
			t.Errorf("running request: %v, want it answered", err)
		}
	}
}

// What an answer waits for is its reader; others are asked for at the desk.
func TestSlowReadersHoldNoPlaceAtTheDesk(t *testing.T) {
	addr, _ := open(t, Config{MaxRequests: 2, PerAddress: 2, StopWithin: time.Millisecond}, &fakeDesk{body: make([]byte, slowest-1)}, nil)
	c := &crowd{t: t, addr: addr, says: strings.Repeat(get("/open.cfg"), 1000), conns: make([]net.Conn, 4)}
	defer c.leave()
	for range c.conns {
		c.come()
	}
	for n := range 20 {
		if err := insist(addr, nil, 40); err != nil {
			t.Fatalf("fetch %d: %v", n, err)
		}
	}
}

// Neither front's callers take the other's room.
func TestFrontsHaveRoomsOfTheirOwn(t *testing.T) {
	desk := &fakeDesk{hold: make(chan struct{})}
	addr, s, _ := openTLS(t, Config{MaxConns: 1, MaxRequests: 1}, desk)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { done <- s.Serve(ctx, ln) }()
	answers := make(chan error, 2)
	go func() { answers <- insist(ln.Addr().String(), nil, 1) }()
	waitFor(t, "a request over HTTP", func() bool { return desk.count() == 1 })
	go func() { answers <- insist(addr, &tls.Config{InsecureSkipVerify: true}, 1) }()
	waitFor(t, "a request over HTTPS", func() bool { return desk.count() == 2 })
	close(desk.hold)
	for range 2 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
}

// crowd is a laptop with 20 addresses.
type crowd struct {
	t     *testing.T
	addr  string
	says  string
	hears bool
	conns []net.Conn
	came  int
}

// come opens one more connection, in place of its oldest.
func (c *crowd) come() {
	i := c.came % len(c.conns)
	c.came++
	if old := c.conns[i]; old != nil {
		_ = old.Close()
	}
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, 0, byte(1+i%20))}}
	conn, err := d.Dial("tcp", c.addr)
	if err != nil {
		c.t.Errorf("crowd: %v", err)
		return
	}
	c.conns[i] = conn
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	go func() { _, _ = io.WriteString(conn, c.says) }()
	if c.hears {
		_, _ = http.ReadResponse(bufio.NewReader(conn), nil)
	}
}

func (c *crowd) flood(n int) (ended <-chan struct{}) {
	end := make(chan struct{})
	go func() {
		defer close(end)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for range n {
			<-tick.C
			c.come()
		}
	}()
	return end
}

func (c *crowd) leave() {
	for _, conn := range c.conns {
		if conn != nil {
			_ = conn.Close()
		}
	}
}

var errClosed = errors.New("closed without an answer")

// insist fetches a file as a phone does: where the door is shut it comes back, a
// few times in a row.
func insist(addr string, client *tls.Config, tries int) (err error) {
	wait := time.NewTicker(100 * time.Millisecond)
	defer wait.Stop()
	for ; tries > 0; tries-- {
		if err = once(addr, client); err == nil {
			return nil
		}
		<-wait.C
	}
	return err
}

func once(addr string, client *tls.Config) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if client != nil {
		c = tls.Client(c, client)
	}
	// Where the other side has closed already only reading tells.
	_, _ = io.WriteString(c, get("/open.cfg"))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return fmt.Errorf("%w: %w", errClosed, err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
		return fmt.Errorf("got %d, %v", resp.StatusCode, err)
	}
	return nil
}
