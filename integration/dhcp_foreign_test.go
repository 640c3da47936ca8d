package integration

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lineside/lineside/internal/netlab"
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
func startDnsmasq(t *testing.T, h *netlab.Host, conf string) *netlab.Process {
	t.Helper()
	dir := t.TempDir()
	path := writeConf(t, "dnsmasq.conf", "port=0\nno-ping\ndhcp-authoritative\nuser=root\nlog-dhcp\nlog-facility=-\ndhcp-leasefile="+filepath.Join(dir, "leases")+"\npid-file="+filepath.Join(dir, "pid")+"\n"+conf)
	p := h.Start(netlab.Tool(t, "dnsmasq"), "-k", "-C", path)
	waitOutput(t, p, "DHCP, IP range")
	return p
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

// startISC runs dhcpd so that it gives whole leases: by itself it gives what is
// left of one, which is a second less now and then.
func startISC(t *testing.T, h *netlab.Host, conf string) {
	t.Helper()
	path := writeConf(t, "dhcpd.conf", "authoritative;\nping-check false;\ndhcp-cache-threshold 0;\nsubnet 10.77.0.0 netmask 255.255.255.0 { range 10.77.0.100 10.77.0.150; }\n"+conf)
	leases := writeConf(t, "leases", "")
	p := h.Start(netlab.Tool(t, "dhcpd"), "-4", "-f", "-d", "-user", "root", "-group", "root", "-cf", path, "-lf", leases, "-pf", filepath.Join(t.TempDir(), "pid"), h.Interface())
	waitOutput(t, p, "Server starting service")
}
