package voice

import "time"

// Times by which a packet of a telephone event is told from one of another.
const (
	// eventLate is how long a packet with an older timestamp is a straggler of an
	// event that is over.
	eventLate = 500 * time.Millisecond
	// eventAgain is how long after its end a marker on the same timestamp is the
	// first packet sent again; later it is a sender that keeps its timestamp.
	eventAgain = 300 * time.Millisecond
	// eventSegment is the pause within which a new timestamp goes on with the
	// same key: RFC 4733 section 2.5.1.3 splits long events that way, and some
	// senders advance the timestamp with every packet.
	eventSegment = 120 * time.Millisecond
)

// eventDecoder turns packets with telephone events (RFC 4733 section 2.5) into
// keys. An event is known by its RTP timestamp and counts at the first packet of
// it that comes, be it start, middle or end; so lost starts, lost ends, missing
// markers and the end sent three times make one key each. The duration is not
// looked at: a key of 40 ms is a key, and the first packet of some has none yet.
type eventDecoder struct {
	seen      bool
	ended     bool
	key       Key
	ssrc      uint32
	timestamp uint32
	last      time.Time // when its last packet came
}

// packet gives the key that p begins, or none.
func (d *eventDecoder) packet(p packet, now time.Time) Key {
	if len(p.payload) < 4 {
		return 0
	}
	key, ok := eventKey(p.payload[0])
	if !ok {
		return 0
	}
	since := now.Sub(d.last)
	if d.seen && p.ssrc == d.ssrc {
		age := int32(p.timestamp - d.timestamp)
		switch {
		case age < 0 && !p.marker && since < eventLate:
			return 0
		case age == 0 && !p.marker, age == 0 && key == d.key && !(d.ended && since > eventAgain),
			age > 0 && key == d.key && !p.marker && !d.ended && since < eventSegment:
			d.note(p, now)
			return 0
		}
	}
	*d = eventDecoder{seen: true, key: key, ssrc: p.ssrc}
	d.note(p, now)
	return key
}

// note keeps what the next packet is compared with.
func (d *eventDecoder) note(p packet, now time.Time) {
	d.timestamp, d.last = p.timestamp, now
	d.ended = d.ended || p.payload[1]&0x80 != 0
}
