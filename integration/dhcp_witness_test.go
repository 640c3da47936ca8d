package integration

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// TestDHCPRelayProves starts the program as a relay before a real server. The
// phone that got its address through it is proven, so that an operator's trust
// lets it in. A laptop in another phone's name, at an address it took and with
// ACKs it forged, is not.
func TestDHCPRelayProves(t *testing.T) {
	for _, tool := range []string{"dnsmasq", "udhcpc", "curl", "ping"} {
		netlab.Tool(t, tool)
	}
	l := newModeLab(t)
	other := l.lab.Host("other", "")
	l.lab.Link("uplink", l.box, "10.78.0.1/24", other, "10.78.0.2/24")
	other.Route("10.77.0.0/24", "10.78.0.1")
	startDnsmasq(t, other, foreignRange)
	client := startProgram(t, l.box, "mode = \"relay\"\nupstream = [\"10.78.0.2\"]")
	thief := l.lab.Host("laptop", "")

	got := func(m machine, h *netlab.Host, cidr, file string) answer {
		t.Helper()
		h.SetMAC(m.mac)
		h.SetAddress(cidr)
		h.Run(clientTime, "ping", "-c", "1", "-W", "5", "10.77.0.1") // so that the box knows who answers there
		d := &desk{agent: "curl", b: &box{self: netip.MustParseAddr("10.77.0.1"), ports: ports{http: 80}}}
		return d.curl(t, h, file)
	}
	for _, m := range []machine{tenPhones[0], {"second", "00:15:65:00:02:02", "yealink"}} {
		mac, err := phone.ParseMAC(m.mac)
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{name: m.name, mac: m.mac, vendor: "yealink", model: "T46G", b: &box{client: client}}
		d.setUp(t)
		if _, err := client.Suspend(t.Context(), mac); err != nil {
			t.Fatal(err)
		}
	}

	if a := got(tenPhones[0], l.client, "10.77.0.200/24", "001565000101.cfg"); a.full() {
		t.Error("a phone with an address of its own making got its full config, want it claimed only")
	}
	ack := tenPhones[0].run(t, l.client, l.seen)
	if a := got(tenPhones[0], l.client, ack.YourIPAddr.String()+"/24", "001565000101.cfg"); !a.full() {
		t.Errorf("the phone: got %s and %.80q, want its full config", a.status, a.body)
	}

	second := machine{"second", "00:15:65:00:02:02", "yealink"}
	forgeACKs(t, l.box, thief, second.mac)
	if a := got(second, thief, "10.77.0.201/24", "001565000202.cfg"); a.full() {
		t.Error("a laptop that forged ACKs got the phone's full config")
	}
	all, err := client.Leases(t.Context())
	if err != nil || len(all) != 1 || all[0].MAC.String() != tenPhones[0].mac || all[0].Address.String() != ack.YourIPAddr.String() {
		t.Errorf("leases: got %v, %v; want the phone's alone", all, err)
	}
}

// forgeACKs asks through the relay in a phone's name, with a number the servers
// leave unanswered, and answers itself in the upstream server's name.
func forgeACKs(t *testing.T, box, thief *netlab.Host, mac string) {
	t.Helper()
	box.Run(clientTime, "sh", "-c", "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done") // or the kernel drops the forgery
	thief.SetAddress("10.77.0.202/24")
	thief.Run(clientTime, "ip", "addr", "add", "10.78.0.2/32", "dev", thief.Interface())
	hw, err := net.ParseMAC(mac)
	if err != nil {
		t.Fatal(err)
	}
	ask, err := dhcpv4.New(dhcpv4.WithHwAddr(hw), dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(10, 78, 0, 9))), dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IPv4(10, 77, 0, 201))))
	if err != nil {
		t.Fatal(err)
	}
	ack, err := dhcpv4.NewReplyFromRequest(ask, dhcpv4.WithMessageType(dhcpv4.MessageTypeAck), dhcpv4.WithYourIP(net.IPv4(10, 77, 0, 201)),
		dhcpv4.WithRelay(net.IPv4(10, 77, 0, 1)), dhcpv4.WithOption(dhcpv4.OptIPAddressLeaseTime(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	ack.OpCode = dhcpv4.OpcodeBootReply
	send := func(from string, m *dhcpv4.DHCPv4) {
		t.Helper()
		if err := thief.Do(func() error {
			c, err := net.DialUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(from)), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("10.77.0.1:67")))
			if err != nil {
				return err
			}
			_, err = c.Write(m.ToBytes())
			_ = c.Close()
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		send("10.77.0.202:68", ask)
		send("10.78.0.2:67", ack)
	}
}
