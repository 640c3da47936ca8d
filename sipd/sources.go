package sipd

import (
	"net/netip"
	"sync"
	"time"
)

// Bounds of what is remembered of callers. An address costs under 200 bytes
// here and as much in the library's own table.
const (
	maxSources     = 4096             // addresses
	maxPorts       = 4096             // address and port together
	portsPerSource = 32               // phones behind one router
	newPortsRate   = 2                // per second in the long run: the library never forgets that it met one
	ownPorts       = 64               // of an address that is known or proven, at once
	ownPortsRate   = 0.5              // and per second in the long run
	ownConns       = 32               // connections of one address that may begin at once
	ownConnsRate   = 2                // and per second in the long run
	sourceIdle     = 10 * time.Minute // then an address may make room
)

// Rates, in messages a second; the burst is twice as much where nothing else
// is said.
const (
	sourceRate    = 50   // of one address
	strangersRate = 500  // of all addresses that are not known; by packets, and as many by connections
	emergencyRate = 2000 // INVITEs to emergency numbers of all addresses that are not known
	ownEmergency  = 500  // and in the name of one: anybody may write it, and the phone's own have to be among those looked at
	callsRate     = 0.2  // emergency calls one address may begin in the long run; see ownCalls
	allCallsRate  = 50   // and all that are not known
	knownRate     = 100  // of one known address: a registered phone, one in a call
	sbcRate       = 2000 // of an SBC
)

// allCalls is how many emergency calls of addresses not known may begin at once:
// a whole building that calls after a power cut, before it registered. ownCalls
// are one address's: who dials again and again in fear, or a few phones behind a
// router; a laptop that sends calls for help all day is worth no more to an SBC.
const (
	allCalls = 400
	ownCalls = 8
)

// bucket is a token bucket. Its zero value is empty; full makes one that is not.
type bucket struct {
	tokens float64
	at     time.Time
}

func full(now time.Time, burst float64) bucket { return bucket{tokens: burst, at: now} }

// take takes one token; the bucket fills at rate a second up to burst.
func (b *bucket) take(now time.Time, rate, burst float64) bool {
	b.tokens = min(burst, b.tokens+rate*max(0, now.Sub(b.at).Seconds()))
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// sources counts what each address sends. It decides who is dropped; it keeps
// no more than its bounds whatever addresses are forged.
type sources struct {
	mu        sync.Mutex
	by        map[netip.Addr]*source
	ports     int
	strangers bucket
	streams   bucket // of strangers by connections, whose addresses cannot be forged
	emergency bucket
	calls     bucket // emergency calls that begin
	shown     bucket // the same, of who showed that its address is its own
	fresh     bucket
	known     map[netip.Addr]int // references: bindings, calls, questions just asked
	forget    func(netip.AddrPort)
}

type source struct {
	all       bucket
	emergency bucket
	last      time.Time
	fresh     bucket // of ports not seen before
	conns     bucket // of connections
	calls     bucket // of emergency calls that begin
	shown     shares // of who showed that the address is its own
	ports     []port // the longest unused first
}

// shares are one address's where it is proven: what others write in its name takes
// nothing of them.
type shares struct {
	emergency, calls bucket
}

type port struct {
	number uint16
	last   time.Time
}

func newSources(now time.Time, forget func(netip.AddrPort)) *sources {
	return &sources{
		by: make(map[netip.Addr]*source), known: make(map[netip.Addr]int), forget: forget,
		strangers: full(now, 2*strangersRate), streams: full(now, 2*strangersRate), emergency: full(now, 2*emergencyRate), calls: full(now, allCalls), shown: full(now, allCalls), fresh: full(now, maxPorts),
	}
}

// hold says that an address is expected: its messages are counted by
// themselves, so that no flood of strangers drowns them. Each hold is given
// back by release.
func (s *sources) hold(a netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[a]++
}

func (s *sources) release(a netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[a]--; s.known[a] <= 0 {
		delete(s.known, a)
	}
}

// verdict is what becomes of a packet: the empty one lets it in, any other is
// the reason it is dropped, as the metric's label.
type verdict string

const (
	pass      verdict = ""
	foreign   verdict = "foreign"
	noise     verdict = "noise" // no SIP, or an answer nobody waits for
	oversize  verdict = "oversize"
	scanning  verdict = "scanner"
	rate      verdict = "rate"
	tooMany   verdict = "sources"
	malformed verdict = "malformed"
	unproven  verdict = "unproven" // answered at the doorstep, not let in
	question  verdict = "question" // the same, of a SUBSCRIBE
)

// admit counts a packet of a source against its rate and the site's.
// Emergencies come first: they have buckets of their own, and where the table
// is full another address makes room for them. fresh says that this address and
// port was not known before.
func (s *sources) admit(now time.Time, from netip.AddrPort, l look) (v verdict, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.known[from.Addr()]
	if l.response && !known {
		return noise, false
	}
	first := known || l.emergent || l.proven
	src := s.by[from.Addr()]
	if l.method == "ACK" && !known && src == nil {
		return noise, false // of an answer from the doorstep
	}
	if src != nil && !first && !src.all.take(now, sourceRate, 2*sourceRate) {
		return rate, false // at its own rate it takes nothing of the others'
	}
	if !first && !s.strangers.take(now, strangersRate, 2*strangersRate) {
		return rate, false // before it costs anything
	}
	if src == nil {
		if src = s.sourceLocked(now, from.Addr(), first); src != nil && !first {
			src.all.tokens--
		}
	}
	if src == nil {
		return tooMany, false
	}
	switch {
	case l.emergent && l.proven:
		if !src.shown.emergency.take(now, 10, 20) {
			return rate, false
		}
	case l.emergent:
		if !src.emergency.take(now, ownEmergency, 2*ownEmergency) || !known && !s.emergency.take(now, emergencyRate, 2*emergencyRate) {
			return rate, false
		}
	case l.sbc: // it answers for everybody
		if !src.all.take(now, sbcRate, 2*sbcRate) {
			return rate, false
		}
	case known, l.proven:
		if !src.all.take(now, knownRate, 2*knownRate) || !known && l.stream && !s.streams.take(now, strangersRate, 2*strangersRate) {
			return rate, false
		}
	}
	src.last = now
	if l.stream {
		return pass, false // the room bounds connections; their ports are not those of packets
	}
	return s.portLocked(now, src, from, first, l.emergent)
}

// connects counts a connection of an address: one that connects again and again
// would begin with nothing counted each time.
func (s *sources) connects(now time.Time, a netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.by[a]
	if src == nil {
		src = s.sourceLocked(now, a, true) // its address is its own
	}
	return src != nil && src.conns.take(now, ownConnsRate, ownConns)
}

// begins counts an emergency call of an address that was let in. What was forged
// takes nothing of who has proven its address.
func (s *sources) begins(now time.Time, a netip.Addr, proven bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.by[a]
	if src == nil {
		return false
	}
	own, all := &src.calls, &s.calls
	if proven {
		own, all = &src.shown.calls, &s.shown
	}
	if !own.take(now, callsRate, ownCalls) {
		return false
	}
	_, known := s.known[a]
	return known || all.take(now, allCallsRate, allCalls)
}

// sourceLocked makes the address's record, and room for it where it may.
func (s *sources) sourceLocked(now time.Time, a netip.Addr, first bool) *source {
	if len(s.by) >= maxSources && !s.roomLocked(now, first) {
		return nil
	}
	src := &source{
		all: full(now, 2*sourceRate), emergency: full(now, 2*ownEmergency), fresh: full(now, ownPorts), conns: full(now, ownConns), calls: full(now, ownCalls), last: now,
		shown: shares{emergency: full(now, 20), calls: full(now, ownCalls)},
	}
	s.by[a] = src
	return src
}

// roomLocked takes out one of a handful of addresses: one that never got a
// packet in, else the longest silent; of those that did, only one that was
// silent for long, unless it is for a caller that comes first.
func (s *sources) roomLocked(now time.Time, first bool) bool {
	var oldest netip.Addr
	looked := 0
	for a, src := range s.by {
		if _, known := s.known[a]; known {
			continue
		}
		if old := s.by[oldest]; old == nil || len(src.ports) == 0 || len(old.ports) > 0 && src.last.Before(old.last) {
			oldest = a
		}
		if looked++; looked == 16 {
			break
		}
	}
	if !oldest.IsValid() || !first && len(s.by[oldest].ports) > 0 && now.Sub(s.by[oldest].last) < sourceIdle {
		return false
	}
	s.dropLocked(oldest)
	return true
}

func (s *sources) dropLocked(a netip.Addr) {
	for _, p := range s.by[a].ports {
		s.forget(netip.AddrPortFrom(a, p.number))
		s.ports--
	}
	delete(s.by, a)
}

// portLocked notes the port a packet came from.
func (s *sources) portLocked(now time.Time, src *source, from netip.AddrPort, first, emergent bool) (verdict, bool) {
	for i, p := range src.ports {
		if p.number == from.Port() {
			src.ports = append(append(src.ports[:i], src.ports[i+1:]...), port{from.Port(), now})
			return pass, false
		}
	}
	switch {
	case emergent:
	case first && !src.fresh.take(now, ownPortsRate, ownPorts), !first && !s.fresh.take(now, newPortsRate, maxPorts):
		return tooMany, false
	}
	if len(src.ports) >= portsPerSource {
		s.forget(netip.AddrPortFrom(from.Addr(), src.ports[0].number))
		src.ports = append(src.ports[:0], src.ports[1:]...)
		s.ports--
	}
	if s.ports >= maxPorts {
		if !s.roomLocked(now, true) {
			return tooMany, false
		}
		if s.by[from.Addr()] == nil { // it was its own that made room
			src.ports, s.by[from.Addr()] = nil, src
		}
	}
	s.ports++
	src.ports = append(src.ports, port{from.Port(), now})
	return pass, true
}

// count is how many addresses and ports are remembered.
func (s *sources) count() (addrs, ports int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.by), s.ports
}

// expects reports that an address is held.
func (s *sources) expects(a netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.known[a]
	return ok
}
