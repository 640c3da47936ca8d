package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/health"
)

// Where a listener comes from, as "lineside status" says it; the box's own say
// nothing.
const (
	fromSystemd = "systemd"
	fromUnused  = "systemd, unused"
)

// codePassed is the condition of sockets no box could use.
const codePassed = "socket-units-wrong"

// openDoor takes the socket that systemd has for a door, or opens one.
func (b *box) openDoor(ctx context.Context, d door) (opened, error) {
	p := b.handed.find(d)
	if p == nil {
		return d.open(ctx, b.settings.DHCP.Mode, b.where.Interface)
	}
	o, err := p.serve(d, b.settings.DHCP.Mode, b.where.Interface)
	if err == nil {
		b.took = append(b.took, p)
	}
	return o, err
}

// openDoorSix is openDoor on IPv6.
func (b *box) openDoorSix(ctx context.Context, d door) (opened, error) {
	p := b.handed.find(d)
	if p == nil {
		return d.openSix(ctx, b.where.Interface)
	}
	o := opened{door: d, six: true, passed: true}
	err := p.tie(b.where.Interface)
	switch {
	case err != nil:
	case d.network == "udp":
		o.conn, err = p.packets()
	default:
		o.stream, err = p.stream()
	}
	if err == nil {
		b.took = append(b.took, p)
	}
	return o, err
}

// serve makes a door of the socket, on IPv4.
func (p *passed) serve(d door, mode dhcpopt.Mode, iface string) (o opened, err error) {
	o = opened{door: d, passed: true}
	at, err := netip.ParseAddrPort(wide(d.addr))
	if err != nil {
		return o, fmt.Errorf("take the socket %s: %w", p, err)
	}
	if d.name == "DHCP" { // broadcasts are for no address of ours
		if err = p.control(all); err == nil {
			o.conn, err = p.dhcp(mode, iface)
		}
		return o, err
	}
	if err := p.narrow(at.Addr()); err != nil {
		return o, err
	}
	if d.network == "tcp" {
		l, err := p.stream()
		o.stream = l
		if err == nil && at.Addr() != p.at.Addr() {
			o.stream = narrowListener{l, net.TCPAddrFromAddrPort(at)}
		}
		return o, err
	}
	conn, err := p.packets()
	o.conn = conn
	// The TFTP server answers each packet from where it was sent to, by itself.
	if err == nil && d.name != "TFTP" && at.Addr() != p.at.Addr() {
		o.conn = newNarrowPackets(conn, at)
	}
	return o, err
}

func (p *passed) dhcp(mode dhcpopt.Mode, iface string) (net.PacketConn, error) {
	conn, err := p.packets()
	if err != nil {
		return nil, err
	}
	if mode == dhcpopt.ModeRelay {
		return dhcpopt.AdoptRelay(conn, iface)
	}
	return dhcpopt.Adopt(conn, iface)
}

// silenceRest puts sockets to silence that the settings have no door for, and says
// so. They stay open: settings may want them at the next start.
func (b *box) silenceRest() error {
	if b.handed == nil {
		return nil
	}
	var errs []error
	for _, p := range b.handed.list {
		if slices.Contains(b.took, p) {
			continue
		}
		errs = append(errs, p.silence())
		b.unused = append(b.unused, admin.Listener{Name: p.name, Address: p.at.String(), From: fromUnused})
		b.log.Warn("systemd holds a socket that the settings have no use for; nobody is answered there",
			"front", p.name, "address", p.at, "reason", b.whyUnused(p)+"; to give the port free: systemctl disable --now "+p.unit())
	}
	return errors.Join(errs...)
}

// whyUnused says what the settings have in the place of a socket.
func (b *box) whyUnused(p *passed) string {
	for _, o := range b.opened {
		if o.unit() == p.name && o.network == p.network && o.six == p.at.Addr().Is6() {
			return o.key + " is " + o.addr
		}
	}
	if p.at.Addr().Is6() {
		return "the box has no such door on IPv6"
	}
	return "this door is off"
}

// tellPassed puts before the operator what of systemd's no box could use.
func (b *box) tellPassed() {
	if b.handed == nil || len(b.handed.wrong) == 0 {
		return
	}
	c := health.Condition{
		Code: codePassed, Title: "A socket unit does not fit, and its socket was closed",
		Meaning: "phones notice nothing; at a restart the box cannot keep what they ask at that door meanwhile",
		Do:      "correct the unit, then: systemctl daemon-reload; systemctl restart lineside-*.socket lineside",
		Detail:  strings.Join(b.handed.wrong, "; "),
	}
	b.log.Warn(c.Title, "reason", c.Detail)
	b.health.Raise(time.Now(), c)
}

// doubted adds to an error what was handed over and closed: systemd may be who has
// the port.
func (b *box) doubted(err error) error {
	if err == nil || b.handed == nil || len(b.handed.wrong) == 0 {
		return err
	}
	return errors.Join(err, errors.New(strings.Join(b.handed.wrong, "; ")))
}
