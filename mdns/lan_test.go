package mdns_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/mdns"
	"github.com/lineside/lineside/metrics"
)

// wire is a LAN in memory: everybody on it hears what anybody multicasts.
type wire struct {
	mu    sync.Mutex
	ports []*port
	sent  []packet // all of it, in order
}

type packet struct {
	data     []byte
	from, to netip.AddrPort
	at       time.Time
}

// port is one machine's socket on the wire.
type port struct {
	net.PacketConn
	w    *wire
	addr netip.AddrPort
	in   chan packet
	shut chan struct{}
	once sync.Once
}

func (w *wire) join(addr string) *port {
	p := &port{w: w, addr: netip.MustParseAddrPort(addr), in: make(chan packet, 1024), shut: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ports = append(w.ports, p)
	return p
}

func (p *port) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case k := <-p.in:
		return copy(b, k.data), net.UDPAddrFromAddrPort(k.from), nil
	case <-p.shut:
		return 0, nil, os.ErrDeadlineExceeded
	}
}

func (p *port) WriteTo(b []byte, to net.Addr) (int, error) {
	k := packet{append([]byte(nil), b...), p.addr, to.(*net.UDPAddr).AddrPort(), time.Now()}
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.w.sent = append(p.w.sent, k)
	for _, o := range p.w.ports {
		if k.to.Addr().IsMulticast() || k.to == o.addr {
			select {
			case o.in <- k:
			default:
			}
		}
	}
	return len(b), nil
}

func (p *port) SetReadDeadline(time.Time) error {
	p.once.Do(func() { close(p.shut) })
	return nil
}

// said is what an address sent so far.
func (w *wire) said(from string) []packet {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []packet
	for _, k := range w.sent {
		if k.from.String() == from {
			out = append(out, k)
		}
	}
	return out
}

// machine is one announcer on the wire and what became known of it.
type machine struct {
	*mdns.Announcer
	port  *port
	board health.Board

	mu  sync.Mutex
	log []string // "+lineside.local." published, "-…" withdrawn
}

func (m *machine) story() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.log, " ")
}

func (m *machine) note(sign string) func(string) {
	return func(host string) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.log = append(m.log, sign+host)
	}
}

// start runs an announcer at an address until stop.
func (w *wire) start(t *testing.T, addr string) (m *machine, stop func()) {
	t.Helper()
	m = &machine{port: w.join(addr + ":5353")}
	var err error
	m.Announcer, err = mdns.New(mdns.Config{
		Interface: "eth0", Self: netip.MustParsePrefix(addr + "/24"), Site: "St. Pölten", Version: "1.2.3",
		Services: []mdns.Service{{Type: "_http._tcp", Port: 80}, {Type: "_lineside._tcp", Port: 80, Text: []string{"path=/cfg/"}}},
	}, mdns.Deps{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Health: &m.board, Metrics: metrics.New()})
	if err != nil {
		t.Fatal(err)
	}
	m.SetPublisher(m.note("+"), m.note("-"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Serve(ctx, m.port) }()
	return m, func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("got %v from Serve, want nil", err)
		}
	}
}

// ask is a question as a machine on the LAN sends it.
func ask(t testing.TB, kind dnsmessage.Type, class dnsmessage.Class, names ...string) []byte {
	t.Helper()
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: 7}}
	for _, n := range names {
		m.Questions = append(m.Questions, dnsmessage.Question{Name: dnsmessage.MustNewName(n), Type: kind, Class: class})
	}
	return pack(t, m)
}

// claims says that a name has an address: as an answer, or as a wish in a probe.
func claims(t testing.TB, name, addr string, wish bool) []byte {
	t.Helper()
	r := dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Class: dnsmessage.ClassINET, TTL: 120},
		Body:   &dnsmessage.AResource{A: netip.MustParseAddr(addr).As4()},
	}
	if wish {
		return pack(t, dnsmessage.Message{
			Questions:   []dnsmessage.Question{{Name: r.Header.Name, Type: dnsmessage.TypeALL, Class: dnsmessage.ClassINET}},
			Authorities: []dnsmessage.Resource{r},
		})
	}
	return pack(t, dnsmessage.Message{Header: dnsmessage.Header{Response: true}, Answers: []dnsmessage.Resource{r}})
}

func pack(t testing.TB, m dnsmessage.Message) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t testing.TB, b []byte) dnsmessage.Message {
	t.Helper()
	var m dnsmessage.Message
	if err := m.Unpack(b); err != nil {
		t.Fatalf("a message of the box cannot be read: %v", err)
	}
	return m
}
