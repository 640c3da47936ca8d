package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/httpd"
	"github.com/lineside/lineside/tftpd"
)

func (b *box) openOperatorDoor(ctx context.Context, operator *admin.Server) error {
	l, err := openOperator(ctx, b.settings.Listen.Socket)
	if err != nil {
		return err
	}
	b.addDoor("socket", l.Addr().String(), l, func(ctx context.Context) error { return operator.ServeSocket(ctx, l) })
	return nil
}

// openDoors opens every listener before any serves: a box with one door missing
// does not start half. All that is taken is told at once.
func (b *box) openDoors(ctx context.Context, operator *admin.Server, certs *tls.Config) error {
	web, err := httpd.New(httpd.Config{NoClientCertificates: len(b.cas) == 0, ClientCAs: b.cas.All()}, b.desk, b.log, b.metrics)
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range b.settings.doors() {
		d = d.on(b.where.Self.Addr())
		switch d.name {
		case "DHCP":
			err = b.openDHCP(ctx, d)
		case "TFTP":
			err = b.openTFTP(ctx, d)
		case "HTTP":
			err = b.openTCP(ctx, d, web.Serve)
		case "HTTPS":
			err = b.openTCP(ctx, d, func(ctx context.Context, l net.Listener) error { return web.ServeTLS(ctx, l, certs) })
		case "admin":
			err = b.openTCP(ctx, d, func(ctx context.Context, l net.Listener) error { return operator.ServeTLS(ctx, l, certs) })
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (b *box) openDHCP(ctx context.Context, d door) error {
	srv, err := dhcpopt.New(b.settings.dhcpConfig(b.where), dhcpopt.Deps{
		Leases: b.store, Desk: b.desk, Log: b.log, Metrics: b.metrics, Health: b.health, Now: b.now,
	})
	if err != nil {
		return err
	}
	conn, err := d.openPacket(ctx, b.where.Interface)
	if err != nil {
		return err
	}
	b.addDoor("dhcp", conn.LocalAddr().String(), conn, func(ctx context.Context) error { return srv.Serve(ctx, conn) })
	return nil
}

func (b *box) openTFTP(ctx context.Context, d door) error {
	srv, err := tftpd.New(tftpd.Config{}, b.desk, b.log, b.metrics)
	if err != nil {
		return err
	}
	conn, err := d.openPacket(ctx, "")
	if err != nil {
		return err
	}
	b.addDoor("tftp", conn.LocalAddr().String(), conn, func(ctx context.Context) error { return srv.Serve(ctx, conn) })
	return nil
}

func (b *box) openTCP(ctx context.Context, d door, serve func(context.Context, net.Listener) error) error {
	l, err := d.openStream(ctx)
	if err != nil {
		return err
	}
	b.addDoor(d.title(), l.Addr().String(), l, func(ctx context.Context) error { return serve(ctx, l) })
	return nil
}

func (b *box) addDoor(name, addr string, socket interface{ Close() error }, serve func(context.Context) error) {
	b.listeners = append(b.listeners, admin.Listener{Name: name, Address: addr})
	b.sockets = append(b.sockets, socket)
	b.doors = append(b.doors, newServer(name, serve))
}
