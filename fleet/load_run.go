package fleet

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// loadStage is how far a client has come in a phase.
type loadStage uint8

const (
	loadIdle      loadStage = iota // not started, or has nothing to do in this phase
	loadOffer                      // waits for an OFFER
	loadAck                        // waits for an ACK
	loadLeased                     // has its lease
	loadAbandoned                  // heard NAK, or nothing
)

// loadClient is one client. Times are since the phase began.
type loadClient struct {
	stage loadStage
	addr  netip.Addr // of its lease
	began time.Duration
}

// burst bounds what is sent before answers are looked at again, so that the
// generator's own queue does not fill.
const burst = 32

// loadRun plays a Load's clients, all in one goroutine: on one processor a
// second would only take time from the first.
type loadRun struct {
	load    Load
	sock    *loadSocket
	form    loadForm
	clients []loadClient
	start   func(i int) []byte // a client's first message, nil where it has none

	// Of the phase.
	begin   time.Time
	next    int // the first client that has not started
	oldest  int // no client before it waits
	waiting int
	last    time.Duration // when the last answer came
	report  LoadPhase
	waits   []time.Duration
}

func newLoadRun(l Load, sock *loadSocket) *loadRun {
	return &loadRun{load: l, sock: sock, form: newLoadForm(l.Relay), clients: make([]loadClient, l.Clients)}
}

// mac is a client's hardware address. It is one of Yealink's, so that a server
// with options for phones sends them.
func (r *loadRun) mac(i int) phone.MAC {
	n := r.load.First + i
	return phone.MAC{0x00, 0x15, 0x65, byte(n >> 16), byte(n >> 8), byte(n)}
}

// discover is the first message of a client that has nothing.
func (r *loadRun) discover(i int) []byte {
	r.clients[i].stage = loadOffer
	return r.form.message(dhcpv4.MessageTypeDiscover, uint32(i), r.mac(i), netip.Addr{}, netip.Addr{})
}

// renew is the message of a client that has a lease and wants to keep it (RFC
// 2131 section 4.4.5), carried by the relay as a rebinding one is.
func (r *loadRun) renew(i int) []byte {
	if r.clients[i].stage != loadLeased {
		return nil
	}
	r.clients[i].stage = loadAck
	return r.form.renewal(uint32(i), r.mac(i), r.clients[i].addr)
}

// phase starts every client and waits until none is at it.
func (r *loadRun) phase(ctx context.Context, start func(int) []byte) (LoadPhase, error) {
	r.start, r.next, r.oldest, r.waiting, r.last = start, 0, 0, 0, 0
	r.report, r.waits = LoadPhase{}, make([]time.Duration, 0, len(r.clients))
	before, err := r.usage()
	if err != nil {
		return r.report, err
	}
	r.begin = time.Now()
	for r.next < len(r.clients) || r.waiting > 0 {
		if ctx.Err() != nil {
			return r.report, ctx.Err()
		}
		if err := r.turn(); err != nil {
			return r.report, err
		}
	}
	after, err := r.usage()
	r.report.Took, r.report.Wait = r.last, spread(r.waits)
	r.report.CPU, r.report.Resident = after.cpu-before.cpu, after.resident
	return r.report, err
}

func (r *loadRun) usage() (usage, error) {
	if r.load.PID == 0 {
		return usage{}, nil
	}
	return usageOf(r.load.PID)
}

// turn sends what is due, then takes what has come; with nothing to do it
// waits a little.
func (r *loadRun) turn() error {
	sent, err := r.sendDue()
	if err != nil {
		return err
	}
	got, err := r.receive()
	if err != nil {
		return err
	}
	r.giveUp()
	if sent+got == 0 {
		return r.sock.wait()
	}
	return nil
}

// sendDue starts clients: as many as the rate says, or the window has room for.
func (r *loadRun) sendDue() (sent int, err error) {
	if r.load.For > 0 && time.Since(r.begin) > r.load.For {
		r.next = len(r.clients)
	}
	due := r.load.Window - r.waiting
	if r.load.Rate > 0 {
		due = int(time.Since(r.begin).Seconds()*r.load.Rate) + 1 - r.next
	}
	for ; sent < min(due, burst) && r.next < len(r.clients); sent++ {
		i := r.next
		r.next++
		message := r.start(i)
		if message == nil {
			continue
		}
		r.clients[i].began = time.Since(r.begin)
		r.report.Clients++
		r.waiting++
		if err := r.sock.send(message); err != nil {
			return sent, fmt.Errorf("load: send to %s: %w", r.load.Server, err)
		}
	}
	return sent, nil
}

func (r *loadRun) receive() (got int, err error) {
	for ; got < 2*burst; got++ {
		data, err := r.sock.receive()
		if err != nil {
			return got, fmt.Errorf("load: receive from %s: %w", r.load.Server, err)
		}
		if data == nil {
			return got, nil
		}
		if a, ok := parseLoadAnswer(data); ok {
			if err := r.answered(a); err != nil {
				return got, err
			}
		}
	}
	return got, nil
}

// answered takes the answer a client waits for; any other it passes over.
func (r *loadRun) answered(a loadAnswer) error {
	if uint64(a.id) >= uint64(len(r.clients)) || a.mac != r.mac(int(a.id)) {
		return nil
	}
	c := &r.clients[a.id]
	switch {
	case c.stage == loadOffer && a.kind == dhcpv4.MessageTypeOffer:
		c.stage = loadAck
		m := r.form.message(dhcpv4.MessageTypeRequest, a.id, a.mac, a.addr, a.server)
		if err := r.sock.send(m); err != nil {
			return fmt.Errorf("load: send to %s: %w", r.load.Server, err)
		}
	case c.stage == loadAck && a.kind == dhcpv4.MessageTypeAck:
		c.stage, c.addr = loadLeased, a.addr
		r.last = time.Since(r.begin)
		r.waits = append(r.waits, r.last-c.began)
		r.report.Done++
		r.waiting--
	case c.stage == loadAck && a.kind == dhcpv4.MessageTypeNak:
		c.stage = loadAbandoned
		r.report.Refused++
		r.waiting--
	}
	return nil
}

// giveUp counts clients as lost that have waited for too long. They started in
// order, so only the oldest are looked at.
func (r *loadRun) giveUp() {
	now := time.Since(r.begin)
	for ; r.oldest < r.next; r.oldest++ {
		c := &r.clients[r.oldest]
		if c.stage != loadOffer && c.stage != loadAck {
			continue
		}
		if now-c.began < r.load.Patience {
			return
		}
		c.stage = loadAbandoned
		r.report.Lost++
		r.waiting--
	}
}

// loadForm is the parts of a message that are the same for all clients.
type loadForm struct {
	relay  netip.Addr
	ported bool
	buf    []byte
}

func newLoadForm(relay netip.AddrPort) loadForm {
	return loadForm{relay: relay.Addr(), ported: relay.Port() != relayServerPort, buf: make([]byte, 0, 512)}
}

// message is a DISCOVER, or the REQUEST that takes what server offers. It is
// good until the next.
func (f *loadForm) message(kind dhcpv4.MessageType, id uint32, mac phone.MAC, wants, server netip.Addr) []byte {
	b := f.head(kind, id, mac, netip.IPv4Unspecified())
	if wants.IsValid() {
		b = appendAddr(append(b, 50, 4), wants)
		b = appendAddr(append(b, 54, 4), server)
	}
	return f.tail(b, mac)
}

func (f *loadForm) renewal(id uint32, mac phone.MAC, addr netip.Addr) []byte {
	return f.tail(f.head(dhcpv4.MessageTypeRequest, id, mac, addr), mac)
}

// head is the fixed fields (RFC 2131 section 2) and the kind.
func (f *loadForm) head(kind dhcpv4.MessageType, id uint32, mac phone.MAC, ciaddr netip.Addr) []byte {
	b := f.buf[:fixedLength]
	clear(b)
	b[0], b[1], b[2], b[3] = 1, 1, 6, 1 // BOOTREQUEST, Ethernet, one hop
	binary.BigEndian.PutUint32(b[idAt:], id)
	putAddr(b[12:], ciaddr)
	putAddr(b[24:], f.relay)
	copy(b[macAt:], mac[:])
	copy(b[236:], cookie[:])
	return append(b, 53, 1, byte(kind))
}

// tail is what every message says: who, what, and what it wants to know.
func (f *loadForm) tail(b []byte, mac phone.MAC) []byte {
	b = append(append(b, 61, 7, 1), mac[:]...)
	b = append(append(b, 60, 7), "yealink"...)
	b = append(b, 55, 8, 1, 3, 6, 15, 28, 42, 43, 66)
	if f.ported {
		b = append(b, 82, 2, relayPort, 0)
	}
	return append(b, 255)
}
