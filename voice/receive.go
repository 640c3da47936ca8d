package voice

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// mostPackets is how many packets in a second a call reads. Sound at 10 ms with
// events beside it is 150; more is a flood, and the rest of that second stays
// unread, which costs this call its sound and nobody else anything.
const mostPackets = 500

// read takes packets until the call is closed.
func (c *Call) read() {
	defer c.calls.readers.Done()
	defer c.calls.recovered(c)
	var b [maxPacket]byte
	var second time.Time
	packets, failures := 0, 0
	for {
		n, from, err := c.conn.ReadFromUDPAddrPort(b[:])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		now := time.Now()
		if err != nil {
			// "Connection refused" of a phone that has no port there yet comes here
			// too; only an error without end is worth a pause.
			if failures++; failures > 10 && !c.rest(tick) {
				return
			}
			continue
		}
		failures = 0
		c.receive(b[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), now)
		if now.Sub(second) >= time.Second {
			second, packets = now, 0
		}
		if packets++; packets >= mostPackets {
			c.drop(flood)
			if !c.rest(time.Second - now.Sub(second)) {
				return
			}
		}
	}
}

// rest waits for d, or less where the call is closed: then it is false.
func (c *Call) rest(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.done:
		return false
	case <-timer.C:
		return true
	}
}

func (c *Call) drop(why drop) { c.calls.dropped[why].Inc() }

// receive takes one packet: is it RTP of this call, is it from the caller, and
// what is in it.
func (c *Call) receive(b []byte, from netip.AddrPort, now time.Time) {
	p, ok := parsePacket(b)
	if !ok {
		c.drop(malformed)
		return
	}
	f, peer, ok := c.accept(p, from, now)
	if ok && peer != nil {
		peer.relay(p, f, b)
	}
}

// accept judges a packet and hears what is in it, unless the call is joined to
// another.
func (c *Call) accept(p packet, from netip.AddrPort, now time.Time) (f Format, peer *Call, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok = c.formatOf(p.payloadType); !ok || c.closed {
		c.drop(malformed)
		return f, nil, false
	}
	if !c.from(p, from, now) {
		c.drop(stranger)
		return f, nil, false
	}
	if c.peer == nil && c.started {
		c.hear(p, f, now)
	}
	return f, c.peer, true
}

// formatOf is what a payload type carries: under the other side's numbers, and
// under ours where we offered.
func (c *Call) formatOf(payloadType uint8) (Format, bool) {
	lists := [3][]Format{c.theirs.Sound, c.theirs.Events}
	if c.offered {
		lists[2] = offered()
	}
	for _, list := range lists {
		for _, f := range list {
			if f.PayloadType == payloadType {
				return f, true
			}
		}
	}
	return Format{}, false
}

// hear looks for keys in a packet.
func (c *Call) hear(p packet, f Format, now time.Time) {
	if f.Codec == NoCodec {
		if k := c.decoder.packet(p, now); k != 0 {
			c.press(k, byEvent, now)
		}
		return
	}
	if c.fresh(p) {
		c.tones.hear(p.payload, f.Codec, func(k Key) { c.press(k, inBand, now) })
	}
}

// restart is by how much a sequence number has to be behind to be that of a new
// beginning and not of a late packet.
const restart = 100

// fresh reports that a packet of sound is the next, for a repeated or late one
// would break the tone it belongs to. A gap is a gap.
func (c *Call) fresh(p packet) bool {
	behind := c.lastSeq - p.sequence
	if p.ssrc == c.lastSSRC && !newer(p.sequence, c.lastSeq) && behind < restart {
		return false
	}
	c.lastSSRC, c.lastSeq = p.ssrc, p.sequence
	return true
}
