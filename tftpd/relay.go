package tftpd

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// relay is the only socket the library sees.
type relay struct {
	srv  *Server
	main *net.UDPConn
	in   chan packet // to the library
	// closing ends every wait for the network or the library.
	closing  chan struct{}
	draining chan struct{}
	running  sync.WaitGroup // readers of transfers' sockets
	spoken   window         // of the main reader alone

	mu       sync.Mutex
	stopping bool // no new transfers
	last     uint64
	byNumber map[uint64]*transfer
	byPeer   map[netip.AddrPort]*transfer
	byAddr   map[netip.Addr]int
	empty    chan struct{} // closed when stopping and none is left

	closeOnce, drainOnce sync.Once
}

// packet is what the library reads, and the alias it comes from.
type packet struct {
	from *net.UDPAddr
	b    []byte
}

// window bounds answers to requests that were turned away to most a second.
type window struct {
	second int64
	n      int
}

const mostWords = 50

func (w *window) open(now time.Time) bool {
	if s := now.Unix(); s != w.second {
		w.second, w.n = s, 0
	}
	w.n++
	return w.n <= mostWords
}

func newRelay(s *Server, main *net.UDPConn) *relay {
	return &relay{
		srv: s, main: main, in: make(chan packet), closing: make(chan struct{}), draining: make(chan struct{}), empty: make(chan struct{}),
		byNumber: make(map[uint64]*transfer), byPeer: make(map[netip.AddrPort]*transfer), byAddr: make(map[netip.Addr]int),
	}
}

// listen reads the main socket until it is closed.
func (r *relay) listen() error {
	b, oob := make([]byte, maxRequest+1), make([]byte, 128)
	for {
		n, k, _, from, err := r.main.ReadMsgUDPAddrPort(b, oob)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		}
		local, toOne := arrival(oob[:k])
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		switch {
		case r.srv.cfg.Near != nil && !r.srv.cfg.Near(from.Addr()):
			r.srv.drop("foreign")
		case !toOne:
			r.srv.drop("broadcast")
		case from.Port() == 0:
			r.srv.drop("malformed")
		default:
			r.heard(b[:n], from, local)
		}
	}
}

// heard is the door's first steps for a packet of the main socket: is it for us,
// is it usable.
func (r *relay) heard(b []byte, from netip.AddrPort, local netip.Addr) {
	defer r.srv.recovered()
	if len(b) < 4 {
		r.srv.drop("malformed")
		return
	}
	if op := binary.BigEndian.Uint16(b); op == opAck || op == opError {
		r.mu.Lock()
		t := r.byPeer[from]
		r.mu.Unlock()
		if t == nil || t.conn != nil {
			r.srv.drop("stray")
			return
		}
		r.answered(t, b)
		return
	}
	req, err := parseRequest(b)
	if err != nil {
		r.turnAway(err, from, local)
		return
	}
	t, reason := r.admit(req, from, local)
	if reason != "" {
		r.srv.drop(reason)
		return
	}
	r.toLibrary(t, req.packet())
}

// turnAway answers a request that is none where a person may read the answer.
func (r *relay) turnAway(err error, from netip.AddrPort, local netip.Addr) {
	r.srv.log.Debug("request turned away", "remote", from, "reason", err)
	answer := errorPacket(err)
	if answer == nil {
		r.srv.drop("malformed")
		return
	}
	if !r.spoken.open(time.Now()) {
		r.srv.drop("rate")
		return
	}
	_, _, _ = r.main.WriteMsgUDPAddrPort(answer, source(local), from)
	r.srv.answers[outcomeRefused].Inc()
}

// admit opens a transfer, or says why not. Only the main reader calls it.
func (r *relay) admit(req request, from netip.AddrPort, local netip.Addr) (t *transfer, reason string) {
	r.mu.Lock()
	old := r.byPeer[from]
	r.mu.Unlock()
	if old != nil {
		if old.stands(req, time.Now()) {
			return nil, "repeated"
		}
		r.abandon(old)
	}
	now := time.Now()
	if reason := r.room(from.Addr(), now); reason != "" {
		return nil, reason
	}
	t = &transfer{peer: from, req: req, start: now, until: now.Add(r.srv.cfg.Longest)}
	if r.srv.cfg.SinglePort {
		t.oob = source(local)
	} else {
		conn, err := dial(local, from)
		if err != nil {
			r.srv.log.Debug("no socket for a transfer", "remote", from, "err", err)
			return nil, "socket"
		}
		t.conn = conn
	}
	if !r.enter(t) {
		return nil, "stopping"
	}
	return t, ""
}

// enter puts a transfer on the books, unless the door was closed meanwhile.
func (r *relay) enter(t *transfer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopping {
		t.close()
		return false
	}
	r.last++
	t.number = r.last
	r.byNumber[t.number], r.byPeer[t.peer] = t, t
	r.byAddr[t.peer.Addr()]++
	r.srv.running.Inc()
	if t.conn != nil {
		r.running.Go(func() { r.follow(t) })
	}
	return true
}

// follow reads a transfer's own socket until it is closed.
func (r *relay) follow(t *transfer) {
	var b [64]byte // an acknowledgement, or what matters of an error
	for {
		n, err := t.conn.Read(b[:])
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // the phone has closed its port
			r.abandon(t)
			return
		}
		r.answered(t, b[:n])
	}
}

// answered hands on what the phone sent in its transfer.
func (r *relay) answered(t *transfer, b []byte) {
	defer r.srv.recovered()
	if !t.letThrough(b, time.Now()) {
		r.srv.drop("stray")
		return
	}
	if binary.BigEndian.Uint16(b) == opError {
		b = brokeOff
	}
	r.toLibrary(t, append([]byte(nil), b[:min(len(b), len(brokeOff))]...))
}

// abandon ends a transfer without a word, and the library's part in it.
func (r *relay) abandon(t *transfer) {
	awaited := t.quit()
	r.end(t)
	if awaited {
		r.toLibrary(t, brokeOff)
	}
}

// resend sends once more what the phone has not acknowledged in time. The times
// are kept here and not in the library, which a stray packet could have wait
// for ever. A timer that fires late finds its transfer over.
func (r *relay) resend(t *transfer) {
	b, givenUp := t.again(r.srv.cfg.Retries, time.Now())
	switch {
	case givenUp:
		r.toLibrary(t, brokeOff)
	case b != nil:
		t.wait(r.srv.cfg.Timeout, nil)
		_, _ = r.send(t, b)
	}
}

// send sends a packet to the transfer's phone.
func (r *relay) send(t *transfer, b []byte) (int, error) {
	if t.conn != nil {
		return t.conn.Write(b)
	}
	n, _, err := r.main.WriteMsgUDPAddrPort(b, t.oob, t.peer)
	return n, err
}

// end takes a transfer off the books and closes its socket; again does nothing.
func (r *relay) end(t *transfer) {
	r.strike(t)
	t.close()
}

// strike takes a transfer off the books; again does nothing.
func (r *relay) strike(t *transfer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byNumber[t.number] != t {
		return
	}
	delete(r.byNumber, t.number)
	if r.byPeer[t.peer] == t {
		delete(r.byPeer, t.peer)
	}
	if r.byAddr[t.peer.Addr()]--; r.byAddr[t.peer.Addr()] == 0 {
		delete(r.byAddr, t.peer.Addr())
	}
	r.srv.running.Dec()
	if r.stopping && len(r.byNumber) == 0 {
		close(r.empty)
	}
}

// find gives the transfer the library means, nil once it has ended.
func (r *relay) find(alias *net.UDPAddr) *transfer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byNumber[numberOf(alias)]
}
