package voice

import "encoding/binary"

// rtpHeader is the length of the header we write: no CSRC, no extension (RFC 3550
// section 5.1).
const rtpHeader = 12

// maxPacket is the longest packet that is read: 60 ms of G.711 are 492 bytes, and
// nothing we speak needs more than one frame of an Ethernet.
const maxPacket = 1500

// packet is a parsed RTP packet. payload points into what was read, at at.
type packet struct {
	marker      bool
	payloadType uint8
	sequence    uint16
	timestamp   uint32
	ssrc        uint32
	at          int
	payload     []byte
}

// parsePacket reads an RTP packet, skipping CSRCs, the extension and padding. RTCP
// that comes to the same port (RFC 5761) has payload types 72 to 76 here and is
// none of the negotiated ones.
func parsePacket(b []byte) (packet, bool) {
	if len(b) < rtpHeader || b[0]>>6 != 2 {
		return packet{}, false
	}
	start, end := rtpHeader+4*int(b[0]&0x0F), len(b)
	if b[0]&0x10 != 0 { // extension: profile, length in words
		if len(b) < start+4 {
			return packet{}, false
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(b[start+2:]))
	}
	if b[0]&0x20 != 0 { // padding: its length is the last byte
		end -= int(b[len(b)-1])
		if b[len(b)-1] == 0 {
			return packet{}, false
		}
	}
	if start > end {
		return packet{}, false
	}
	return packet{
		marker:      b[1]&0x80 != 0,
		payloadType: b[1] & 0x7F,
		sequence:    binary.BigEndian.Uint16(b[2:]),
		timestamp:   binary.BigEndian.Uint32(b[4:]),
		ssrc:        binary.BigEndian.Uint32(b[8:]),
		at:          start,
		payload:     b[start:end],
	}, true
}

// writeHeader writes p's header into the first rtpHeader bytes of b.
func (p packet) writeHeader(b []byte) {
	b[0], b[1] = 2<<6, p.payloadType
	if p.marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], p.sequence)
	binary.BigEndian.PutUint32(b[4:], p.timestamp)
	binary.BigEndian.PutUint32(b[8:], p.ssrc)
}

// newer reports that sequence number a follows b, across the wrap.
func newer(a, b uint16) bool { return int16(a-b) > 0 }
