package dhcpopt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxIntake is how many packets wait to be looked at. A building at power-up
// fits; what is beyond has been asked again by the time its turn would come.
const maxIntake = 2048

// dropOverload is why a packet goes that waited longest when no more can.
const dropOverload = "overload"

// side is where a packet came from.
type side uint8

const (
	sideUnknown side = iota // the socket does not tell
	sideLAN
	sideUplink
)

// datagram is one packet from the socket. Its data is good until the next is asked for.
type datagram struct {
	data []byte
	from netip.AddrPort
	side side
}

// sided is a socket that tells which side a packet came from.
type sided interface {
	ReadFromSide(b []byte) (n int, lan bool, from netip.AddrPort, err error)
}

// intake is the way in: one goroutine takes packets off the socket, another
// answers them, and between them stands a ring. When it is full the oldest
// packet goes, not the newest as in the kernel's own queue: a client that has
// waited long has asked again, and only the latest question wants an answer.
type intake struct {
	handle func(datagram)
	drop   func(reason string, from netip.AddrPort)
	// rest is called when no packet waits, and now and then while some do. It may
	// be nil.
	rest  func()
	ready chan struct{} // has a value while there may be packets

	mu   sync.Mutex
	ring []datagram // each with a buffer of its own, grown as needed
	head int
	n    int
}

func newIntake(size int, handle func(datagram), drop func(string, netip.AddrPort)) *intake {
	return &intake{handle: handle, drop: drop, ready: make(chan struct{}, 1), ring: make([]datagram, size)}
}

// serve takes packets off conn until ctx ends; then it returns nil. Errors but
// a closed socket (the interface went down) pass, so it tries again, slower
// each time.
func (in *intake) serve(ctx context.Context, conn net.PacketConn, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // wakes the receiver
	})
	defer func() {
		if !stop() {
			<-woken // the socket's next user sets a deadline of its own
		}
	}()
	var answering sync.WaitGroup
	answering.Go(func() { in.answerAll(ctx) })
	err := in.receiveAll(ctx, conn, log)
	cancel()
	answering.Wait()
	return err
}

func (in *intake) receiveAll(ctx context.Context, conn net.PacketConn, log *slog.Logger) error {
	from := newSource(conn)
	const first, last = 10 * time.Millisecond, 2 * time.Second
	for delay := first; ; {
		packets, err := from.read()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("receive DHCP: %w", err)
		case err != nil:
			in.drop("receive", netip.AddrPort{})
			log.Debug("receive", "err", err, "dur", delay)
			pause(ctx, delay)
			delay = min(2*delay, last)
		default:
			delay = first
			for _, p := range packets {
				in.push(p)
			}
		}
	}
}

func read(conn net.PacketConn, buf []byte) (datagram, error) {
	if s, ok := conn.(sided); ok {
		n, lan, from, err := s.ReadFromSide(buf)
		p := datagram{data: buf[:max(n, 0)], from: from, side: sideUplink}
		if lan {
			p.side = sideLAN
		}
		return p, err
	}
	n, from, err := conn.ReadFrom(buf)
	return datagram{data: buf[:max(n, 0)], from: addrPort(from)}, err
}

// push copies a packet into the ring, in the oldest one's place where it is
// full.
func (in *intake) push(p datagram) {
	in.mu.Lock()
	full := in.n == len(in.ring)
	var gone netip.AddrPort
	if full {
		gone = in.ring[in.head].from
		in.head = (in.head + 1) % len(in.ring)
		in.n--
	}
	place := &in.ring[(in.head+in.n)%len(in.ring)]
	place.data = append(place.data[:0], p.data...)
	place.from, place.side = p.from, p.side
	in.n++
	in.mu.Unlock()
	if full {
		in.drop(dropOverload, gone)
	}
	select {
	case in.ready <- struct{}{}:
	default:
	}
}

// pop takes the oldest packet; its bytes are exchanged for buf, so that neither
// is copied.
func (in *intake) pop(buf []byte) (p datagram, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.n == 0 {
		return datagram{data: buf}, false
	}
	place := &in.ring[in.head]
	p, place.data = *place, buf
	in.head = (in.head + 1) % len(in.ring)
	in.n--
	return p, true
}

func (in *intake) answerAll(ctx context.Context) {
	var buf []byte
	for {
		select {
		case <-ctx.Done():
			return
		case <-in.ready:
		}
		for n := 1; ctx.Err() == nil; n++ {
			p, ok := in.pop(buf)
			buf = p.data
			if !ok {
				break
			}
			in.handle(p)
			if n%maxBatch == 0 {
				in.rested()
			}
		}
		in.rested()
	}
}

func (in *intake) rested() {
	if in.rest != nil {
		in.rest()
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	p := u.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}
