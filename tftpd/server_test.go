package tftpd

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/provision"
)

var testBody = []byte(strings.Repeat("account.1.enable = 1\n", 100)) // 2100 bytes: 5 blocks of 512

// fakeDesk knows "open.cfg", "block.cfg" of exactly one block and "empty.cfg";
// "fault.cfg" and "panic.cfg" do what they say, "secret.cfg" wants a login.
type fakeDesk struct {
	mu   sync.Mutex
	asks []provision.Ask
	hold chan struct{} // if set, received from before an answer is given
}

func (d *fakeDesk) Fetch(ctx context.Context, ask provision.Ask) (provision.Answer, error) {
	d.mu.Lock()
	d.asks = append(d.asks, ask)
	d.mu.Unlock()
	if d.hold != nil {
		select {
		case <-d.hold:
		case <-ctx.Done():
			return provision.Answer{}, ctx.Err()
		}
	}
	switch ask.File {
	case "open.cfg", "other.cfg":
		return provision.Answer{Status: provision.Content, Body: testBody}, nil
	case "block.cfg":
		return provision.Answer{Status: provision.Content, Body: testBody[:512]}, nil
	case "empty.cfg":
		return provision.Answer{Status: provision.Content}, nil
	case "secret.cfg":
		return provision.Answer{Status: provision.Challenge}, nil
	case "fault.cfg":
		return provision.Answer{}, errors.New("disk on fire")
	case "panic.cfg":
		panic("desk on fire")
	}
	return provision.Answer{}, nil
}

func (d *fakeDesk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.asks)
}

func (d *fakeDesk) last() provision.Ask {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asks[len(d.asks)-1]
}

// door is a running server and how to stop it.
type door struct {
	*Server
	addr netip.AddrPort
	// stop ends the server and waits for it; again does nothing.
	stop func()
}

// start runs a door on loopback until the test ends, when it must stop well.
func start(t testing.TB, cfg Config, desk Desk, listen string) *door {
	t.Helper()
	s, err := New(cfg, desk, slog.New(slog.DiscardHandler), metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := Listen(t.Context(), "udp", listen)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, conn) }()
	d := &door{Server: s, addr: conn.LocalAddr().(*net.UDPAddr).AddrPort()}
	d.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
		if line := metrics.NameTransfer + `{front="tftp"} 0`; !strings.Contains(d.scrape(), line+"\n") {
			t.Errorf("at the end metrics lack %q", line)
		}
	})
	t.Cleanup(d.stop)
	return d
}

// bothPorts runs a test with a port for each transfer and with one for all.
func bothPorts(t *testing.T, cfg Config, test func(*testing.T, *door, *fakeDesk)) {
	for _, single := range []bool{false, true} {
		t.Run(map[bool]string{false: "port each", true: "single port"}[single], func(t *testing.T) {
			cfg.SinglePort = single
			desk := &fakeDesk{}
			test(t, start(t, cfg, desk, "127.0.0.1:0"), desk)
		})
	}
}

func (d *door) scrape() string {
	w := httptest.NewRecorder()
	d.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// until waits for a line of the metrics: what it tells happens on the other side
// of a socket.
func (d *door) until(t testing.TB, line string) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 10_000 {
		if strings.Contains(d.scrape(), line+"\n") {
			return
		}
		<-tick.C
	}
	t.Fatalf("waited in vain for %q; metrics are\n%s", line, d.scrape())
}

func (d *door) running(t testing.TB, n string) {
	t.Helper()
	d.until(t, metrics.NameTransfer+`{front="tftp"} `+n)
}

// phone is a socket that speaks what the test has it say.
type phone struct {
	t    testing.TB
	conn *net.UDPConn
	door netip.AddrPort
	buf  [2048]byte
}

func (d *door) phone(t testing.TB, local string) *phone {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(local), 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &phone{t: t, conn: conn, door: d.addr}
}

func (p *phone) send(b []byte, to netip.AddrPort) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDPAddrPort(b, to); err != nil {
		p.t.Fatal(err)
	}
}

// ask sends a read request made of its parts.
func (p *phone) ask(parts ...string) {
	p.t.Helper()
	p.send(rrq(parts...), p.door)
}

func rrq(parts ...string) []byte {
	return append([]byte{0, 1}, strings.Join(parts, "\x00")+"\x00"...)
}

func ack(block uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{0, 4}, block)
}

// hear gives the next packet and where it came from.
func (p *phone) hear() ([]byte, netip.AddrPort) {
	p.t.Helper()
	b, from, err := p.listen(10 * time.Second)
	if err != nil {
		p.t.Fatal(err)
	}
	return b, from
}

func (p *phone) listen(wait time.Duration) ([]byte, netip.AddrPort, error) {
	_ = p.conn.SetReadDeadline(time.Now().Add(wait))
	n, from, err := p.conn.ReadFromUDPAddrPort(p.buf[:])
	return append([]byte(nil), p.buf[:n]...), netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), err
}

// data fails the test unless the next packet is this block.
func (p *phone) data(block uint16) ([]byte, netip.AddrPort) {
	p.t.Helper()
	b, from := p.hear()
	if len(b) < 4 || binary.BigEndian.Uint16(b) != opData || binary.BigEndian.Uint16(b[2:]) != block {
		p.t.Fatalf("got %q, want block %d", b[:min(len(b), 40)], block)
	}
	return b[4:], from
}

// fetch fetches a file without options.
func (p *phone) fetch(name string) string {
	p.t.Helper()
	p.ask(name, "octet")
	var file []byte
	for block := uint16(1); ; block++ {
		b, from := p.data(block)
		file = append(file, b...)
		p.send(ack(block), from)
		if len(b) < 512 {
			return string(file)
		}
	}
}

// need skips the test where a tool is missing, or fails it under REQUIRE=1.
func need(t testing.TB, tool string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("REQUIRE") == "1" {
		t.Fatalf("%s: %v", tool, err)
	}
	t.Skipf("%s: %v", tool, err)
}
