package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/tftpd"
)

// door is one listener as operators know it: enough to open it, and to say in
// three parts what it means that it cannot be opened.
type door struct {
	name    string // "DHCP"
	network string // "udp" or "tcp"
	addr    string // ":67"
	key     string // its setting
	rival   string // who else would sit on the port
	lost    string // what phones or operators notice
	remedy  string // what to do other than stopping the rival
}

// doors lists the listeners the settings ask for.
func (s settings) doors() []door {
	all := []door{
		{"TFTP", "udp", s.Listen.TFTP, "listen.tftp", "another TFTP server", "phones that fetch by TFTP get no config", `set listen.tftp = "off"`},
		{"HTTP", "tcp", s.Listen.HTTP, "listen.http", "another web server", "phones get no config", `set listen.http to another port`},
		{"HTTPS", "tcp", s.Listen.HTTPS, "listen.https", "another web server", "phones that fetch by HTTPS get no config", `set listen.https = "off"`},
		{"admin", "tcp", s.Listen.Admin, "listen.admin", "another program", "scripts cannot reach the HTTP API; phones notice nothing", `set listen.admin to another port or "off"`},
	}
	for _, d := range [][2]string{{"SIP", "udp"}, {"SIP-TCP", "tcp"}} {
		all = append(all, door{d[0], d[1], s.Listen.SIP, "listen.sip", "another SIP server or telephone", "phones on hold cannot register, nor call for help through the box", `set listen.sip to another port`})
	}
	all = append(all, door{"SIPS", "tcp", s.Listen.SIPS, "listen.sips", "another SIP server", "phones on hold cannot register by TLS", `set listen.sips = "off"`})
	if s.DHCP.serves() {
		all = append([]door{{"DHCP", "udp", s.DHCP.Listen, "dhcp.listen", "another DHCP server", "phones will not get options", `set dhcp.mode = "off"`}}, all...)
	}
	open := all[:0]
	for _, d := range all {
		if d.addr != "" {
			open = append(open, d)
		}
	}
	return open
}

// on names the address a door is opened at where its setting names only a port:
// that of the phones' LAN, so that nothing listens on an uplink unasked. DHCP
// has to hear broadcasts, and is bound to the interface instead.
func (d door) on(self netip.Addr) door {
	host, port, err := net.SplitHostPort(d.addr)
	if err == nil && host == "" && d.name != "DHCP" && self.IsValid() {
		d.addr = net.JoinHostPort(self.String(), port)
	}
	return d
}

// title is the door's name in logs and in "lineside status".
func (d door) title() string { return strings.ToLower(d.name) }

// explain turns the system's error into three parts: what happened, what is
// noticed, what to do.
func (d door) explain(err error) error {
	where := d.network + " " + d.addr
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is taken: %s runs here, %s; stop it or %s", where, d.rival, d.lost, d.remedy)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be opened: ports below 1024 and interfaces need a privilege, %s; start lineside by systemd or as root, or %s", where, d.lost, d.remedy)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return absent("%s is on no interface of this box: %s; correct %s, \"ip -brief address\" lists the addresses", where, d.lost, d.key)
	case errors.Is(err, syscall.ENODEV):
		return absent("%s: the interface does not exist: %s; correct listen.interface, \"ip -brief link\" lists them", where, d.lost)
	}
	return fmt.Errorf("%s cannot be opened: %w: %s; correct %s", where, err, d.lost, d.key)
}

// openPacket opens the socket of a UDP door. An interface is given where only
// its packets are to be seen.
func (d door) openPacket(ctx context.Context, mode dhcpopt.Mode, iface string) (net.PacketConn, error) {
	var conn net.PacketConn
	var err error
	if d.name == "DHCP" {
		conn, err = listenDHCP(ctx, mode, iface, d.addr)
	} else {
		conn, err = tftpd.Listen(ctx, "udp", d.addr)
	}
	if err != nil {
		return nil, d.explain(err)
	}
	return conn, nil
}

// listenDHCP binds to the interface, but for a relay: its servers are elsewhere.
func listenDHCP(ctx context.Context, mode dhcpopt.Mode, iface, addr string) (net.PacketConn, error) {
	at, err := net.ResolveUDPAddr("udp4", addr)
	if err != nil {
		return nil, err
	}
	ip, ok := netip.AddrFromSlice(at.IP.To4())
	if !ok {
		ip = netip.IPv4Unspecified()
	}
	where := netip.AddrPortFrom(ip, uint16(at.Port))
	if mode == dhcpopt.ModeRelay {
		return dhcpopt.ListenRelay(ctx, iface, where)
	}
	return dhcpopt.Listen(ctx, iface, where)
}

// openStream opens the socket of a TCP door.
func (d door) openStream(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", d.addr)
	if err != nil {
		return nil, d.explain(err)
	}
	return l, nil
}

// openOperator makes the operator's unix socket. A socket left behind by a
// daemon that was killed is taken over; one that answers is not.
func openOperator(ctx context.Context, path string) (net.Listener, error) {
	if answers(path) {
		return nil, fmt.Errorf("another lineside answers at %s: two cannot serve one LAN; stop it (systemctl stop lineside) or set listen.socket", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the directory of the operator's socket: %w: the command line will not reach the daemon; start lineside by systemd, or set listen.socket", err)
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("%s is there and is no socket: the command line would not reach the daemon; move it away or set listen.socket", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("take over the socket %s: %w; remove it by hand", path, err)
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w: the command line will not reach the daemon; set listen.socket", path, err)
	}
	// Connecting needs the right to write, which no usual umask gives to
	// others even before this line.
	if err := os.Chmod(path, 0o660); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("protect the socket %s: %w", path, err)
	}
	return l, nil
}

// answers reports that a daemon accepts on the unix socket at path.
func answers(path string) bool {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
