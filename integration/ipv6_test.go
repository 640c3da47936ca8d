package integration

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// What the LAN's router announces.
const (
	net6   = "fd00:77::"
	other6 = "fd00:78::"
)

// newLAN6 is a box with doors on all its addresses, on a LAN whose router
// announces a network.
func newLAN6(t *testing.T, firstContact string) (lab *netlab.Lab, b *box, router *netlab.Host, announcer *netlab.Process) {
	t.Helper()
	for _, tool := range []string{"dnsmasq", "curl", "dhclient"} {
		netlab.Tool(t, tool)
	}
	lab = netlab.New(t)
	host := lab.Host("box", "10.77.0.1/24")
	router = lab.Host("router", "10.77.0.254/24")
	for _, h := range []*netlab.Host{host, router} {
		ready6(h)
	}
	announcer = announce(t, router, net6)
	b = newBox(t, "10.77.0.1/24", host.Interface(), "10.77.0.50-10.77.0.99", firstContact, ports{http: 80, https: 443, tftp: 69, dhcp: 67})
	wide := strings.NewReplacer(`http = "10.77.0.1:80"`, `http = ":80"`, `https = "10.77.0.1:443"`, `https = ":443"`, `tftp = "10.77.0.1:69"`, `tftp = ":69"`,
		`admin = "off"`, `admin = ":8443"`)
	text, err := os.ReadFile(b.config)
	if err == nil {
		err = os.WriteFile(b.config, []byte(wide.Replace(string(text))), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.host = host
	b.start(t)
	return lab, b, router, announcer
}

// ready6 has a machine use its addresses at once, without looking for others
// that have them: the tests need not wait for that.
func ready6(h *netlab.Host) {
	_, _ = h.Try(5*time.Second, "sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0", "net.ipv6.conf.eth0.dad_transmits=0")
}

// announce has a router announce a network, by dnsmasq.
func announce(t *testing.T, router *netlab.Host, network string) *netlab.Process {
	t.Helper()
	router.Run(5*time.Second, "ip", "-6", "address", "replace", network+"fe/64", "dev", router.Interface())
	p := router.Start("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--log-facility=-", "--pid-file=", "--dhcp-leasefile=/dev/null",
		"--interface="+router.Interface(), "--enable-ra", "--dhcp-range="+network+",ra-only,64,10m", "--ra-param="+router.Interface()+",mtu:off,4,600")
	waitOutput(t, p, "IPv6 router advertisement enabled")
	return p
}

// told6 waits until the box tells phones an address of a network.
func (b *box) told6(t *testing.T, network string) netip.Addr {
	t.Helper()
	prefix := netip.MustParsePrefix(network + "/64")
	var at netip.Addr
	waitUntil(t, "an address of "+network, func() bool {
		st, err := b.client.Status(t.Context())
		if err != nil {
			return false
		}
		for _, l := range st.Listeners {
			if ap, err := netip.ParseAddrPort(l.Address); err == nil && l.Name == "http" && prefix.Contains(ap.Addr()) {
				at = ap.Addr()
			}
		}
		return at.IsValid()
	})
	return at
}

// station joins a machine with this MAC and waits until it has an address of
// the network.
func station(t *testing.T, lab *netlab.Lab, name, mac, network string) *netlab.Host {
	t.Helper()
	h := lab.Host(name, "")
	h.SetLink(false)
	h.SetMAC(mac)
	ready6(h)
	h.SetLink(true)
	prefix := strings.TrimSuffix(network, ":")
	waitUntil(t, name+"'s address", func() bool {
		out, _ := h.Try(5*time.Second, "ip", "-6", "-brief", "address", "show", "dev", h.Interface(), "scope", "global")
		return strings.Contains(out, prefix)
	})
	return h
}

// asked6 asks by dhclient for what is no address, and gives what it was told.
func asked6(t *testing.T, h *netlab.Host, class string) string {
	t.Helper()
	conf := writeConf(t, "dhclient6.conf", `timeout 4;
option dhcp6.vendor-class code 16 = { unsigned integer 32, unsigned integer 16, text };
option dhcp6.bootfile-url code 59 = text;
send dhcp6.vendor-class 1 `+class+`;
also request dhcp6.bootfile-url;
`)
	script := writeConf(t, "dhclient6.sh", "#!/bin/sh\nenv | grep ^new_ || true\n")
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	out, _ := h.Try(4*time.Second, "timeout", "2", "dhclient", "-6", "-S", "-1", "-d", "-cf", conf, "-sf", script, "-lf", "/dev/null", "-pf", "/dev/null", h.Interface())
	return out
}

// TestIPv6Phone: a phone on a LAN with a router of its own asks by DHCPv6, is
// told the box's IPv6 address, fetches there, is kept on hold, has its PIN
// entered and gets its config; a laptop is told nothing; and when the router
// changes its network, the box tells the new address.
func TestIPv6Phone(t *testing.T) {
	t.Parallel() // it mostly waits, in a network of its own
	lab, b, router, announcer := newLAN6(t, "pin")
	at := b.told6(t, net6)
	d := desks()[0]
	d.b = b
	d.setUp(t)
	d.host = station(t, lab, "phone", d.mac, net6)

	url := "http://[" + at.String() + "]/cfg/"
	out := asked6(t, d.host, `0:7:"`+d.class+`"`)
	if !strings.Contains(out, url) {
		t.Errorf("dhclient was told %q, want %s", out, url)
	}
	laptop := station(t, lab, "laptop", "3c:52:82:00:00:09", net6)
	if out := asked6(t, laptop, `0:4:"MSFT"`); strings.Contains(out, url) || strings.Contains(out, "Reply") {
		t.Errorf("a laptop was answered: %q", out)
	}

	held := d.curl6(t, url)
	expect(t, "by IPv6, first time", held, "200")
	if held.full() {
		t.Error("the full config before any proof")
	}
	if !strings.Contains(held.body, url) || strings.Contains(held.body, "10.77.0.1") {
		t.Errorf("the holding config names the box otherwise than by %s:\n%s", url, held.body)
	}
	if got := laptop.Run(clientTime, "curl", "-sgk", "-o", "/dev/null", "-w", "%{http_code}", "https://["+at.String()+"]/cfg/x"); got == "000" {
		t.Error("HTTPS is not open on IPv6")
	}
	if got := sip6(t, d.host, at); !strings.HasPrefix(got, "SIP/2.0 401") {
		t.Errorf("REGISTER by IPv6: got %q, want a challenge", got)
	}
	router.Run(5*time.Second, "ip", "-6", "address", "add", "2001:db8::9/128", "dev", "lo")
	b.host.Run(5*time.Second, "ip", "-6", "route", "add", "2001:db8::/64", "via", net6+"fe")
	if out, err := router.Try(5*time.Second, "curl", "-sg", "--interface", "2001:db8::9", url+d.config); err == nil {
		t.Errorf("a caller from the Internet got %q", out)
	}
	mac, _ := phone.ParseMAC(d.mac)
	pin, err := b.client.ShowPIN(t.Context(), mac)
	if err != nil {
		t.Fatal(err)
	}
	from, ok := own6(t, d.host)
	if r, err := b.client.EnterPIN(t.Context(), mac, phone.NewSecret(pin.PIN), from); !ok || err != nil || !r.Accepted {
		t.Fatalf("the PIN for %s: %+v, %v", from, r, err)
	}
	login := d.login.FindStringSubmatch(held.body)
	if login == nil {
		t.Fatalf("no login in the holding config:\n%s", held.body)
	}
	if a := d.curl6(t, url, login[1], login[2]); !a.full() {
		t.Errorf("after the PIN: %s %.300s, want the full config", a.status, a.body)
	}

	announcer.Stop()
	router.Run(5*time.Second, "ip", "-6", "address", "del", net6+"fe/64", "dev", router.Interface())
	b.host.Run(5*time.Second, "ip", "-6", "address", "del", at.String()+"/64", "dev", b.host.Interface()) // as when its time is over
	announce(t, router, other6)
	t.Logf("the box tells %s now", b.told6(t, other6))
}

// curl6 asks for the phone's config below a URL as the phone would.
func (d *desk) curl6(t *testing.T, url string, login ...string) answer {
	t.Helper()
	args := []string{"-sg", "-A", d.agent, "-o", "-", "-w", "\n%{http_code}"}
	if len(login) == 2 {
		args = append(args, "--digest", "-u", login[0]+":"+login[1])
	}
	out := d.host.Run(clientTime, "curl", append(args, url+d.config)...)
	i := strings.LastIndex(out, "\n")
	return answer{status: out[i+1:], body: out[:i]}
}

// own6 is a machine's address that the LAN's router led it to.
func own6(t *testing.T, h *netlab.Host) (netip.Addr, bool) {
	t.Helper()
	for _, f := range strings.Fields(h.Run(5*time.Second, "ip", "-6", "-brief", "address", "show", "dev", h.Interface(), "scope", "global")) {
		if p, err := netip.ParsePrefix(f); err == nil {
			return p.Addr(), true
		}
	}
	return netip.Addr{}, false
}

// sip6 sends a REGISTER by UDP and gives the first line of the answer.
func sip6(t *testing.T, h *netlab.Host, to netip.Addr) (line string) {
	t.Helper()
	err := h.Do(func() error {
		conn, err := net.Dial("udp6", netip.AddrPortFrom(to, 5060).String())
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		own, host := conn.LocalAddr().String(), "["+to.String()+"]"
		_, err = fmt.Fprintf(conn, "REGISTER sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-six;rport\r\nMax-Forwards: 70\r\nFrom: <sip:x@%s>;tag=1\r\n"+
			"To: <sip:x@%s>\r\nCall-ID: six\r\nCSeq: 1 REGISTER\r\nContact: <sip:x@%s>\r\nContent-Length: 0\r\n\r\n", host, own, host, host, own)
		if err != nil {
			return err
		}
		b := make([]byte, 2048)
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := conn.Read(b)
		line = firstLine(string(b[:n]))
		return err
	})
	if err != nil {
		t.Errorf("SIP by IPv6: %v", err)
	}
	return line
}
