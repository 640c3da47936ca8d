package integration

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

// machine is what goes by a hardware address and an option 60.
type machine struct{ name, mac, class string }

// tenPhones are phones of ten vendors as they come out of the box.
var tenPhones = []machine{
	{"yealink", "00:15:65:00:01:01", "yealink"},
	{"snom", "00:04:13:00:01:02", "snomD385"},
	{"poly", "00:04:f2:00:01:03", "PolycomVVX-VVX_410"},
	{"grandstream", "00:0b:82:00:01:04", "GXP2170"},
	{"fanvil", "0c:38:3e:00:01:05", "Fanvil X6U"},
	{"mitel", "00:08:5d:00:01:06", "MitelIPPhone6920"},
	{"cisco-mpp", "00:56:2b:00:01:07", "Cisco Systems, Inc. IP Phone CP-8851-3PCC"},
	{"cisco-sep", "00:1b:d4:00:01:08", "Cisco Systems, Inc. IP Phone CP-7941G"},
	{"avaya", "c8:1f:ea:00:01:09", "ccp.avaya.com"},
	{"panasonic", "bc:c3:42:00:01:0a", "Panasonic"},
}

// laptop is no phone, and knows nothing of the box.
var laptop = machine{"laptop", "3c:52:82:00:01:0b", "MSFT 5.0"}

// leadCodes are the options phones are led by.
var leadCodes = []uint8{43, 66, 67, 114, 150, 160, 242}

// recorder keeps the last DHCP answers that reach a host, as they came off the
// wire: clients show only what they understand.
type recorder struct {
	mu   sync.Mutex
	acks map[string]*dhcpv4.DHCPv4 // by hardware address, and by that and the server
	all  []*dhcpv4.DHCPv4
}

func listenIn(t *testing.T, h *netlab.Host) *recorder {
	t.Helper()
	r := &recorder{acks: make(map[string]*dhcpv4.DHCPv4)}
	var conn net.PacketConn
	if err := h.Do(func() (err error) { conn, err = dhcpopt.ListenFrames(h.Interface()); return err }); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, _, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			r.take(bytes.Clone(buf[:n]))
		}
	}()
	t.Cleanup(func() { _ = conn.SetReadDeadline(time.Unix(1, 0)); <-done; _ = conn.Close() })
	return r
}

func (r *recorder) take(frame []byte) {
	const headers = 14 + 20 + 8 // no server here sends IP options
	if len(frame) < headers {
		return
	}
	m, err := dhcpv4.FromBytes(frame[headers:])
	if err != nil || m.OpCode != dhcpv4.OpcodeBootReply {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, m)
	if m.MessageType() == dhcpv4.MessageTypeAck {
		mac := m.ClientHWAddr.String()
		r.acks[mac], r.acks[mac+m.ServerIdentifier().String()] = m, m
	}
}

// of waits for an ACK of a hardware address: the client may be done sooner than
// the recorder.
func (r *recorder) of(t *testing.T, mac string) *dhcpv4.DHCPv4 {
	t.Helper()
	return r.by(t, mac, "")
}

// by is of for the ACK of one server, where server is not empty.
func (r *recorder) by(t *testing.T, mac, server string) *dhcpv4.DHCPv4 {
	t.Helper()
	deadline := time.NewTimer(clientTime)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		r.mu.Lock()
		m := r.acks[mac+server]
		r.mu.Unlock()
		if m != nil {
			return m
		}
		select {
		case <-deadline.C:
			t.Fatalf("no ACK for %s was seen", mac)
		case <-tick.C:
		}
	}
}

func (r *recorder) forget(mac string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range r.acks {
		if strings.HasPrefix(key, mac) {
			delete(r.acks, key)
		}
	}
}

// offersFrom counts the offers of a server.
func (r *recorder) offersFrom(a string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.all {
		if m.MessageType() == dhcpv4.MessageTypeOffer && m.ServerIdentifier().String() == a {
			n++
		}
	}
	return n
}

// lead is what an answer tells of configs, one line for the table.
func lead(m *dhcpv4.DHCPv4) string {
	var parts []string
	for _, code := range leadCodes {
		v := m.Options[code]
		if code == 66 || code == 67 {
			v = bytes.TrimSuffix(v, []byte{0}) // dnsmasq adds one
		}
		if len(v) > 0 {
			text := string(v)
			if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
				text = fmt.Sprintf("%x", v)
			}
			parts = append(parts, fmt.Sprintf("%d=%s", code, text))
		}
	}
	return strings.Join(parts, " ")
}

// run gets an address as m, by udhcpc, and gives the ACK it was sent.
func (m machine) run(t *testing.T, h *netlab.Host, r *recorder) *dhcpv4.DHCPv4 {
	t.Helper()
	args := []string{"-f", "-n", "-q", "-t", "5", "-T", "1", "-i", h.Interface(), "-s", "/bin/true", "-V", m.class}
	for _, code := range leadCodes {
		args = append(args, "-O", fmt.Sprint(code))
	}
	return m.got(t, h, r, netlab.Tool(t, "udhcpc"), args...)
}

// got runs a client as m and gives the last ACK it was sent.
func (m machine) got(t *testing.T, h *netlab.Host, r *recorder, client string, args ...string) *dhcpv4.DHCPv4 {
	t.Helper()
	h.SetMAC(m.mac)
	r.forget(m.mac)
	h.Run(clientTime, client, args...)
	return r.of(t, m.mac)
}

// site is a LAN with a client and the box, which takes part in DHCP by mode.
type modeLab struct {
	t      *testing.T
	lab    *netlab.Lab
	box    *netlab.Host
	client *netlab.Host
	seen   *recorder
	desk   *dhcpDesk
	health *health.Board
}

func newModeLab(t *testing.T) *modeLab {
	t.Helper()
	l := &modeLab{t: t, lab: netlab.New(t), desk: &dhcpDesk{}, health: &health.Board{}}
	l.box, l.client = l.lab.Host("box", "10.77.0.1/24"), l.lab.Host("client", "")
	l.seen = listenIn(t, l.client)
	return l
}

// serve starts the box's part.
func (l *modeLab) serve(cfg dhcpopt.Config) {
	l.t.Helper()
	cfg.Interface, cfg.Self = l.box.Interface(), netip.MustParsePrefix("10.77.0.1/24")
	deps := dhcpopt.Deps{
		Leases: &dhcpStore{leases: make(map[netip.Addr]phone.Lease)}, Desk: l.desk,
		Log: slog.New(slog.DiscardHandler), Metrics: metrics.New(), Health: l.health,
	}
	ctx, cancel := context.WithCancel(context.Background())
	at := netip.MustParseAddrPort("0.0.0.0:67")
	var conn net.PacketConn
	var part interface {
		Serve(context.Context, net.PacketConn) error
	}
	err := l.box.Do(func() (err error) {
		if cfg.Mode == dhcpopt.ModeRelay {
			conn, err = dhcpopt.ListenRelay(ctx, cfg.Interface, at)
			return err
		}
		conn, err = dhcpopt.Listen(ctx, cfg.Interface, at)
		return err
	})
	if err == nil && cfg.Mode == dhcpopt.ModeRelay {
		part, err = dhcpopt.NewRelay(cfg, deps)
	} else if err == nil {
		part, err = dhcpopt.New(cfg, deps)
	}
	if err != nil {
		cancel()
		l.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- part.Serve(ctx, conn) }()
	l.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			l.t.Errorf("Serve: %v", err)
		}
		_ = conn.Close()
	})
}

// leads runs every machine and gives what each was told.
func (l *modeLab) leads() map[string]string {
	l.t.Helper()
	told := make(map[string]string)
	for _, m := range append(slices.Clone(tenPhones), laptop) {
		told[m.name] = lead(m.run(l.t, l.client, l.seen))
	}
	return told
}

// serverMode is what each client is told where the box is the DHCP server.
func serverMode(t *testing.T) map[string]string {
	t.Helper()
	l := newModeLab(t)
	pool, err := dhcpopt.ParsePool("10.77.0.50-10.77.0.99")
	if err != nil {
		t.Fatal(err)
	}
	l.serve(dhcpopt.Config{Pool: pool, Router: netip.MustParseAddr("10.77.0.254")})
	return l.leads()
}

// foreignRange is the other server's pool and what it tells everybody.
const foreignRange = `dhcp-range=10.77.0.100,10.77.0.150,255.255.255.0,1h
dhcp-option=3,10.77.0.254
dhcp-option=6,10.77.0.253
`

// TestDHCPModes prints what ten phones and a laptop are told in each mode, by a
// foreign dnsmasq with and without the box. Phones are told the same whoever
// gives the address; the laptop is told what it would be without the box.
func TestDHCPModes(t *testing.T) {
	netlab.Tool(t, "dnsmasq")
	netlab.Tool(t, "udhcpc")
	want := serverMode(t)
	columns := map[string]map[string]string{"server": want}
	for _, m := range tenPhones {
		if want[m.name] == "" {
			t.Errorf("server: %s was told nothing", m.name)
		}
	}

	t.Run("inform", func(t *testing.T) {
		l := newModeLab(t)
		startDnsmasq(t, l.lab.Host("other", "10.77.0.2/24"), foreignRange)
		alone := laptop.run(t, l.client, l.seen)
		l.serve(dhcpopt.Config{Mode: dhcpopt.ModeInform})
		columns["inform"] = l.leads()
		sameAnswer(t, alone, laptop.run(t, l.client, l.seen))
		for _, m := range tenPhones {
			l.seen.forget(m.mac)
			l.client.SetMAC(m.mac)
			l.client.SetAddress("10.77.0.200/24")
			columns["inform"][m.name] = lead(l.inform(m))
		}
		if n := l.seen.offersFrom("10.77.0.1"); n != 1 {
			t.Errorf("second offers: got %d, want one, for the Mitel phone", n)
		}
		sameLeads(t, want, columns["inform"])
	})
	t.Run("relay", func(t *testing.T) {
		l := newModeLab(t)
		other := l.lab.Host("other", "")
		l.lab.Link("uplink", l.box, "10.78.0.1/24", other, "10.78.0.2/24")
		other.Route("10.77.0.0/24", "10.78.0.1")
		startDnsmasq(t, other, foreignRange)
		l.serve(dhcpopt.Config{Mode: dhcpopt.ModeRelay, Upstream: []netip.AddrPort{netip.MustParseAddrPort("10.78.0.2:67")}})
		columns["relay"] = l.leads()
		sameLeads(t, want, columns["relay"])

		direct := newModeLab(t)
		startDnsmasq(t, direct.lab.Host("other", "10.77.0.2/24"), foreignRange)
		direct.leads() // so that the same addresses are taken
		sameAnswer(t, laptop.run(t, direct.client, direct.seen), laptop.run(t, l.client, l.seen))
	})
	t.Log("\n" + table(columns))
}

// table is a line for each client and mode.
func table(columns map[string]map[string]string) string {
	var b strings.Builder
	for _, m := range append(slices.Clone(tenPhones), laptop) {
		for _, mode := range []string{"server", "relay", "inform"} {
			told := columns[mode][m.name]
			if told == "" {
				told = "-"
			}
			fmt.Fprintf(&b, "%-12s %-7s %s\n", m.name, mode, told)
		}
	}
	return b.String()
}

func sameLeads(t *testing.T, want, got map[string]string) {
	t.Helper()
	for _, m := range append(slices.Clone(tenPhones), laptop) {
		if got[m.name] != want[m.name] {
			t.Errorf("%s was told\n  %s, want what the box as a server tells\n  %s", m.name, got[m.name], want[m.name])
		}
	}
}

// sameAnswer compares two ACKs by all their options but the server's own
// address, which a relay's server has elsewhere.
func sameAnswer(t *testing.T, want, got *dhcpv4.DHCPv4) {
	t.Helper()
	for code := range 255 {
		if code == 54 {
			continue
		}
		w, g := want.Options[uint8(code)], got.Options[uint8(code)]
		if !bytes.Equal(w, g) {
			t.Errorf("the laptop's option %d: got %x, want %x as without the box", code, g, w)
		}
	}
	if !want.YourIPAddr.Equal(got.YourIPAddr) {
		t.Errorf("the laptop's address: got %s, want %s", got.YourIPAddr, want.YourIPAddr)
	}
}
