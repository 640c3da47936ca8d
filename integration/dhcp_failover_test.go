package integration

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/internal/netlab"
)

// TestDHCPRelayFailsOver kills the first of two servers behind the relay: who
// starts then has an address of the second within seconds, with the options of
// phones, the operator is told, and the next one does not wait at all.
func TestDHCPRelayFailsOver(t *testing.T) {
	t.Parallel() // it mostly waits, in a network of its own
	for _, tool := range []string{"dnsmasq", "udhcpc"} {
		netlab.Tool(t, tool)
	}
	l := newModeLab(t)
	var servers [2]*netlab.Process
	for i := range servers {
		office := l.lab.Host(fmt.Sprint("office", i), "")
		near, far := fmt.Sprintf("10.78.%d.1", i), fmt.Sprintf("10.78.%d.2", i)
		l.lab.Link(fmt.Sprint("uplink", i), l.box, near+"/24", office, far+"/24")
		office.Route("10.77.0.0/24", near)
		servers[i] = startDnsmasq(t, office, fmt.Sprintf("dhcp-range=10.77.0.%d,10.77.0.%d,255.255.255.0,1h\n", 100+50*i, 120+50*i))
	}
	l.serve(dhcpopt.Config{Mode: dhcpopt.ModeRelay, Upstream: []netip.AddrPort{netip.MustParseAddrPort("10.78.0.2:67"), netip.MustParseAddrPort("10.78.1.2:67")}})
	// patient asks every second, as long as it takes.
	patient := dhcpClient{name: "udhcpc", bound: "lease of ", command: func(t *testing.T, h *netlab.Host, m machine) []string {
		return []string{netlab.Tool(t, "udhcpc"), "-f", "-n", "-q", "-t", "15", "-T", "1", "-i", h.Interface(), "-s", "/bin/true", "-V", m.class, "-O", "66"}
	}}
	gets := func(m machine, first bool, within time.Duration) {
		t.Helper()
		began := time.Now()
		ack := patient.run(t, l.client, l.seen, m)
		took := time.Since(began)
		if got := ack.YourIPAddr.To4()[3] < 150; got != first || took > within {
			t.Errorf("%s has %s after %s, want one of the first server: %t, within %s", m.name, ack.YourIPAddr, took, first, within)
		}
		if string(ack.Options[66]) == "" {
			t.Errorf("%s was told nothing of the box", m.name)
		}
		t.Logf("%s: %s after %s", m.name, ack.YourIPAddr, took.Round(10*time.Millisecond))
	}
	gets(tenPhones[0], true, 3*time.Second)
	servers[0].Stop()
	gets(tenPhones[1], false, 10*time.Second)
	gets(tenPhones[2], false, 3*time.Second)
	if list := l.health.List(); len(list) != 1 || list[0].Code != "dhcp-upstream-silent" {
		t.Errorf("the operator is told %+v, want that a server is silent", list)
	}
}
