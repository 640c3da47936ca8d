package integration

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lineside/lineside/internal/netlab"
)

// The wire between server and generator, and where the pool begins.
const (
	benchWire   = "bench"
	benchServer = "10.64.0.1"
	benchRelay  = "10.64.0.2"
)

var benchPool = netip.MustParseAddr("10.65.0.0")

// benchedDHCP is a server as it is measured: settings that are fair to it, and
// what it has on disk when its ACK leaves.
type benchedDHCP struct {
	name, durable string
	// spread is how many addresses the pool has for one client.
	spread float64
	// command is the program and its arguments; files go to dir.
	command func(b *testing.B, dir string, first, last netip.Addr) []string
}

// benchedServers are the box and its peers. All serve the same network to one
// relay, with leases of two minutes, and no server asks the LAN whether an
// address is taken before it offers it: the box does not either.
func benchedServers(b *testing.B) []benchedDHCP {
	return []benchedDHCP{
		{"lineside", "every lease synced before its ACK, in groups", 2.5, benchBox},
		{"Kea (memfile)", "appended to a file before the ACK, not synced", 1.25, benchKea},
		{"dnsmasq", "file written anew for each lease, not synced", 1.25, benchDnsmasq},
		{"ISC dhcpd", "synced before the ACK, up to 28 at once (delayed-ack)", 1.25, benchISC},
		{"udhcpd", "in memory; a file every two hours", 1.25, benchUdhcpd},
	}
}

func benchBox(b *testing.B, dir string, first, last netip.Addr) []string {
	return []string{builtBox(b), "run", "--config", writeConf(b, "lineside.toml", fmt.Sprintf(`state = %q
[listen]
interface = %q
address = "%s/12"
admin = "off"
socket = %q
[dhcp]
pool = "%s-%s"
lease = "2m"
`, filepath.Join(dir, "state"), benchWire, benchServer, filepath.Join(dir, "s"), first, last))}
}

// benchKea runs one thread, as it does best on one processor, takes relayed
// packets from a plain socket, and looks for no reservations.
func benchKea(b *testing.B, dir string, first, last netip.Addr) []string {
	conf := writeConf(b, "kea.json", fmt.Sprintf(`{"Dhcp4": {
"interfaces-config": {"interfaces": ["%s/%s"], "dhcp-socket-type": "udp"},
"lease-database": {"type": "memfile", "persist": true, "name": "%s/leases.csv", "lfc-interval": 0},
"multi-threading": {"enable-multi-threading": false},
"reservations-global": false, "reservations-in-subnet": false, "reservations-out-of-pool": false,
"valid-lifetime": 120,
"loggers": [{"name": "kea-dhcp4", "severity": "WARN", "output_options": [{"output": "stdout"}]}],
"subnet4": [{"subnet": "10.64.0.0/12", "pools": [{"pool": "%s-%s"}]}]}}`, benchWire, benchServer, dir, first, last))
	return []string{"env", "KEA_PIDFILE_DIR=" + dir, "KEA_LOCKFILE_DIR=none", netlab.Tool(b, "kea-dhcp4"), "-c", conf}
}

func benchDnsmasq(b *testing.B, dir string, first, last netip.Addr) []string {
	return []string{
		netlab.Tool(b, "dnsmasq"), "-C", "/dev/null", "-k", "-p", "0", "-i", benchWire, "--no-ping", "--quiet-dhcp", "--log-facility=/dev/null",
		"--dhcp-authoritative", "--dhcp-lease-max=65536", "--dhcp-leasefile=" + filepath.Join(dir, "leases"),
		fmt.Sprintf("--dhcp-range=%s,%s,255.240.0.0,120s", first, last),
	}
}

func benchISC(b *testing.B, dir string, first, last netip.Addr) []string {
	conf := writeConf(b, "dhcpd.conf", fmt.Sprintf("authoritative; ping-check false; delayed-ack 28; default-lease-time 120; max-lease-time 120;\n"+
		"subnet 10.64.0.0 netmask 255.240.0.0 { range %s %s; }\n", first, last))
	return []string{
		netlab.Tool(b, "dhcpd"), "-4", "-f", "-q", "-user", "root", "-group", "root", "-cf", conf,
		"-lf", writeConf(b, "dhcpd.leases", ""), "-pf", filepath.Join(dir, "pid"), benchWire,
	}
}

func benchUdhcpd(b *testing.B, dir string, first, last netip.Addr) []string {
	conf := writeConf(b, "udhcpd.conf", strings.Join([]string{
		"start " + first.String(), "end " + last.String(), "interface " + benchWire, "max_leases 65536",
		"lease_file " + writeConf(b, "udhcpd.leases", ""), "pidfile " + filepath.Join(dir, "pid"),
		"option subnet 255.240.0.0", "option lease 120", "",
	}, "\n"))
	return []string{netlab.Tool(b, "udhcpd"), "-f", "-a", "0", conf}
}
