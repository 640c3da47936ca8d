package voice

// Join passes the sound and the events of two calls on to each other, until one of
// them is closed: for an emergency call dialled inside a dialogue. Dialogue and
// prompts of both are over. Both must have been started.
func Join(a, b *Call) {
	a.join(b)
	b.join(a)
}

func (c *Call) join(peer *Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.peer, c.player = peer, player{}
	c.out.passing = false
	if c.leg.Dialogue != nil {
		c.leg.Dialogue.Bridged()
	}
}

// part ends a join from the other side: what follows is silence.
func (c *Call) part(peer *Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.peer == peer {
		c.peer = nil
	}
}

// relay sends a packet of the joined call on as one of c's own. The payload stays
// where it was read; the new header is written in front of it.
func (c *Call) relay(p packet, f Format, b []byte) {
	c.mu.Lock()
	if c.closed || !c.started || !c.source.IsValid() || c.theirs.Held() {
		c.mu.Unlock()
		return
	}
	out, ok := c.out.passOn(p, f)
	to, codec := c.source, c.out.codec
	c.mu.Unlock()
	if !ok {
		return
	}
	if f.Codec != NoCodec {
		recode(p.payload, f.Codec, codec)
	}
	start := p.at - rtpHeader
	out.writeHeader(b[start:])
	_, _ = c.conn.WriteToUDPAddrPort(b[start:p.at+len(p.payload)], to)
}

// passOn numbers a packet of another stream into this one. Gaps and order stay as
// they are, so that the far end can judge the loss; another SSRC begins anew.
func (s *sender) passOn(p packet, f Format) (packet, bool) {
	out := packet{marker: p.marker, payloadType: s.sound, ssrc: s.ssrc}
	if f.Codec == NoCodec {
		if !s.withEvents {
			return out, false
		}
		out.payloadType = s.events
	}
	if !s.passing || p.ssrc != s.from {
		s.passing, s.from = true, p.ssrc
		s.shiftSequence = s.sequence + 1 - p.sequence
		s.shiftTimestamp = s.timestamp - p.timestamp
		out.marker = true
	}
	out.sequence = p.sequence + s.shiftSequence
	out.timestamp = p.timestamp + s.shiftTimestamp
	if newer(out.sequence, s.sequence) {
		s.sequence, s.timestamp = out.sequence, out.timestamp
	}
	return out, true
}
