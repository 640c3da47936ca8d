package tftpd

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"time"
)

// This file is the relay's side towards the library: a net.PacketConn whose
// addresses are aliases of transfers.

// toLibrary must not be called with a lock held: the library may hold its own
// while it waits for ours.
func (r *relay) toLibrary(t *transfer, b []byte) {
	select {
	case r.in <- packet{from: t.alias(), b: b}:
	case <-r.closing:
	}
}

// ReadFrom gives the library its next packet.
func (r *relay) ReadFrom(b []byte) (int, net.Addr, error) {
	wake := r.draining
	var tick <-chan time.Time
	select {
	case <-r.draining: // the library looks again and again whether all is done
		wake, tick = nil, time.After(10*time.Millisecond)
	default:
	}
	select {
	case p := <-r.in:
		return copy(b, p.b), p.from, nil
	case <-wake:
	case <-tick:
	case <-r.closing:
		return 0, nil, net.ErrClosed
	}
	return 0, nil, os.ErrDeadlineExceeded
}

// WriteTo sends the library's packet to the phone its transfer is with. What it
// has to say to a transfer that has ended is swallowed.
func (r *relay) WriteTo(b []byte, addr net.Addr) (int, error) {
	alias, ok := addr.(*net.UDPAddr)
	if !ok || len(b) < 4 {
		return 0, errNotOurs
	}
	t := r.find(alias)
	if t == nil {
		return 0, errGone
	}
	if binary.BigEndian.Uint16(b) == opError {
		b = t.lastWord()
		r.strike(t) // before the phone can ask for its next file
		defer t.close()
		if b == nil {
			return 0, errGone
		}
		return r.send(t, b)
	}
	if !t.sending(b, t.req.block(r.srv.cfg.BlockSize)) {
		return 0, errGone
	}
	t.wait(r.srv.cfg.Timeout, func() { r.resend(t) })
	if n, err := r.send(t, b); err != nil {
		// As good as lost on the way: it is sent again.
		r.srv.log.Debug("packet not sent", "remote", t.peer, "err", err)
		return n, nil
	}
	return len(b), nil
}

// Neither is a net.Error, so the library does not try again.
var (
	errGone    = errors.New("the transfer has ended")
	errNotOurs = errors.New("no packet of a transfer")
)

// Close ends all waiting. The main socket is Serve's to close.
func (r *relay) Close() error {
	r.closeOnce.Do(func() { close(r.closing) })
	return nil
}

// LocalAddr is of use to the library only to tell IPv4 from IPv6.
func (r *relay) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4zero} }

// SetReadDeadline is called by the library only to wake itself for its end.
func (r *relay) SetReadDeadline(time.Time) error {
	r.drainOnce.Do(func() { close(r.draining) })
	return nil
}

// SetWriteDeadline is part of net.PacketConn and not used.
func (r *relay) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline is part of net.PacketConn and not used.
func (r *relay) SetDeadline(time.Time) error { return nil }
