package integration

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/vendors"
)

// writeConf keeps a program's settings as long as the test.
func writeConf(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// startDnsmasq runs dnsmasq as a DHCP server only. It looks for nobody's address
// before it offers one: that takes three seconds for each client.
func startDnsmasq(t *testing.T, h *netlab.Host, conf string) {
	t.Helper()
	dir := t.TempDir()
	path := writeConf(t, "dnsmasq.conf", "port=0\nno-ping\ndhcp-authoritative\nuser=root\nlog-dhcp\nlog-facility=-\ndhcp-leasefile="+filepath.Join(dir, "leases")+"\npid-file="+filepath.Join(dir, "pid")+"\n"+conf)
	p := h.Start(netlab.Tool(t, "dnsmasq"), "-k", "-C", path)
	waitOutput(t, p, "DHCP, IP range")
}

func startKea(t *testing.T, h *netlab.Host, classes string) {
	t.Helper()
	dir := t.TempDir()
	path := writeConf(t, "kea.json", `{"Dhcp4": {
"interfaces-config": {"interfaces": ["`+h.Interface()+`"]},
"lease-database": {"type": "memfile", "persist": false},
"loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]}],
"subnet4": [{"subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.150"}]}],
`+classes+`}}`)
	p := h.Start("env", "KEA_PIDFILE_DIR="+dir, "KEA_LOCKFILE_DIR=none", netlab.Tool(t, "kea-dhcp4"), "-c", path)
	waitOutput(t, p, "DHCP4_STARTED")
}

func startISC(t *testing.T, h *netlab.Host, conf string) {
	t.Helper()
	path := writeConf(t, "dhcpd.conf", "authoritative;\nping-check false;\nsubnet 10.77.0.0 netmask 255.255.255.0 { range 10.77.0.100 10.77.0.150; }\n"+conf)
	leases := writeConf(t, "leases", "")
	p := h.Start(netlab.Tool(t, "dhcpd"), "-4", "-f", "-d", "-user", "root", "-group", "root", "-cf", path, "-lf", leases, "-pf", filepath.Join(t.TempDir(), "pid"), h.Interface())
	waitOutput(t, p, "Server starting service")
}

// TestDHCPSnippets loads what "lineside dhcp snippet" prints into the real
// servers: the phones are told what the box as a server tells them, the laptop
// nothing.
func TestDHCPSnippets(t *testing.T) {
	netlab.Tool(t, "udhcpc")
	want := serverMode(t)
	for target, start := range map[dhcpopt.Foreign]func(*testing.T, *netlab.Host, string){
		dhcpopt.Dnsmasq: func(t *testing.T, h *netlab.Host, text string) { startDnsmasq(t, h, foreignRange+text) },
		dhcpopt.Kea:     startKea,
		dhcpopt.ISC:     startISC,
	} {
		t.Run(string(target), func(t *testing.T) {
			l := newModeLab(t)
			text, err := dhcpopt.Snippet(target, vendors.All(), vendors.Box{URL: dhcpURL, Addr: netip.MustParseAddr("10.77.0.1"), SIPPort: 5060}, nil)
			if err != nil {
				t.Fatal(err)
			}
			start(t, l.lab.Host("other", "10.77.0.2/24"), text)
			sameLeads(t, want, l.leads())
			if n := l.seen.offersFrom("10.77.0.1"); n != 0 {
				t.Errorf("the box made %d offers with DHCP off", n)
			}
			// A phone without a class is found by its hardware address.
			bare := machine{"bare", "00:15:65:00:02:01", "udhcp"}
			if got := lead(bare.run(t, l.client, l.seen)); got != want["yealink"] {
				t.Errorf("a Yealink without its class was told\n  %s, want\n  %s", got, want["yealink"])
			}
		})
	}
}

// inform has dhcpcd ask for options as m, with the address set by hand.
func (l *modeLab) inform(m machine) *dhcpv4.DHCPv4 {
	l.t.Helper()
	options := "vendor_encapsulated_options,tftp_server_name,bootfile_name"
	conf := writeConf(l.t, "dhcpcd.conf", "define 150 array ipaddress tftp150\ndefine 160 string url160\ndefine 242 string avaya242\ndefine 114 string url114\noption "+options+",tftp150,url160,avaya242,url114\n")
	p := l.client.Start(netlab.Tool(l.t, "dhcpcd"), "-f", conf, "-B", "-4", "-A", "-t", "10", "-c", "/bin/true", "-i", m.class, "--inform", "10.77.0.200/24", l.client.Interface())
	defer p.Stop()
	return l.seen.by(l.t, m.mac, "10.77.0.1") // the other server answers too, and leads nobody
}

// TestDHCPClients runs the other two real clients against the box as a relay and
// as a server: the lead is the same for each.
func TestDHCPClients(t *testing.T) {
	netlab.Tool(t, "dnsmasq")
	dhclient, dhcpcd := netlab.Tool(t, "dhclient"), netlab.Tool(t, "dhcpcd")
	l := newModeLab(t)
	other := l.lab.Host("other", "")
	l.lab.Link("uplink", l.box, "10.78.0.1/24", other, "10.78.0.2/24")
	other.Route("10.77.0.0/24", "10.78.0.1")
	startDnsmasq(t, other, foreignRange)
	l.serve(dhcpopt.Config{Mode: dhcpopt.ModeRelay, Upstream: []netip.AddrPort{netip.MustParseAddrPort("10.78.0.2:67")}})
	for _, m := range []machine{tenPhones[0], tenPhones[1], laptop} {
		want := lead(m.run(t, l.client, l.seen))
		dir := t.TempDir()
		conf := writeConf(t, "dhclient.conf", "option p160 code 160 = text;\noption p150 code 150 = text;\noption p43 code 43 = string;\nalso request tftp-server-name, bootfile-name, p160, p150, vendor-encapsulated-options;\nsend vendor-class-identifier \""+m.class+"\";\n")
		got := lead(m.got(t, l.client, l.seen, dhclient, "-4", "-1", "-cf", conf, "-lf", filepath.Join(dir, "l"), "-pf", filepath.Join(dir, "p"), "-sf", "/bin/true", l.client.Interface()))
		if got != want {
			t.Errorf("%s by dhclient was told %s, want %s", m.name, got, want)
		}
		l.client.Try(5*time.Second, dhclient, "-4", "-x", "-pf", filepath.Join(dir, "p"), "-sf", "/bin/true", l.client.Interface())
		dconf := writeConf(t, "dhcpcd.conf", "define 150 array ipaddress tftp150\ndefine 160 string url160\noption vendor_encapsulated_options,tftp_server_name,bootfile_name,tftp150,url160\n")
		l.client.SetMAC(m.mac)
		l.seen.forget(m.mac)
		p := l.client.Start(dhcpcd, "-f", dconf, "-B", "-4", "-A", "-t", "10", "-c", "/bin/true", "-i", m.class, l.client.Interface())
		if got := lead(l.seen.of(t, m.mac)); got != want {
			t.Errorf("%s by dhcpcd was told %s, want %s", m.name, got, want)
		}
		p.Stop()
	}
}
