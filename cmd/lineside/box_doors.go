package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/httpd"
	"github.com/lineside/lineside/tftpd"
)

// opened is a door whose socket is open: one of the two, by its network.
type opened struct {
	door
	conn   net.PacketConn
	stream net.Listener
	six    bool // on the LAN's IPv6 addresses
	passed bool // by systemd
}

// openSockets opens every listener before any serves: a box with one door
// missing does not start half. All that is taken is told at once.
func (b *box) openSockets(ctx context.Context) (err error) {
	if b.operator, err = openOperator(ctx, b.settings.Listen.Socket); err != nil {
		return err
	}
	b.sockets = append(b.sockets, b.operator)
	var errs []error
	for _, d := range b.settings.doors() {
		o, err := b.openDoor(ctx, d.on(b.where.Self.Addr()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b.opened = append(b.opened, o)
		b.sockets = append(b.sockets, o)
	}
	b.openSix(ctx)
	if err = errors.Join(append(errs, b.openSIP(ctx))...); err != nil {
		return b.doubted(err)
	}
	b.tellBuffers()
	b.tellTurnedBack(turnedBackNote)
	b.tellPassed()
	return b.silenceRest()
}

// open opens a door's socket. DHCP alone is tied to the interface.
func (d door) open(ctx context.Context, mode dhcpopt.Mode, iface string) (o opened, err error) {
	o.door = d
	if d.network != "udp" {
		o.stream, err = d.openStream(ctx)
		return o, err
	}
	if d.name != "DHCP" {
		iface = ""
	}
	o.conn, err = d.openPacket(ctx, mode, iface)
	return o, err
}

// Close closes the socket.
func (o opened) Close() error {
	if o.conn != nil {
		return o.conn.Close()
	}
	return o.stream.Close()
}

// at is the address it has.
func (o opened) at() string {
	if o.passed {
		return wide(o.addr)
	}
	if o.conn != nil {
		return o.conn.LocalAddr().String()
	}
	return o.stream.Addr().String()
}

// addDoors puts a server behind each socket.
func (b *box) addDoors(operator *admin.Server, certs *tls.Config) error {
	web, err := httpd.New(httpd.Config{NoClientCertificates: len(b.cas) == 0, ClientCAs: b.cas.All()}, b.desk, b.log, b.metrics)
	if err != nil {
		return err
	}
	b.list("socket", b.operator.Addr().String())
	b.doors = append(b.doors, newServer("socket", func(ctx context.Context) error { return operator.ServeSocket(ctx, b.operator) }).proved(b.proveSocket))
	if err := b.addSIP(certs); err != nil {
		return err
	}
	for _, o := range b.opened {
		if o.key == "listen.sip" || o.key == "listen.sips" {
			continue // the SIP service's, together
		}
		serve, err := b.behind(o, web, operator, certs)
		if err != nil {
			return err
		}
		b.addOpened(o, serve)
	}
	if err := b.addSix(); err != nil {
		return err
	}
	if err := b.addMDNS(); err != nil {
		return err
	}
	return b.addWatch()
}

// behind makes what serves a door.
func (b *box) behind(o opened, web *httpd.Server, operator *admin.Server, certs *tls.Config) (func(context.Context) error, error) {
	switch o.name {
	case "DHCP":
		return b.behindDHCP(o.conn)
	case "TFTP":
		cfg := tftpd.Config{}
		if o.six {
			cfg.Near = b.near
		}
		srv, err := tftpd.New(cfg, b.desk, b.log, b.metrics)
		return func(ctx context.Context) error { return srv.Serve(ctx, o.conn) }, err
	case "HTTP":
		return func(ctx context.Context) error { return web.Serve(ctx, o.stream) }, nil
	case "HTTPS":
		return func(ctx context.Context) error { return web.ServeTLS(ctx, o.stream, certs) }, nil
	case "admin":
		return func(ctx context.Context) error { return operator.ServeTLS(ctx, o.stream, certs) }, nil
	}
	return nil, fmt.Errorf("nothing serves the door %s", o.name)
}

// addOpened puts a server on a door. One on IPv6 is listed by the address of the
// moment.
func (b *box) addOpened(o opened, serve func(context.Context) error) {
	if o.six {
		b.doors = append(b.doors, newServer(o.title()+" on IPv6", serve).proved(b.doorProof(o)))
		return
	}
	b.listOpened(o, o.title())
	b.doors = append(b.doors, newServer(o.title(), serve).proved(b.doorProof(o)))
}

func (b *box) addDoor(name, addr string, serve func(context.Context) error) {
	b.list(name, addr)
	b.doors = append(b.doors, newServer(name, serve))
}

// listOpened shows a door in "lineside status", with where its socket is from.
func (b *box) listOpened(o opened, name string) { b.listeners = append(b.listeners, o.listener(name)) }

func (o opened) listener(name string) admin.Listener {
	l := admin.Listener{Name: name, Address: o.at()}
	if o.passed {
		l.From = fromSystemd
	}
	return l
}

// list shows a socket of the box's own in "lineside status".
func (b *box) list(name, addr string) {
	b.listeners = append(b.listeners, admin.Listener{Name: name, Address: addr})
}
