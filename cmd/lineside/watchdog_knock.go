package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/lineside/lineside/admin"
)

// The box knocks at its own doors, from its own address, so that strangers can use
// up none of the room its questions need. A door has proved itself when it did
// anything with one: answered, refused, hung up. Where a flood leaves no room for the
// question, it counts that the door goes on working on the flood.

// Questions no door does anything for but look at them.
const (
	askHTTP = "HEAD /lineside HTTP/1.0\r\n\r\n"
	askTFTP = "\x00\x01lineside\x00octet\x00"
	askDHCP = "\x00" // too short for anything
)

// askSIP is one of them for the SIP service. Each is another: the same one again within
// half a minute is answered to who asked first (RFC 3261 section 17.2.3).
func askSIP() string {
	id := rand.Text()
	return "OPTIONS sip:lineside SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK" + id + ";rport\r\nFrom: <sip:lineside@localhost>;tag=" + id + "\r\n" +
		"To: <sip:lineside@localhost>\r\nCall-ID: " + id + "\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n"
}

// knockAgain is after how long a packet counts as lost.
const knockAgain = 200 * time.Millisecond

// doorProof knocks at a door; nil for one that answers nobody of itself.
func (b *box) doorProof(o opened) proof {
	at := func() netip.AddrPort { return b.doorstep(o) }
	switch o.name {
	case "HTTP":
		return func(ctx context.Context) error { return knockStream(ctx, at(), false) }
	case "HTTPS", "admin":
		return func(ctx context.Context) error { return knockStream(ctx, at(), true) }
	case "TFTP":
		return func(ctx context.Context) error {
			return b.knockPacket(ctx, at(), "tftp", func() string { return askTFTP })
		}
	case "DHCP":
		return func(ctx context.Context) error {
			return b.knockPacket(ctx, at(), "dhcp", func() string { return askDHCP })
		}
	case "SIP":
		return func(ctx context.Context) error { return b.knockPacket(ctx, at(), "sip", askSIP) }
	}
	return nil
}

// doorstep is where a door is knocked at: its address, or the LAN's where it is on
// every one.
func (b *box) doorstep(o opened) netip.AddrPort {
	at, err := netip.ParseAddrPort(o.at())
	if err != nil {
		return netip.AddrPort{}
	}
	switch {
	case o.six && b.six.addresses != nil:
		return netip.AddrPortFrom(b.six.addresses.Self(), at.Port())
	case at.Addr().IsUnspecified():
		return netip.AddrPortFrom(b.where.Self.Addr(), at.Port())
	}
	return at
}

// ours reports that a knock would reach this machine. An address that its interface
// has lost is told elsewhere, and no reason to start anew.
func ours(at netip.AddrPort) bool {
	if at.Addr().IsLoopback() {
		return true
	}
	nics, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, n := range nics {
		if p, err := netip.ParsePrefix(n.String()); err == nil && p.Addr() == at.Addr().WithZone("") {
			return true
		}
	}
	return false
}

// knockStream asks at a TCP door.
func knockStream(ctx context.Context, at netip.AddrPort, secure bool) error {
	if !at.IsValid() || !ours(at) {
		return nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", at.String())
	if err != nil {
		return unheard(ctx, at, err)
	}
	defer func() { _ = conn.Close() }()
	if end, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(end)
	}
	if secure {
		// Whether it is alive is asked, not who it is.
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	if _, err = conn.Write([]byte(askHTTP)); err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return unheard(ctx, at, err)
	}
	return nil
}

// unheard is err, unless the address went away meanwhile.
func unheard(ctx context.Context, at netip.AddrPort, err error) error {
	if !ours(at) {
		return nil
	}
	if ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}

// knockPacket asks at a UDP door, and waits for an answer or until the front has done
// something. Of what it is to be asked it may know nothing: DHCP has no answer for
// who is no client.
func (b *box) knockPacket(ctx context.Context, at netip.AddrPort, front string, ask func() string) error {
	if !at.IsValid() || !ours(at) {
		return nil
	}
	before, err := b.metrics.Work(front)
	if err != nil {
		return nil // the metrics are at fault, not the door
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at.Addr(), 0)))
	if err != nil {
		return nil // no socket to be had: that is told elsewhere
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })()
	answer := make([]byte, 2048)
	for ctx.Err() == nil {
		_, _ = conn.WriteToUDPAddrPort([]byte(ask()), at)
		_ = conn.SetReadDeadline(time.Now().Add(knockAgain))
		if _, _, err := conn.ReadFromUDPAddrPort(answer); err == nil {
			return nil
		}
		if now, err := b.metrics.Work(front); err != nil || now > before {
			return nil
		}
	}
	return unheard(ctx, at, ctx.Err())
}

// proveSocket asks the daemon as the command line does.
func (b *box) proveSocket(ctx context.Context) error {
	c := admin.NewClient(b.operator.Addr().String())
	defer c.Close()
	_, _ = c.Health(ctx) // whatever it answers
	return ctx.Err()
}

// proveStore has a change committed, and on disk. A disk that is full answers, and
// so does one that is read-only; one that hangs does not.
func (b *box) proveStore(ctx context.Context) error {
	_ = b.store.Mark(ctx)
	return ctx.Err()
}
