package voice

import (
	"net/netip"
	"time"
)

// catchUp is how many packets at most are sent at once after a delay; what is
// older is skipped, for a phone's buffer would throw it away.
const catchUp = 5

// sender numbers and times the packets of one call.
type sender struct {
	ssrc       uint32
	sequence   uint16 // of the last packet
	timestamp  uint32 // of the next packet
	codec      Codec
	sound      uint8 // payload types
	events     uint8
	withEvents bool
	length     int // samples in a packet
	gap        bool
	begun      time.Time
	done       int // samples since, sent or skipped

	// Of packets passed on from a joined call.
	from           uint32 // their SSRC
	passing        bool
	shiftSequence  uint16
	shiftTimestamp uint32
}

func newSender() sender {
	return sender{ssrc: random32(), sequence: uint16(random32()), timestamp: random32(), gap: true}
}

// format takes up what a description says of how to send.
func (s *sender) format(d Description) {
	s.codec, s.sound, s.length = PCMU, PCMU.payloadType(), samples(defaultPtime)
	s.withEvents = false
	if len(d.Sound) == 0 {
		return
	}
	s.codec, s.sound, s.length = d.Codec, d.Sound[0].PayloadType, samples(d.Ptime)
	if f, ok := d.events(); ok {
		s.events, s.withEvents = f.PayloadType, true
	}
}

func (s *sender) begin(now time.Time) { s.begun, s.done = now, 0 }

// due is how many packets are to be sent at now. Time that cannot be caught up
// with goes by in the timestamps only.
func (s *sender) due(now time.Time) int {
	n := (samples(now.Sub(s.begun)) - s.done) / s.length
	if n > catchUp {
		s.pass(n - catchUp)
		n = catchUp
	}
	return n
}

// pass lets the time of n packets go by without sending.
func (s *sender) pass(n int) {
	s.done += n * s.length
	s.timestamp += uint32(n * s.length)
	s.gap = true
}

// header is that of the next packet. The marker says that sound begins after a
// pause (RFC 3551 section 4.1).
func (s *sender) header() packet {
	s.sequence++
	p := packet{marker: s.gap, payloadType: s.sound, sequence: s.sequence, timestamp: s.timestamp, ssrc: s.ssrc}
	s.gap = false
	s.timestamp += uint32(s.length)
	s.done += s.length
	return p
}

// player says prompts, µ-law, one after the other.
type player struct {
	on     bool
	number int
	sounds [][]byte // what is left
}

// fill fills a packet with what comes next and silence after it, and reports that
// the last prompt has ended.
func (p *player) fill(frame []byte) (ended bool) {
	n := 0
	for n < len(frame) && len(p.sounds) > 0 {
		m := copy(frame[n:], p.sounds[0])
		n += m
		if p.sounds[0] = p.sounds[0][m:]; len(p.sounds[0]) == 0 {
			p.sounds = p.sounds[1:]
		}
	}
	for ; n < len(frame); n++ {
		frame[n] = PCMU.silence()
	}
	if p.on && len(p.sounds) == 0 {
		p.on = false
		return true
	}
	return false
}

// step does what is due: the dialogue's waits, and the packets since the last one.
func (c *Call) step(now time.Time, b []byte) {
	for first := true; ; first = false {
		n, to := c.next(now, b, first)
		if n == 0 {
			return
		}
		// A packet that cannot be sent is a packet lost.
		_, _ = c.conn.WriteToUDPAddrPort(b[:n], to)
	}
}

// next builds the next packet that is due, if there is one and somebody to send
// it to. Writing it is done without the lock.
func (c *Call) next(now time.Time, b []byte, first bool) (n int, to netip.AddrPort) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || !c.started {
		return 0, to
	}
	if d := c.leg.Dialogue; first && d != nil {
		c.apply(d.Tick(now))
	}
	due := c.out.due(now)
	if due == 0 || c.peer != nil {
		return 0, to
	}
	if !c.source.IsValid() || c.theirs.Held() {
		c.out.pass(due) // a prompt waits for somebody to hear it
		return 0, to
	}
	c.out.header().writeHeader(b)
	sound := b[rtpHeader : rtpHeader+c.out.length]
	number := c.player.number
	if c.player.fill(sound) && c.leg.Dialogue != nil {
		c.apply(c.leg.Dialogue.Played(now, number))
	}
	recode(sound, PCMU, c.out.codec)
	return rtpHeader + c.out.length, c.source
}
