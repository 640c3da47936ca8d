package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/phone"
)

// machine is a /proc and /sys as the doctor reads them.
func machine(files map[string]string) fstest.MapFS {
	m := make(fstest.MapFS)
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// word is an IPv4 address as /proc/net writes it on this machine.
func kernelWord(addr string) string {
	a := netip.MustParseAddr(addr).As4()
	return fmt.Sprintf("%08X", binary.NativeEndian.Uint32(a[:]))
}

func row(addr string, port int, state, inode string) string {
	return fmt.Sprintf("   1: %s:%04X 00000000:0000 %s 00000000:00000000 00:00000000 00000000     0        0 %s 2 0 0\n", kernelWord(addr), port, state, inode)
}

func TestDoctorNamesWhoHasAPort(t *testing.T) {
	const established, listens, unconnected = "01", "0A", "07"
	for name, tt := range map[string]struct {
		udp, tcp string
		running  bool
		comm     string
		want     string
	}{
		"all free":                     {want: "ok: lineside does not run; its 7 ports are free"},
		"another web server":           {tcp: row("0.0.0.0", 80, listens, "42"), comm: "nginx", want: "bad: tcp 10.20.0.1:80 is taken by nginx (process 7)"},
		"one on another address":       {tcp: row("127.0.0.1", 80, listens, "42"), comm: "nginx", want: "ok: lineside does not run; its 7 ports are free"},
		"a connection, no server":      {tcp: row("10.20.0.1", 80, established, "42"), comm: "curl", want: "ok: lineside does not run; its 7 ports are free"},
		"a DHCP server":                {udp: row("0.0.0.0", 67, unconnected, "42"), comm: "dnsmasq", want: "bad: udp 0.0.0.0:67 is taken by dnsmasq (process 7)"},
		"one only root may know":       {udp: row("10.20.0.1", 69, unconnected, "43"), comm: "nginx", want: "bad: udp 10.20.0.1:69 is taken by a process only root can name"},
		"lineside runs without a port": {running: true, comm: "lineside", want: "bad: udp 0.0.0.0:67 is not open, although lineside runs"},
	} {
		t.Run(name, func(t *testing.T) {
			const head = "  sl  local_address rem_address   st tx_queue\n"
			root := machine(map[string]string{"proc/self/net/udp": head + tt.udp, "proc/self/net/tcp": head + tt.tcp, "proc/7/comm": tt.comm + "\n"})
			root["proc/7/fd/3"] = &fstest.MapFile{Data: []byte("socket:[42]"), Mode: fs.ModeSymlink}
			s, err := parseSettings("x", []byte("[dhcp]\npool = \"10.20.0.50-10.20.0.60\"\n"))
			if err != nil {
				t.Fatal(err)
			}
			d := &doctor{settings: s, where: lan{"eth0", netip.MustParsePrefix("10.20.0.1/24")}, root: root, running: tt.running}
			got := d.ports(t.Context())
			if line := string(got[0].Result) + ": " + got[0].Found; line != tt.want {
				t.Errorf("got %q, want %q", line, tt.want)
			}
		})
	}
}

func TestDoctorReadsTheMachine(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		look  func(*doctor) []finding
		want  string
	}{
		"interface with VLAN":   {map[string]string{"sys/class/net/v/mtu": "1500\n", "sys/class/net/v/carrier": "1\n", "proc/self/net/vlan/v": "v  VID: 20\t REORDER_HDR: 1\n"}, lanOf, "ok: v has 10.20.0.1/24, VLAN 20, MTU 1500"},
		"cable pulled":          {map[string]string{"sys/class/net/v/mtu": "1500\n", "sys/class/net/v/carrier": "0\n"}, lanOf, "bad: v has 10.20.0.1/24, MTU 1500, no carrier"},
		"small packets":         {map[string]string{"sys/class/net/v/mtu": "1400\n", "sys/class/net/v/carrier": "1\n"}, lanOf, "warn: v has 10.20.0.1/24, MTU 1400"},
		"a way out":             {map[string]string{"proc/self/net/route": "Iface\tDestination\nv\t00000000\t" + kernelWord("10.20.0.254") + "\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"}, func(d *doctor) []finding { return d.route(context.Background()) }, "ok: by 10.20.0.254 on v"},
		"no way out":            {map[string]string{"proc/self/net/route": "Iface\tDestination\n"}, func(d *doctor) []finding { return d.route(context.Background()) }, "warn: there is none"},
		"kernel's own buffers":  {map[string]string{"proc/sys/net/core/rmem_max": "212992\n"}, func(d *doctor) []finding { return d.buffers(context.Background()) }, "warn: net.core.rmem_max is 212992, less than 16777216"},
		"buffers for a house":   {map[string]string{"proc/sys/net/core/rmem_max": "16777216\n"}, func(d *doctor) []finding { return d.buffers(context.Background()) }, "ok: net.core.rmem_max is 16777216"},
		"room for the devices":  {map[string]string{"proc/sys/net/ipv4/neigh/default/gc_thresh3": "1024\n"}, func(d *doctor) []finding { d.devices = 800; return d.neighbours(context.Background()) }, "ok: it holds 1024 neighbours, and at most 800 devices are to be expected"},
		"more devices than fit": {map[string]string{"proc/sys/net/ipv4/neigh/default/gc_thresh3": "1024\n"}, func(d *doctor) []finding { d.devices = 900; return d.neighbours(context.Background()) }, "warn: it holds 1024 neighbours, and 900 devices may be on the LAN"},
		"nothing to be seen":    {nil, func(d *doctor) []finding { return d.neighbours(context.Background()) }, "unknown: not looked at: this machine does not show net.ipv4.neigh.default.gc_thresh3"},
		"iptables filters":      {map[string]string{"proc/self/net/ip_tables_names": "nat\nfilter\n"}, func(d *doctor) []finding { return d.firewall(context.Background()) }, "warn: iptables filters what comes in"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &doctor{where: lan{"v", netip.MustParsePrefix("10.20.0.1/24")}, root: machine(tt.files), devices: -1}
			d.settings.DHCP.Mode = dhcpopt.ModeServer
			got := tt.look(d)
			if line := string(got[0].Result) + ": " + got[0].Found; line != tt.want {
				t.Errorf("got %q, want %q", line, tt.want)
			}
			if f := got[0]; (f.Result == gradeWarn || f.Result == gradeBad) && (f.Notice == "" || f.Do == "") {
				t.Errorf("got %+v, want what phones notice and what to do", f)
			}
		})
	}
}

func lanOf(d *doctor) []finding { return d.lan(context.Background()) }

func TestDoctorWeighsOffers(t *testing.T) {
	for name, tt := range map[string]struct {
		mode dhcpopt.Mode
		lead string
		want grade
	}{
		"a second server beside ours":      {dhcpopt.ModeServer, "http://10.20.0.1/cfg/", gradeBad},
		"the LAN's own, told of the box":   {dhcpopt.ModeOff, "http://10.20.0.1/cfg/", gradeOK},
		"the LAN's own, told nothing":      {dhcpopt.ModeOff, "", gradeWarn},
		"the LAN's own, leads elsewhere":   {dhcpopt.ModeOff, "http://elsewhere.example/", gradeBad},
		"the LAN's own, which we inform":   {dhcpopt.ModeInform, "", gradeOK},
		"informed, and it leads elsewhere": {dhcpopt.ModeInform, "http://elsewhere.example/", gradeBad},
	} {
		t.Run(name, func(t *testing.T) {
			d := &doctor{where: lan{"v", netip.MustParsePrefix("10.20.0.1/24")}}
			d.settings.DHCP.Mode = tt.mode
			a := dhcpopt.Answer{Server: netip.MustParseAddr("10.20.0.2"), Addr: netip.MustParseAddr("10.20.0.70"), Leads: map[uint8]string{}}
			if tt.lead != "" {
				a.Leads[66] = tt.lead
			}
			if got := d.weigh("x", a, tt.mode == dhcpopt.ModeServer); got.Result != tt.want {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
		})
	}
}

// TestDoctorTellsImpostorsByTheirMAC: the box does not hear its own probe, so who
// answers it in the box's name is another; and nobody is told to switch off the
// server that gives the addresses.
func TestDoctorTellsImpostorsByTheirMAC(t *testing.T) {
	upstream := netip.MustParseAddr("10.1.0.5")
	for name, tt := range map[string]struct {
		mode   dhcpopt.Mode
		server netip.Addr
		want   string // in what to do
	}{
		"in the box's name":       {dhcpopt.ModeServer, netip.MustParseAddr("10.20.0.1"), "find 02:aa:00:00:00:66"},
		"in its server's name":    {dhcpopt.ModeRelay, upstream, "find 02:aa:00:00:00:66"},
		"a server of its own":     {dhcpopt.ModeRelay, netip.MustParseAddr("10.20.0.2"), "switch the DHCP server at 10.20.0.2 off"},
		"beside the LAN's own":    {dhcpopt.ModeInform, netip.MustParseAddr("10.20.0.1"), "find 02:aa:00:00:00:66"},
		"a server not relayed to": {dhcpopt.ModeServer, upstream, "switch the DHCP server at 10.1.0.5 off"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &doctor{where: lan{"v", netip.MustParsePrefix("10.20.0.1/24")}}
			d.settings.DHCP.Mode, d.settings.DHCP.Upstream = tt.mode, []netip.AddrPort{netip.AddrPortFrom(upstream, 67)}
			a := dhcpopt.Answer{Server: tt.server, From: phone.MAC{2, 0xaa, 0, 0, 0, 0x66}, Addr: netip.MustParseAddr("10.20.0.70")}
			got := d.weigh("x", a, tt.mode != dhcpopt.ModeInform)
			if got.Result != gradeBad || !strings.Contains(got.Do, tt.want) {
				t.Errorf("got %+v, want %s and %q", got, gradeBad, tt.want)
			}
		})
	}
}

func TestFiltersFindsDropsOfWhatComesIn(t *testing.T) {
	for name, tt := range map[string]struct {
		rules string
		want  bool
	}{
		"policy drop":     {"table inet f {\n\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}\n", true},
		"a rule drops":    {"table inet f {\n\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n\t\tudp dport 69 drop\n\t}\n}\n", true},
		"forwarding only": {"table inet f {\n\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n\t}\n\tchain forward {\n\t\ttype filter hook forward priority 0; policy drop;\n\t}\n}\n", false},
		"none":            {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := filters(tt.rules); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestReadTime(t *testing.T) {
	ask := make([]byte, sntpLength)
	binary.BigEndian.PutUint64(ask[40:], 77)
	good := make([]byte, sntpLength)
	good[0], good[1] = 4<<3|4, 2
	copy(good[24:32], ask[40:48])
	at := time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC)
	binary.BigEndian.PutUint32(good[40:], uint32(at.Unix()+sntpEpoch))
	binary.BigEndian.PutUint32(good[44:], 1<<31)
	got, err := readTime(good, ask)
	if err != nil || !got.Equal(at) {
		t.Errorf("got %v, %v, want %v", got, err, at)
	}
	for name, change := range map[string]func([]byte){
		"an answer to somebody else": func(b []byte) { b[31]++ },
		"a server without a clock":   func(b []byte) { b[0] |= 3 << 6 },
		"a refusal":                  func(b []byte) { b[1] = 0 },
		"a question":                 func(b []byte) { b[0] = 4<<3 | 3 },
	} {
		b := []byte(strings.Clone(string(good)))
		if change(b); string(b) == string(good) {
			t.Fatalf("%s: nothing changed", name)
		}
		if at, err := readTime(b, ask); err == nil {
			t.Errorf("%s: got %v, want it refused", name, at)
		}
	}
}

// FuzzReadTime: what a time server sends is a time within what 32 bits of seconds
// can say, or refused.
func FuzzReadTime(f *testing.F) {
	ask := make([]byte, sntpLength)
	f.Add(ask)
	f.Add([]byte("\x24\x02" + strings.Repeat("\x00", 38) + "\xe5\x00\x00\x00\x80\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		at, err := readTime(b, ask)
		if err == nil && (at.Year() < 1968 || at.Year() > 2104) {
			t.Errorf("got %v of %x, want 1968 to 2104", at, b)
		}
	})
}

// FuzzParseSockets: whatever the kernel's table holds, what is read of it is a
// socket with an address.
func FuzzParseSockets(f *testing.F) {
	f.Add([]byte(row("0.0.0.0", 67, "07", "42") + row("10.0.0.1", 80, "0A", "43")))
	f.Add([]byte("1: 00000000000000000000000001000000:1F90 0:0 0A 0 0 0 0 0 9"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range parseSockets(b) {
			if !s.addr.Addr().IsValid() || s.inode == "" {
				t.Errorf("got %+v, want an address and an inode", s)
			}
		}
	})
}
