package integration

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// watch starts the box's LAN watch.
func (l *modeLab) watch(mode dhcpopt.Mode, leases dhcpopt.Holders) {
	l.t.Helper()
	var conn net.PacketConn
	if err := l.box.Do(func() (err error) { conn, err = dhcpopt.ListenFrames(l.box.Interface()); return err }); err != nil {
		l.t.Fatal(err)
	}
	w, err := dhcpopt.NewWatch(dhcpopt.Config{Mode: mode, Interface: l.box.Interface(), Self: netip.MustParsePrefix("10.77.0.1/24")}, leases, dhcpopt.Deps{
		Desk: ouiDesk{l.desk}, Log: slog.New(slog.DiscardHandler), Metrics: metrics.New(), Health: l.health,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Serve(ctx, conn) }()
	l.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			l.t.Errorf("watch: %v", err)
		}
		_ = conn.Close()
	})
}

// ouiDesk knows phones by their hardware address too.
type ouiDesk struct{ *dhcpDesk }

func (d ouiDesk) Welcome(c provision.Caller) provision.Welcome {
	v, ok := vendors.All().ByOUI(c.MAC)
	if w := d.dhcpDesk.Welcome(c); w.Ident.Vendor != "" || !ok {
		return w
	}
	maker, _ := vendors.All().Of(v)
	return provision.Welcome{Ident: vendors.Ident{Vendor: v}, Options: maker.Leads(vendors.Box{URL: dhcpURL, Addr: c.Self})}
}

// waitRaised waits for a condition.
func (l *modeLab) waitRaised(code string) health.Condition {
	l.t.Helper()
	deadline := time.NewTimer(clientTime)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, c := range l.health.List() {
			if c.Code == code {
				return c
			}
		}
		select {
		case <-deadline.C:
			l.t.Fatalf("condition %s was not raised; there are %+v", code, l.health.List())
		case <-tick.C:
		}
	}
}

// TestDHCPWatch: another server, a phone it leads nowhere, and a machine that
// uses a leased address are told to operators.
func TestDHCPWatch(t *testing.T) {
	netlab.Tool(t, "dnsmasq")
	l := newModeLab(t)
	l.watch(dhcpopt.ModeOff, leaseOf{})
	startDnsmasq(t, l.lab.Host("other", "10.77.0.2/24"), foreignRange+"dhcp-broadcast\n")
	tenPhones[0].run(t, l.client, l.seen)
	c := l.waitRaised("lan-phone-not-led")
	t.Logf("%s: %s; %s → %s", c.Title, c.Detail, c.Meaning, c.Do)

	thief := l.lab.Host("thief", "10.77.0.60/24")
	thief.SetMAC("3c:52:82:00:00:09")
	thief.Try(5*time.Second, "ping", "-c", "1", "-W", "1", "10.77.0.1")
	c = l.waitRaised("lan-address-twice")
	t.Logf("%s: %s; %s → %s", c.Title, c.Detail, c.Meaning, c.Do)
}

// leaseOf says that 10.77.0.60 is a phone's.
type leaseOf struct{}

func (leaseOf) LeaseOf(a netip.Addr) (phone.Lease, bool) {
	l := phone.Lease{Addr: netip.MustParseAddr("10.77.0.60"), State: phone.Bound, Expires: time.Now().Add(time.Hour)}
	l.MAC, _ = phone.ParseMAC("00:15:65:00:00:09")
	return l, a == l.Addr
}

// TestDHCPProbe asks a LAN with two servers what a phone is offered, and leaves
// nothing behind but the two offers.
func TestDHCPProbe(t *testing.T) {
	netlab.Tool(t, "dnsmasq")
	l := newModeLab(t)
	startDnsmasq(t, l.lab.Host("other", "10.77.0.2/24"), foreignRange+"dhcp-option-force=66,\"http://elsewhere.example/\"\n")
	pool, err := dhcpopt.ParsePool("10.77.0.50-10.77.0.99")
	if err != nil {
		t.Fatal(err)
	}
	l.serve(dhcpopt.Config{Pool: pool})
	var offers []dhcpopt.Answer
	if err := l.client.Do(func() (err error) {
		offers, err = dhcpopt.Probe(t.Context(), l.client.Interface(), "yealink")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	led := make(map[string]string)
	for _, o := range offers {
		led[o.Server.String()] = o.Leads[66]
	}
	if len(offers) != 2 || led["10.77.0.1"] != dhcpURL || led["10.77.0.2"] != "http://elsewhere.example/" {
		t.Errorf("got %v, want an offer of each server with its own option 66", led)
	}
}
