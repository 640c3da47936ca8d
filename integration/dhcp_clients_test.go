package integration

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/internal/netlab"
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

// dhcpClient is a real program that asks for an address as a machine.
type dhcpClient struct {
	name string
	// command is the program with its arguments, to stay in the foreground.
	command func(t *testing.T, h *netlab.Host, m machine) []string
	// bound is what it writes before the address it took.
	bound string
}

// dhcpClients all ask for the options phones are led by.
var dhcpClients = []dhcpClient{
	{"udhcpc", udhcpcCommand, "lease of "},
	{"dhclient", dhclientCommand, "bound to "},
	{"dhcpcd", dhcpcdCommand, "leased "},
}

func udhcpcCommand(t *testing.T, h *netlab.Host, m machine) []string {
	command := []string{netlab.Tool(t, "udhcpc"), "-f", "-n", "-t", "5", "-T", "1", "-i", h.Interface(), "-s", "/bin/true", "-V", m.class}
	for _, code := range leadCodes {
		command = append(command, "-O", fmt.Sprint(code))
	}
	return command
}

func dhclientCommand(t *testing.T, h *netlab.Host, m machine) []string {
	dir := t.TempDir()
	conf := writeConf(t, "dhclient.conf", `option p114 code 114 = text;
option p150 code 150 = text;
option p160 code 160 = text;
option p242 code 242 = text;
also request tftp-server-name, bootfile-name, vendor-encapsulated-options, p114, p150, p160, p242;
send vendor-class-identifier "`+m.class+`";
`)
	return []string{netlab.Tool(t, "dhclient"), "-4", "-d", "-cf", conf, "-lf", filepath.Join(dir, "l"), "-pf", filepath.Join(dir, "p"), "-sf", "/bin/true", h.Interface()}
}

// dhcpcdCommand gives dhcpcd folders of its own, in the mount namespace that "ip
// netns exec" makes: it keeps leases and sockets by the interface's name, which
// is the same on every machine here.
func dhcpcdCommand(t *testing.T, h *netlab.Host, m machine) []string {
	conf := writeConf(t, "dhcpcd.conf", `define 114 string url114
define 150 array ipaddress tftp150
define 160 string url160
define 242 string avaya242
option vendor_encapsulated_options,tftp_server_name,bootfile_name,url114,tftp150,url160,avaya242
nodelay
`)
	return []string{"sh", "-c", `mount -t tmpfs none /run && mount -t tmpfs none /var/lib/dhcpcd && exec "$@"`, "sh",
		netlab.Tool(t, "dhcpcd"), "-f", conf, "-B", "-4", "-A", "-t", "10", "-c", "/bin/true", "-i", m.class, h.Interface()}
}

// run gets an address as m, and gives the ACK it was sent once the client says
// that it took the address.
func (c dhcpClient) run(t *testing.T, h *netlab.Host, r *recorder, m machine) *dhcpv4.DHCPv4 {
	t.Helper()
	h.SetAddress("")
	h.SetMAC(m.mac)
	r.forget(m.mac)
	command := c.command(t, h, m)
	p := h.Start(command[0], command[1:]...)
	defer p.Stop()
	ack := r.of(t, m.mac)
	waitOutput(t, p, c.bound+ack.YourIPAddr.String())
	return ack
}

// run gets an address as m, by udhcpc, and gives the ACK it was sent.
func (m machine) run(t *testing.T, h *netlab.Host, r *recorder) *dhcpv4.DHCPv4 {
	t.Helper()
	return dhcpClients[0].run(t, h, r, m)
}

// inform has dhcpcd ask for options as m, with the address set by hand, and gives
// the ACK of one server.
func (m machine) inform(t *testing.T, h *netlab.Host, r *recorder, server string) *dhcpv4.DHCPv4 {
	t.Helper()
	h.SetMAC(m.mac)
	h.SetAddress("10.77.0.200/24")
	r.forget(m.mac)
	command := dhcpcdCommand(t, h, m)
	command = slices.Insert(command, len(command)-1, "--inform=10.77.0.200/24") // before the interface
	p := h.Start(command[0], command[1:]...)
	defer p.Stop()
	return r.by(t, m.mac, server)
}
