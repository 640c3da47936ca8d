package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/neigh"
	"github.com/lineside/lineside/phone"
)

// six is what the box has of IPv6: the LAN's addresses as they come and go, and
// the doors that are open on them.
type six struct {
	addresses *neigh.Addresses // nil: the box has no IPv6
	doors     []opened
	dhcp      net.PacketConn
}

// named reports that configs may name the box by IPv6: what they lead to is open
// there.
func (s *six) named() bool {
	has := func(key string) bool {
		return slices.ContainsFunc(s.doors, func(o opened) bool { return o.key == key })
	}
	return s.addresses != nil && has("listen.http") && has("listen.sip")
}

// openSix opens the doors given by a port alone on the LAN's IPv6 addresses as
// well. Each is on every address the interface has, now or later, and tied to the
// interface, so that nothing listens on an uplink unasked. A box without IPv6
// serves by IPv4 as before, so nothing here keeps it from starting.
func (b *box) openSix(ctx context.Context) {
	iface := b.where.Interface
	if iface == "" || !b.settings.Listen.IPv6 {
		return
	}
	b.six.addresses = neigh.NewAddresses(iface, b.log)
	for _, d := range b.settings.doors() {
		host, port, err := net.SplitHostPort(d.addr)
		if err != nil || host != "" || d.name == "DHCP" {
			continue
		}
		d.addr = net.JoinHostPort("::", port)
		o, err := b.openDoorSix(ctx, d)
		if err != nil {
			b.tellSix(d.explain(err), err)
			continue
		}
		if o.stream != nil {
			o.stream = nearListener{o.stream, b.near}
		}
		b.opened, b.six.doors = append(b.opened, o), append(b.six.doors, o)
		b.sockets = append(b.sockets, o)
	}
	if !b.settings.DHCP.serves6() {
		return
	}
	conn, err := dhcpopt.ListenSix(ctx, iface)
	if err != nil {
		b.tellSix(err, err)
		return
	}
	b.six.dhcp = conn
	b.sockets = append(b.sockets, conn)
}

// tellSix says that a door has no IPv6; where the system has none, nobody wants
// to hear of it.
func (b *box) tellSix(text, err error) {
	if errors.Is(err, syscall.EAFNOSUPPORT) || errors.Is(err, syscall.EADDRNOTAVAIL) {
		b.log.Debug("no IPv6 here", "err", text)
		return
	}
	b.log.Warn("a door is not open on IPv6: phones that prefer it do not get through there; listen.ipv6 = false switches IPv6 off", "err", text)
}

// near reports that an IPv6 address may come to the doors: one of the link, of its
// networks at this moment, of the phones' others, or local to the site (RFC
// 4193). No NAT stands between the Internet and an announced address, and not
// every router keeps strangers out.
func (b *box) near(a netip.Addr) bool {
	a = a.WithZone("")
	in := func(p netip.Prefix) bool { return p.Contains(a) }
	return a.IsLinkLocalUnicast() || a.Is6() && a.IsPrivate() || slices.ContainsFunc(b.six.networks(), in) || slices.ContainsFunc(b.settings.Listen.Phones, in)
}

// onLink reports that an address is one of the LAN's own IPv6 networks: no router
// stands between, and each host there has addresses of its own.
func (b *box) onLink(a netip.Addr) bool {
	a = a.WithZone("")
	return a.IsLinkLocalUnicast() || slices.ContainsFunc(b.six.networks(), func(p netip.Prefix) bool { return p.Contains(a) })
}

// nearListener shuts the door on who is not near, before a byte is read.
type nearListener struct {
	net.Listener
	near func(netip.Addr) bool
}

// Accept gives the next connection of who is.
func (l nearListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if a, ok := c.RemoteAddr().(*net.TCPAddr); ok && l.near(a.AddrPort().Addr()) {
			return c, nil
		}
		_ = c.Close()
	}
}

// openSix opens a door's socket on IPv6 alone, tied to the interface.
func (d door) openSix(ctx context.Context, iface string) (o opened, err error) {
	o.door, o.six = d, true
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = unix.BindToDevice(int(fd), iface)
			if d.network == "udp" && unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, sixBuffer) != nil {
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, sixBuffer)
			}
		})
		return errors.Join(err, failed)
	}}
	if d.network == "udp" {
		o.conn, err = lc.ListenPacket(ctx, "udp6", d.addr)
	} else {
		o.stream, err = lc.Listen(ctx, "tcp6", d.addr)
	}
	return o, err
}

// sixBuffer is what a UDP door asks of the kernel, in bytes, as on IPv4.
const sixBuffer = 16 << 20

// addSix keeps the addresses, and puts a server behind DHCPv6.
func (b *box) addSix() error {
	if b.six.addresses == nil {
		return nil
	}
	if err := b.six.addresses.Look(); err != nil {
		b.log.Debug("IPv6 addresses", "err", err)
	}
	b.base = append(b.base, newServer("addresses", b.six.addresses.Run))
	if b.six.dhcp == nil {
		return nil
	}
	ifi, err := net.InterfaceByName(b.where.Interface)
	if err != nil || len(ifi.HardwareAddr) != len(phone.MAC{}) {
		return nil // no Ethernet: no phones
	}
	srv, err := dhcpopt.NewSix(dhcpopt.SixConfig{
		Interface: b.where.Interface, Hardware: phone.MAC(ifi.HardwareAddr), DNS: b.settings.DHCP.DNS6, NTP: b.settings.DHCP.NTP6,
		Link: b.six.addresses.Link, Refresh: b.settings.DHCP.Lease,
	}, b.desk, b.six.addresses.Self, b.dhcpDeps())
	if err != nil {
		return err
	}
	b.addDoor("dhcp6", b.six.dhcp.LocalAddr().String(), func(ctx context.Context) error { return srv.Serve(ctx, b.six.dhcp) })
	return nil
}

// listeners are the doors on IPv6 for "lineside status", by the address that
// phones are told at this moment; none while there is none.
func (s six) listeners() (list []admin.Listener) {
	if s.addresses == nil || !s.addresses.Self().IsValid() {
		return nil
	}
	for _, o := range s.doors {
		_, port, _ := net.SplitHostPort(o.at())
		l := o.listener(o.title())
		l.Address = net.JoinHostPort(s.addresses.Self().String(), port)
		list = append(list, l)
	}
	return list
}

// networks are the LAN's IPv6 networks at this moment. Link-local addresses are
// none: in a SIP message nobody can say which interface they belong to.
func (s *six) networks() (list []netip.Prefix) {
	if s.addresses == nil {
		return nil
	}
	for _, p := range s.addresses.Prefixes() {
		if !p.Addr().IsLinkLocalUnicast() {
			list = append(list, p)
		}
	}
	return list
}
