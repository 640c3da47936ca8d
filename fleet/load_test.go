package fleet

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// ledger keeps leases in memory.
type ledger struct {
	mu   sync.Mutex
	last map[netip.Addr]phone.Lease
	all  int
}

func (l *ledger) Leases() ([]phone.Lease, error) { return nil, nil }

func (l *ledger) SaveLeases(_ context.Context, leases []phone.Lease) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range leases {
		l.last[one.Addr] = one
	}
	l.all += len(leases)
	return nil
}

// given is how many addresses were. The server may still be saving: a client
// that asked once more is answered twice.
func (l *ledger) given() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.last)
}

// nobody is a desk that knows no phone.
type nobody struct{}

func (nobody) Welcome(provision.Caller) provision.Welcome { return provision.Welcome{} }
func (nobody) Sighted(provision.Sighting)                 {}

// TestLoad plays clients against the box's own server: each has a lease of its
// own in the store, and renewed it.
func TestLoad(t *testing.T) {
	const clients = 300
	conn, err := dhcpopt.Listen(t.Context(), "", netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	leases := &ledger{last: map[netip.Addr]phone.Lease{}}
	s, err := dhcpopt.New(dhcpopt.Config{
		Self: netip.MustParsePrefix("127.0.0.1/8"),
		Pool: []dhcpopt.Range{{First: netip.MustParseAddr("127.88.0.0"), Last: netip.MustParseAddr("127.88.3.255")}},
	}, dhcpopt.Deps{Leases: leases, Desk: nobody{}, Log: slog.New(slog.DiscardHandler), Metrics: metrics.New(), Health: &health.Board{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, conn) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, conn.Close()); err != nil {
			t.Error(err)
		}
	})
	report, err := Load{
		Server: conn.LocalAddr().(*net.UDPAddr).AddrPort(), Relay: freePort(t), Clients: clients, Window: 32, Renew: time.Millisecond,
	}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*LoadPhase{"leases": &report.Leases, "renewals": report.Renewals} {
		if p.Done != clients || p.Clients != clients || p.Wait.Count != clients || p.Wait.P99 <= 0 || p.PerSecond() <= 0 || p.Dropped() != 0 {
			t.Errorf("%s: got %+v, want %d done", name, p, clients)
		}
	}
	if n := leases.given(); n != clients {
		t.Errorf("the server gave %d addresses, want %d", n, clients)
	}
}

// freePort is a port of loopback that nobody had a moment ago.
func freePort(t testing.TB) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// rude is a server that answers by what say tells.
func rude(t testing.TB, say func(m *dhcpv4.DHCPv4) (dhcpv4.MessageType, bool)) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, maxDHCPPacket)
		for {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			m, err := dhcpv4.FromBytes(buf[:n])
			if err != nil {
				t.Errorf("the generator sent what nobody can read: %v", err)
				return
			}
			kind, ok := say(m)
			if !ok {
				continue
			}
			r, err := dhcpv4.NewReplyFromRequest(m, dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(net.IPv4(10, 0, 0, 9)),
				dhcpv4.WithServerIP(net.IPv4(127, 0, 0, 1)), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(127, 0, 0, 1))))
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = conn.WriteToUDP(r.ToBytes(), from)
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// TestLoadCountsWhatFails lets every third client be lost at a different place.
func TestLoadCountsWhatFails(t *testing.T) {
	server := rude(t, func(m *dhcpv4.DHCPv4) (dhcpv4.MessageType, bool) {
		asks, n := m.MessageType() == dhcpv4.MessageTypeRequest, m.ClientHWAddr[5]%3
		switch {
		case n == 0 && !asks, n == 1 && asks:
			return 0, false
		case asks:
			return dhcpv4.MessageTypeNak, true
		}
		return dhcpv4.MessageTypeOffer, true
	})
	report, err := Load{Server: server, Relay: freePort(t), Clients: 9, Rate: 2000, Patience: 300 * time.Millisecond}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := LoadPhase{Clients: 9, Lost: 6, Refused: 3}
	if diff := cmp.Diff(want, report.Leases); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if got := report.Leases.Dropped(); got != 1 {
		t.Errorf("got %v dropped, want all", got)
	}
}

// TestLoadEnds lets a server that answers nothing keep clients waiting.
func TestLoadEnds(t *testing.T) {
	server := rude(t, func(*dhcpv4.DHCPv4) (dhcpv4.MessageType, bool) { return 0, false })
	l := Load{Server: server, Relay: freePort(t), Clients: 1000, Window: 2, Patience: 20 * time.Millisecond, For: 30 * time.Millisecond}
	report, err := l.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p := report.Leases; p.Clients < 2 || p.Clients > 10 || p.Lost != p.Clients {
		t.Errorf("got %d clients, %d lost; want the few that started, all lost", p.Clients, p.Lost)
	}
}

// TestLoadHearsNoStranger holds that an answer with another client's hardware
// address, or for no client at all, is passed over.
func TestLoadHearsNoStranger(t *testing.T) {
	r := newLoadRun(Load{Clients: 2}, nil)
	r.clients[1].stage = loadAck
	good := loadAnswer{kind: dhcpv4.MessageTypeAck, id: 1, mac: r.mac(1), addr: netip.MustParseAddr("10.0.0.9")}
	for name, change := range map[string]func(*loadAnswer){
		"another's hardware address": func(a *loadAnswer) { a.mac = r.mac(0) },
		"number beyond the last":     func(a *loadAnswer) { a.id = 2 },
		"OFFER where an ACK is due":  func(a *loadAnswer) { a.kind = dhcpv4.MessageTypeOffer },
		"client that waits for none": func(a *loadAnswer) { a.id, a.mac = 0, r.mac(0) },
	} {
		a := good
		change(&a)
		if err := r.answered(a); err != nil || r.report.Done != 0 {
			t.Errorf("%s: got %d done, %v; want it passed over", name, r.report.Done, err)
		}
	}
	if err := r.answered(good); err != nil || r.report.Done != 1 {
		t.Errorf("got %d done, %v; want its own ACK taken", r.report.Done, err)
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	here := netip.MustParseAddrPort("127.0.0.1:67")
	for name, l := range map[string]Load{
		"no server":         {Relay: here, Clients: 1},
		"no clients":        {Server: here, Relay: here},
		"too many clients":  {Server: here, Relay: here, Clients: maxLoadClients, First: 1},
		"negative rate":     {Server: here, Relay: here, Clients: 1, Rate: -1},
		"negative patience": {Server: here, Relay: here, Clients: 1, Patience: -1},
	} {
		if _, err := l.Run(t.Context()); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	gone := freePort(t)
	if _, err := (Load{Server: gone, Relay: freePort(t), Clients: 1}).Run(t.Context()); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("nobody listens: got %v, want connection refused", err)
	}
}

func TestUsage(t *testing.T) {
	stat := "77 (a b) c) S 1 77 77 0 -1 4194304 90 0 0 0 12 30 0 0 20 0 1 0 500 9999 25 184"
	got, err := parseStat([]byte(stat))
	if want := (usage{cpu: 420 * time.Millisecond, resident: 25 * unix.Getpagesize()}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"", "77 (x) S 1", "77 (x) S 1 77 77 0 -1 4194304 90 0 0 0 many 30 0 0 20 0 1 0 500 9999 25"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q: got no error", bad)
		}
	}
}
