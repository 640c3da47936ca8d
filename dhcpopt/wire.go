package dhcpopt

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"

	"github.com/lineside/lineside/phone"
)

// framer reaches a client that has no address yet, and so answers no ARP, by
// its hardware address.
type framer interface {
	WriteFrame(mac phone.MAC, from, to netip.AddrPort, payload []byte) error
}

// wire is the way out. It is safe for concurrent use.
type wire struct {
	conn   net.PacketConn
	frames framer  // nil: none
	batch  batcher // nil: one packet at a time
	room   roomer  // nil: there always is
	self   netip.Addr
	lan    netip.Prefix // where ARP is asked for addresses; zero: nowhere
	log    *slog.Logger
	once   sync.Once
}

func newWire(conn net.PacketConn, self netip.Addr, log *slog.Logger) *wire {
	w := &wire{conn: conn, self: self, log: log}
	w.frames, _ = conn.(framer)
	w.batch, _ = conn.(batcher)
	w.room, _ = conn.(roomer)
	return w
}

// gathers reports that r can leave together with others: it is no frame, and
// nothing about where it goes has to be looked at.
func (w *wire) gathers(r reply) bool {
	return w.batch != nil && r.mac.IsZero() && !(r.to == broadcast() && w.self.IsLoopback())
}

var errLoopback = errors.New("a client on loopback must come by a relay address")

// send puts r on the wire. Where frames cannot be sent, it is broadcast: every
// client hears that, only its neighbours do too.
func (w *wire) send(r reply) error {
	if !r.mac.IsZero() {
		err := w.frame(r.mac, r)
		if err == nil {
			return nil
		}
		w.once.Do(func() {
			w.log.Warn("cannot address clients by hardware address, answers are broadcast; give the service CAP_NET_RAW and set listen.interface", "err", err)
		})
		if !r.settled {
			r.to = broadcast()
		}
	}
	if !w.resolved(r.to) && w.crowded() {
		return w.around(r)
	}
	if r.to == broadcast() && w.self.IsLoopback() {
		return errLoopback // it would leave by the default route
	}
	_, err := w.conn.WriteTo(r.data, net.UDPAddrFromAddrPort(r.to))
	return err
}

func (w *wire) frame(mac phone.MAC, r reply) error {
	if w.frames == nil || w.self.IsLoopback() {
		return ErrNoFrames
	}
	if err := w.frames.WriteFrame(mac, netip.AddrPortFrom(w.self, serverPort), r.to, r.data); err != nil {
		return fmt.Errorf("send frame: %w", err)
	}
	return nil
}
