package voice

import (
	"crypto/rand"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Leg is what a call is opened with.
type Leg struct {
	// Offer is what the other side offered; the zero Description where we offer.
	Offer Description
	// Source is the address its signalling came from. Media from there, or from a
	// trusted address in the description, may be the caller's: what comes from the
	// address and port described is, anything else once it has lasted (Call.from).
	Source netip.Addr
	// Trusted says of an address in a description whether sound may be sent
	// there before anything came from it: the LAN's, or the platform's. Source
	// is trusted by itself; without Trusted nothing else is.
	Trusted func(netip.Addr) bool
	// Language is that of the prompts, such as "de".
	Language string
	// Dialogue is the talk with the caller; nil for a leg that is only joined to
	// another.
	Dialogue *Dialogue
	// Emergency exempts the leg from the bound on calls.
	Emergency bool
}

// Call is one call's sound, keys and dialogue. Its methods may be called by any
// goroutine.
type Call struct {
	calls  *Calls
	conn   Conn
	leg    Leg
	events chan Action
	done   chan struct{}

	mu       sync.Mutex
	closed   bool
	started  bool
	ours     ours
	offered  bool        // we offered, so our payload types hold as well
	theirs   Description // the last that came
	source   netip.AddrPort
	settled  bool      // source is where packets came from
	apart    bool      // and that is not what was announced
	stream   elsewhere // the last that came from another port
	out      sender
	player   player
	keys     keyCounter
	decoder  eventDecoder
	tones    toneDetector
	lastSSRC uint32
	lastSeq  uint16
	peer     *Call
}

// eventRoom is how many events nobody has read yet a call holds. A dialogue waits
// for the answer to a Check and to a Bridge, so it is never ahead by more than
// one of each and the HangUp.
const eventRoom = 4

// Open begins a call on conn, which has to be bound to the local address. Nothing
// is sent before Start. Where it fails, conn is closed.
func (c *Calls) Open(conn Conn, leg Leg) (*Call, error) {
	call := &Call{
		calls: c, conn: conn, leg: leg,
		events: make(chan Action, eventRoom), done: make(chan struct{}),
		ours: ours{local: localAddress(conn)}, out: newSender(),
	}
	call.ours.session = uint64(call.out.ssrc)
	call.take(leg.Offer)
	if err := c.enter(call); err != nil {
		_ = conn.Close()
		return nil, err
	}
	go call.read()
	return call, nil
}

func localAddress(conn Conn) netip.AddrPort {
	if a, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		p := a.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap().WithZone(""), p.Port())
	}
	return netip.AddrPort{}
}

// random32 fills SSRC, sequence number and timestamp, which RFC 3550 section 5.1
// wants unpredictable. crypto/rand never fails.
func random32() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint32(b[:])
}

// Answer is the SDP that answers the last description.
func (c *Call) Answer() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ours.version++
	return c.ours.answer(c.theirs)
}

// Offer is the SDP that offers G.711 and telephone events: for an INVITE without
// an offer, or for a leg that we call. The answer to it goes to Update.
func (c *Call) Offer() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ours.version++
	c.offered = true
	return c.ours.offer()
}

// Update takes another description of the other side: the answer to our offer, or
// the offer of a re-INVITE (hold, resume, another port).
func (c *Call) Update(d Description) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.take(d)
}

// take works out from a description where and how to send. An address we may not
// send to leaves the destination as it was; the first packet settles it.
func (c *Call) take(d Description) {
	moved := d.Remote != c.theirs.Remote
	c.theirs = d
	c.out.format(d)
	if !moved || !d.Remote.IsValid() || !c.trusts(d.Remote.Addr()) {
		return
	}
	c.source = d.Remote
	switch {
	case c.apart: // its packets never came from where it said: they are looked for anew
		c.settled, c.apart, c.stream = false, false, elsewhere{}
	case c.settled:
		connect(c.conn, c.source)
	}
}

// trusts reports that the call's media may be at that address.
func (c *Call) trusts(a netip.Addr) bool {
	return a == c.leg.Source.Unmap() || c.leg.Trusted != nil && c.leg.Trusted(a)
}

// Start lets sound flow and begins the dialogue. It is for when the caller has
// acknowledged the answer (the ACK): before that a forged call would send sound to
// whoever stands in it.
func (c *Call) Start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started || c.closed {
		return
	}
	now := time.Now()
	c.started = true
	c.out.begin(now)
	if c.leg.Dialogue != nil {
		c.apply(c.leg.Dialogue.Begin(now))
	}
}

// Events gives what the dialogue wants of the signalling: Check, Bridge and HangUp.
// It is closed with the call.
func (c *Call) Events() <-chan Action { return c.events }

// Result hands in what a Check came to.
func (c *Call) Result(v Verdict) {
	c.talk(func(d *Dialogue, now time.Time) []Action { return d.Answer(now, v) })
}

// BridgeFailed says that an emergency call did not come about.
func (c *Call) BridgeFailed() { c.talk((*Dialogue).BridgeFailed) }

// Info takes the body of an INFO request. The error is ErrForeignInfo.
func (c *Call) Info(contentType string, body []byte) error {
	key, err := ParseInfo(contentType, body)
	if err != nil || key == 0 {
		return err
	}
	c.talk(func(_ *Dialogue, now time.Time) []Action { c.press(key, byInfo, now); return nil })
	return nil
}

// talk runs one step of the dialogue, if there is one that has begun.
func (c *Call) talk(step func(*Dialogue, time.Time) []Action) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || !c.started || c.leg.Dialogue == nil {
		return
	}
	c.apply(step(c.leg.Dialogue, time.Now()))
}

// press hands a key to the dialogue, once.
func (c *Call) press(key Key, way source, now time.Time) {
	if c.leg.Dialogue != nil && c.keys.counts(key, way, now) {
		c.apply(c.leg.Dialogue.Key(now, key))
	}
}

// apply does what the dialogue wants.
func (c *Call) apply(actions []Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case Play:
			c.player = player{number: a.Number, sounds: c.calls.prompts.sounds(c.leg.Language, a.Names), on: true}
		case Stop:
			c.player = player{}
		default:
			select {
			case c.events <- a:
			default: // see eventRoom
			}
		}
	}
}

// Close ends the call and closes its socket. It may be called again.
func (c *Call) Close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed = true
	peer := c.peer
	c.peer = nil
	close(c.events)
	close(c.done)
	c.mu.Unlock()
	_ = c.conn.Close()
	c.calls.leave(c)
	if peer != nil {
		peer.part(c)
	}
}
