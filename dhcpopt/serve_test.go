package dhcpopt

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

func testDeps() Deps {
	return Deps{
		Leases: &fakeStore{}, Desk: &fakeDesk{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Metrics: metrics.New(), Health: &health.Board{},
	}
}

// serve runs a server on conn until the test ends.
func serve(t testing.TB, cfg Config, deps Deps, conn net.PacketConn) *Server {
	t.Helper()
	s, err := New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, conn) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

func TestServe(t *testing.T) {
	conn := newFakeConn()
	conn.got = make(chan sent, 1)
	serve(t, testConfig("10.20.0.50-10.20.0.59"), testDeps(), conn)
	exchange := func(m *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
		conn.in <- sent{to: nobody, data: m.ToBytes()}
		r, err := dhcpv4.FromBytes((<-conn.got).data)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := exchange(message(yealink1, discover)); r.MessageType() != offer {
		t.Errorf("got %s, want OFFER", r.MessageType())
	}
	if r := exchange(message(yealink1, request, server(boxAddr), wants(ip("10.20.0.50")))); r.MessageType() != ack {
		t.Errorf("got %s, want ACK", r.MessageType())
	}
}

func TestServeSaysWhyItCannotStart(t *testing.T) {
	deps := testDeps()
	deps.Leases = &fakeStore{fail: errors.New("bad page")}
	s, err := New(testConfig("10.20.0.50"), deps)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(context.Background(), newFakeConn()); err == nil || !strings.Contains(err.Error(), "load leases: bad page") {
		t.Errorf("got %v, want the store's error", err)
	}
	if _, err := New(testConfig("10.20.0.50"), Deps{}); err == nil {
		t.Error("New without dependencies gave no error")
	}
}

func TestServeEndsWhenItsSocketIsClosed(t *testing.T) {
	conn, err := Listen(context.Background(), "", netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(testConfig("10.20.0.50"), testDeps())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if err := s.Serve(context.Background(), conn); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want net.ErrClosed", err)
	}
}

// TestPanicCostsOnePacket lets the desk fail on one packet.
func TestPanicCostsOnePacket(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	l.desk.trip = true
	l.none(message(yealink1, discover))
	scrape := httptest.NewRecorder()
	l.s.deps.Metrics.Handler().ServeHTTP(scrape, httptest.NewRequest("GET", "/", nil))
	if want := metrics.NamePanics + "{front=\"dhcp\"} 1"; !strings.Contains(scrape.Body.String(), want) {
		t.Errorf("metrics lack %s", want)
	}
	l.desk.trip = false
	l.lease(yealink1)
}

// loopConfig is a demo on one machine, without privileges.
func loopConfig() Config {
	return Config{
		Self: netip.MustParsePrefix("127.0.0.1/8"),
		Pool: []Range{{ip("127.77.0.10"), ip("127.77.1.250")}},
	}
}

// client is a relay agent on loopback that gets answers at the port it sends
// from (RFC 8357), as the demo's phones are.
type loopClient struct {
	t    testing.TB
	conn *net.UDPConn
}

func dialLoop(t testing.TB, agent string, to net.Addr) *loopClient {
	t.Helper()
	conn, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(agent)}, to.(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &loopClient{t, conn}
}

func (c *loopClient) send(m *dhcpv4.DHCPv4) {
	c.t.Helper()
	m.GatewayIPAddr = c.conn.LocalAddr().(*net.UDPAddr).IP
	m.Options[82] = []byte{19, 0}
	if _, err := c.conn.Write(m.ToBytes()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *loopClient) exchange(m *dhcpv4.DHCPv4, kind dhcpv4.MessageType) *dhcpv4.DHCPv4 {
	c.t.Helper()
	c.send(m)
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 2048)
	n, err := c.conn.Read(buf)
	if err != nil {
		c.t.Fatalf("%s: no answer: %v", m.MessageType(), err)
	}
	r, err := dhcpv4.FromBytes(buf[:n])
	if err != nil {
		c.t.Fatal(err)
	}
	if r.MessageType() != kind {
		c.t.Fatalf("%s: got %s, want %s", m.MessageType(), r.MessageType(), kind)
	}
	return r
}

// TestLoopback needs no privilege, no interface and no packet socket.
func TestLoopback(t *testing.T) {
	conn, err := Listen(context.Background(), "", netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	deps := testDeps()
	serve(t, loopConfig(), deps, conn)
	c := dialLoop(t, "127.0.0.2", conn.LocalAddr())

	self := ip("127.0.0.1")
	o := c.exchange(message(yealink1, discover, class("yealink")), offer)
	a := address(o.YourIPAddr)
	r := c.exchange(message(yealink1, request, class("yealink"), server(self), wants(a)), ack)
	if address(r.YourIPAddr) != a || string(r.Options[66]) != "http://127.0.0.1/cfg/" {
		t.Errorf("got %s told %q, want %s told the box's URL", r.YourIPAddr, r.Options[66], a)
	}
	if got := deps.Leases.(*fakeStore).of(a); got.MAC != yealink1 || got.State != phone.Bound {
		t.Errorf("store has %v, want the lease of %s", got, yealink1)
	}
	c.exchange(message(yealink1, request, wants(ip("192.168.9.9"))), nak)
	c.exchange(message(yealink1, request, uses(a)), ack)
	other := c.exchange(message(yealink2, discover), offer)
	if address(other.YourIPAddr) == a {
		t.Errorf("two clients were offered %s", a)
	}
}

// TestLoopbackSendsNothingOut holds that a packet without relay cannot make a
// demo broadcast into the real network.
func TestLoopbackSendsNothingOut(t *testing.T) {
	l := newLAN(t, loopConfig())
	l.none(message(yealink1, discover))
	l.none(message(yealink1, request, wants(ip("192.168.9.9"))))
}

func TestListenRefusesASecondServer(t *testing.T) {
	first, err := Listen(context.Background(), "", netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := Listen(context.Background(), "", first.LocalAddr().(*net.UDPAddr).AddrPort())
	if err == nil {
		second.Close()
		t.Fatal("two servers share one port")
	}
	if err := first.WriteFrame(yealink1, nobody, nobody, nil); !errors.Is(err, ErrNoFrames) {
		t.Errorf("frame without interface: got %v, want ErrNoFrames", err)
	}
	if _, err := Listen(context.Background(), "nosuch0", netip.MustParseAddrPort("127.0.0.1:0")); err == nil || !strings.Contains(err.Error(), "nosuch0") {
		t.Errorf("got %v, want an error naming the interface", err)
	}
}

// TestStormMakesNoGoroutines holds that a building's power-up is answered by
// the same few goroutines as one phone.
func TestStormMakesNoGoroutines(t *testing.T) {
	conn := newFakeConn()
	serve(t, testConfig("10.20.0.50-10.20.0.250"), testDeps(), conn)
	storm := func(phones int) int {
		for n := range phones {
			m := message(phone.MAC{0, 0x15, 0x65, 0, byte(n >> 8), byte(n)}, discover, class("yealink"))
			conn.in <- sent{to: nobody, data: m.ToBytes()}
		}
		return runtime.NumGoroutine()
	}
	one := storm(1)
	if many := storm(500); many > one {
		t.Errorf("got %d goroutines after 500 DISCOVERs, want no more than the %d after one", many, one)
	}
}
