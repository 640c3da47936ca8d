package integration

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// dhcpURL is what phones are told in these tests.
const dhcpURL = "http://10.77.0.1/cfg/"

// clientTime bounds one run of a real DHCP client.
const clientTime = 30 * time.Second

// dhcpDesk recognises phones by the real table.
type dhcpDesk struct {
	mu   sync.Mutex
	seen []string
}

func (d *dhcpDesk) Welcome(c provision.Caller) provision.Welcome {
	id, ok := vendors.All().ByClass(c.Class)
	if !ok {
		return provision.Welcome{}
	}
	maker, _ := vendors.All().Of(id.Vendor)
	return provision.Welcome{Ident: id, SecondOffer: maker.SecondOffer, Options: maker.Options(vendors.Box{URL: dhcpURL, Addr: c.Self, SIPPort: 5060})}
}

func (d *dhcpDesk) Sighted(s provision.Sighting) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = append(d.seen, s.MAC.String()+" "+s.Text)
}

// waitSeen waits until the timeline has a line that begins so.
func (d *dhcpDesk) waitSeen(t *testing.T, line string) {
	t.Helper()
	deadline := time.NewTimer(clientTime)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if d.has(line) {
			return
		}
		select {
		case <-deadline.C:
			d.mu.Lock()
			defer d.mu.Unlock()
			t.Fatalf("timeline lacks %q:\n%s", line, strings.Join(d.seen, "\n"))
		case <-tick.C:
		}
	}
}

// has reports that the timeline has a line that begins so.
func (d *dhcpDesk) has(line string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.seen, func(s string) bool { return strings.HasPrefix(s, line) })
}

// dhcpStore keeps leases in memory.
type dhcpStore struct {
	mu     sync.Mutex
	leases map[netip.Addr]phone.Lease
}

func (s *dhcpStore) Leases() ([]phone.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.leases)), nil
}

func (s *dhcpStore) SaveLeases(_ context.Context, leases []phone.Lease) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range leases {
		s.leases[l.Addr] = l
	}
	return nil
}

func (s *dhcpStore) of(a string) phone.Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leases[netip.MustParseAddr(a)]
}

// countedConn counts the answers that went by frame.
type countedConn struct {
	*dhcpopt.Conn
	frames atomic.Int32
}

// WriteFrame counts what was sent.
func (c *countedConn) WriteFrame(mac phone.MAC, from, to netip.AddrPort, payload []byte) error {
	err := c.Conn.WriteFrame(mac, from, to, payload)
	if err == nil {
		c.frames.Add(1)
	}
	return err
}

// branch is a LAN with our server on it.
type branch struct {
	t     *testing.T
	lab   *netlab.Lab
	box   *netlab.Host
	desk  *dhcpDesk
	store *dhcpStore
	conn  *countedConn
}

func newBranch(t *testing.T) *branch {
	t.Helper()
	b := &branch{t: t, lab: netlab.New(t), desk: &dhcpDesk{}, store: &dhcpStore{leases: make(map[netip.Addr]phone.Lease)}}
	b.box = b.lab.Host("box", "10.77.0.1/24")
	pool, err := dhcpopt.ParsePool("10.77.0.50-10.77.0.99")
	if err != nil {
		t.Fatal(err)
	}
	server, err := dhcpopt.New(dhcpopt.Config{
		Interface: b.box.Interface(), Self: netip.MustParsePrefix("10.77.0.1/24"), Pool: pool,
		Router: netip.MustParseAddr("10.77.0.254"), DNS: []netip.Addr{netip.MustParseAddr("10.77.0.253")}, Domain: "branch.example", NTP: []netip.Addr{netip.MustParseAddr("10.77.0.1")},
	}, dhcpopt.Deps{
		Leases: b.store, Desk: b.desk, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Metrics: metrics.New(), Health: &health.Board{},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.conn = &countedConn{}
	if err := b.box.Do(func() (err error) {
		b.conn.Conn, err = dhcpopt.Listen(ctx, b.box.Interface(), netip.MustParseAddrPort("0.0.0.0:67"))
		return err
	}); err != nil {
		cancel()
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, b.conn) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		_ = b.conn.Close()
	})
	return b
}

// machine joins a host without an address.
func (b *branch) machine(name, mac string) *netlab.Host {
	b.t.Helper()
	h := b.lab.Host(name, "")
	h.SetMAC(mac)
	return h
}

// script is run by udhcpc and dhclient at every event: it configures the
// interface and prints what it was told.
const script = `#!/bin/sh
echo "event=${1:-$reason}"
env
addr="${ip:-$new_ip_address}"
case "${1:-$reason}" in
bound|renew|BOUND|RENEW|REBOOT|REBIND)
	ip address flush dev "$interface"
	ip address add "$addr/24" dev "$interface" ;;
deconfig|RELEASE)
	ip address flush dev "$interface" ;;
esac
exit 0
`

func writeScript(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "event.sh")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// told reads the variables the script printed at its last event of that name.
func told(t *testing.T, out, event string) map[string]string {
	t.Helper()
	_, after, ok := cutLast(out, "event="+event+"\n")
	if !ok {
		t.Fatalf("client had no event %q:\n%s", event, out)
	}
	vars := make(map[string]string)
	for line := range strings.Lines(after) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			vars[k] = v
		}
	}
	return vars
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func TestDHCPUdhcpc(t *testing.T) {
	udhcpc := netlab.Tool(t, "udhcpc")
	b := newBranch(t)
	run := func(h *netlab.Host, args ...string) map[string]string {
		t.Helper()
		args = append([]string{"-f", "-n", "-q", "-t", "5", "-T", "1", "-i", h.Interface(), "-s", writeScript(t), "-O", "66", "-O", "160", "-O", "42"}, args...)
		return told(t, h.Run(clientTime, udhcpc, args...), "bound")
	}
	desk := b.machine("desk", "00:15:65:00:00:01")
	url160 := fmt.Sprintf("%x", dhcpURL)
	// udhcpc shows option 66 only as a host name, and a URL as "bad"; dhclient
	// below shows it whole.
	const url66 = "bad"
	want := map[string]string{
		"ip": "10.77.0.50", "mask": "24", "router": "10.77.0.254", "dns": "10.77.0.253", "domain": "branch.example",
		"ntpsrv": "10.77.0.1", "lease": "28800", "serverid": "10.77.0.1", "tftp": url66, "opt160": url160,
	}
	check := func(got map[string]string, want map[string]string) {
		t.Helper()
		for k, v := range want {
			if got[k] != v {
				t.Errorf("%s: got %q, want %q", k, got[k], v)
			}
		}
	}
	check(run(desk, "-V", "yealink"), want)
	if got := b.conn.frames.Load(); got != 2 {
		t.Errorf("without broadcast flag: %d answers went by frame, want OFFER and ACK", got)
	}
	check(run(desk, "-V", "yealink", "-B"), want)
	if got := b.conn.frames.Load(); got != 2 {
		t.Errorf("with broadcast flag: %d answers more went by frame, want none", got-2)
	}

	laptop := b.machine("laptop", "3c:52:82:00:00:01")
	check(run(laptop, "-V", "MSFT 5.0"), map[string]string{"ip": "10.77.0.51", "router": "10.77.0.254", "tftp": "", "opt160": ""})

	got := b.store.of("10.77.0.50")
	mac, _ := phone.ParseMAC("00:15:65:00:00:01")
	wantLease := phone.Lease{Addr: netip.MustParseAddr("10.77.0.50"), MAC: mac, ClientID: append([]byte{1}, mac[:]...), State: phone.Bound, Class: "yealink", Vendor: "yealink"}
	if diff := cmp.Diff(wantLease, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.IgnoreFields(phone.Lease{}, "Start", "Expires", "Host")); diff != "" {
		t.Error(diff)
	}
	b.desk.waitSeen(t, "00:15:65:00:00:01 lease 10.77.0.50 for 8h0m0s, told "+dhcpURL)
	b.desk.waitSeen(t, "3c:52:82:00:00:01 lease 10.77.0.51 for 8h0m0s")
	if b.desk.has("3c:52:82:00:00:01 lease 10.77.0.51 for 8h0m0s, told") {
		t.Error("a laptop's line speaks of configs")
	}
}

func TestDHCPUdhcpcRenewAndRelease(t *testing.T) {
	udhcpc := netlab.Tool(t, "udhcpc")
	b := newBranch(t)
	h := b.machine("desk", "00:15:65:00:00:01")
	p := h.Start(udhcpc, "-f", "-R", "-t", "5", "-T", "1", "-i", h.Interface(), "-s", writeScript(t), "-V", "yealink", "-O", "66")
	b.desk.waitSeen(t, "00:15:65:00:00:01 lease 10.77.0.50 for 8h0m0s, told "+dhcpURL)
	waitOutput(t, p, "event=bound")
	if err := p.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	b.desk.waitSeen(t, "00:15:65:00:00:01 renewed 10.77.0.50 for 8h0m0s, told "+dhcpURL)
	waitOutput(t, p, "event=renew")
	if err := p.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	b.desk.waitSeen(t, "00:15:65:00:00:01 gave back 10.77.0.50")
	if got := b.store.of("10.77.0.50").State; got != phone.Released {
		t.Errorf("lease is %q, want released", got)
	}
}

// waitOutput waits until a program has written text.
func waitOutput(t *testing.T, p *netlab.Process, text string) {
	t.Helper()
	deadline := time.NewTimer(clientTime)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(p.Output(), text) {
		select {
		case <-deadline.C:
			t.Fatalf("program did not write %q:\n%s", text, p.Output())
		case <-tick.C:
		}
	}
}

func TestDHCPDhclient(t *testing.T) {
	dhclient := netlab.Tool(t, "dhclient")
	b := newBranch(t)
	run := func(h *netlab.Host, class string, args ...string) string {
		t.Helper()
		dir := t.TempDir()
		conf := filepath.Join(dir, "dhclient.conf")
		body := `option provision code 160 = text;
also request tftp-server-name, provision, ntp-servers;
send vendor-class-identifier "` + class + `";
`
		if err := os.WriteFile(conf, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
		files := []string{"-cf", conf, "-lf", filepath.Join(dir, "leases"), "-pf", filepath.Join(dir, "pid"), "-sf", writeScript(t)}
		out := h.Run(clientTime, dhclient, slices.Concat([]string{"-4", "-1", "-v"}, files, []string{h.Interface()})...)
		return out + h.Run(clientTime, dhclient, slices.Concat([]string{"-4", "-r", "-v"}, files, []string{h.Interface()})...)
	}
	desk := b.machine("desk", "00:15:65:00:00:02")
	got := told(t, run(desk, "yealink"), "BOUND")
	for k, want := range map[string]string{
		"new_ip_address": "10.77.0.50", "new_routers": "10.77.0.254", "new_tftp_server_name": dhcpURL,
		"new_provision": dhcpURL, "new_dhcp_lease_time": "28800", "new_dhcp_renewal_time": "14400", "new_dhcp_rebinding_time": "25200",
	} {
		if got[k] != want {
			t.Errorf("%s: got %q, want %q", k, got[k], want)
		}
	}
	b.desk.waitSeen(t, "00:15:65:00:00:02 gave back 10.77.0.50")

	laptop := b.machine("laptop", "3c:52:82:00:00:02")
	got = told(t, run(laptop, "MSFT 5.0"), "BOUND")
	if got["new_ip_address"] == "10.77.0.50" || got["new_routers"] != "10.77.0.254" {
		t.Errorf("laptop got %q by %q, want another address and the router", got["new_ip_address"], got["new_routers"])
	}
	if got["new_tftp_server_name"] != "" || got["new_provision"] != "" {
		t.Errorf("laptop was told %q and %q, want nothing", got["new_tftp_server_name"], got["new_provision"])
	}
}
