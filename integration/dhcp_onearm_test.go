package integration

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// TestDHCPRelayWithOneArm starts the program as a relay on the usual wiring of a
// branch: one interface, a router on the same LAN, the DHCP server behind that.
// The phone and the laptop get addresses, the phone its options too, and the
// address proves neither.
func TestDHCPRelayWithOneArm(t *testing.T) {
	for _, tool := range []string{"dnsmasq", "udhcpc", "curl", "ping"} {
		netlab.Tool(t, tool)
	}
	l := newModeLab(t)
	router, office := l.lab.Host("router", "10.77.0.254/24"), l.lab.Host("office", "")
	l.lab.Link("uplink", router, "10.78.0.1/24", office, "10.78.0.2/24")
	router.Run(clientTime, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
	l.box.Route("default", "10.77.0.254")
	office.Route("10.77.0.0/24", "10.78.0.1")
	startDnsmasq(t, office, foreignRange)
	client := startProgram(t, l.box, "mode = \"relay\"\nupstream = [\"10.78.0.2\"]")

	if got := lead(laptop.run(t, l.client, l.seen)); got != "" {
		t.Errorf("the laptop was told %q, want nothing of configs", got)
	}
	m := tenPhones[0]
	ack := m.run(t, l.client, l.seen)
	if got := lead(ack); !strings.Contains(got, "66="+dhcpURL) {
		t.Errorf("the phone was told %q, want of the box", got)
	}
	waitCondition(t, client, "")

	d := &desk{name: m.name, mac: m.mac, vendor: "yealink", model: "T46G", b: &box{client: client}}
	d.setUp(t)
	mac, err := phone.ParseMAC(m.mac)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Suspend(t.Context(), mac); err != nil {
		t.Fatal(err)
	}
	l.client.SetAddress(ack.YourIPAddr.String() + "/24")
	l.client.Run(clientTime, "ping", "-c", "1", "-W", "5", "10.77.0.1") // so that the box knows who answers there
	asks := &desk{agent: "curl", b: &box{self: netip.MustParseAddr("10.77.0.1"), ports: ports{http: 80}}}
	if a := asks.curl(t, l.client, "001565000101.cfg"); a.full() {
		t.Error("an ACK that anybody on the LAN can forge proved the phone")
	}
	st, err := client.Status(t.Context())
	if err != nil || !strings.Contains(st.Leases, "claimed") {
		t.Errorf("status says of leases %q, %v; want that phones are claimed", st.Leases, err)
	}
	if all, err := client.Leases(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("leases: got %v, %v; want none", all, err)
	}
}
