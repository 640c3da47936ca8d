package sipd

import (
	"bytes"
	"hash/maphash"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/provision"
)

// Rates of answers to callers that have proved nothing, not even that they are
// where their packets come from. A place is shared by the addresses that fall
// into it; all places together answer 8,000 messages a second at most, which is
// a tenth of a core.
const (
	places        = 4096
	placeRate     = 2
	placeBurst    = 8
	questionRate  = 1 // multicast questions: each is answered twice
	questionBurst = 10
)

// doorstep is where a REGISTER or INVITE is met that shows no nonce of ours. It
// is answered 401 at once and forgotten: who comes back with the nonce has
// received it, so is where it says it is. Forged sources get no further, cost no
// memory, and use up no other address's share.
type doorstep struct {
	seed        maphash.Seed
	rate, burst float64 // of a place

	mu    sync.Mutex
	place [places]bucket
}

func newDoorstep(now time.Time, rate, burst float64) *doorstep {
	d := &doorstep{seed: maphash.MakeSeed(), rate: rate, burst: burst}
	for i := range d.place {
		d.place[i] = full(now, burst)
	}
	return d
}

// admit counts a message against its address's place.
func (d *doorstep) admit(now time.Time, from netip.Addr) bool {
	i := maphash.Comparable(d.seed, from) % places
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.place[i].take(now, d.rate, d.burst)
}

// shows reports that a message carries a fresh nonce of ours, given to that
// address. It is looked for before anything is parsed: whether the login is
// right is found out later.
func (n *nonces) shows(now time.Time, data []byte, from netip.Addr) bool {
	if n.proof(now, data, from) != "" {
		return true
	}
	for range 4 { // a phone may carry one of another realm as well
		_, rest, ok := bytes.Cut(data, []byte(`nonce="`)) // "cnonce" matches too, and is none of ours
		if !ok {
			return false
		}
		nonce, _, ok := bytes.Cut(rest[:min(len(rest), 64)], []byte(`"`))
		if ok && n.fresh(now, string(nonce), from) {
			return true
		}
		data = rest
	}
	return false
}

// proof is the nonce in the URI of a message that came back by a 302, empty for
// none that is fresh and was given to that address.
func (n *nonces) proof(now time.Time, data []byte, from netip.Addr) string {
	line, _, _ := cutLine(data)
	_, rest, ok := bytes.Cut(line, []byte(";"+proofParam+"="))
	if !ok {
		return ""
	}
	nonce := rest[:min(len(rest), 64)]
	if end := bytes.IndexAny(nonce, "; >?"); end >= 0 {
		nonce = nonce[:end]
	}
	if !n.fresh(now, string(nonce), from) {
		return ""
	}
	return string(nonce)
}

func (n *nonces) fresh(now time.Time, nonce string, from netip.Addr) bool {
	ours, stale := n.check(now, nonce, from)
	return ours && !stale
}

// asks reports that a message of a stranger is to be answered at the doorstep.
func (l look) asks() bool {
	return !l.response && !l.emergent && (l.method == "REGISTER" || l.method == "INVITE")
}

// meetAtTheDoor is the 401 for such a message, nil for one that gets none.
func (s *Server) meetAtTheDoor(remote netip.AddrPort, msg sip.Message) []byte {
	req, ok := msg.(*sip.Request)
	if !ok {
		return nil
	}
	return s.stateless(remote, "UDP", req, sip.StatusUnauthorized, "Unauthorized",
		sip.NewHeader("WWW-Authenticate", s.nonces.challenge(s.dep.Now(), remote.Addr(), false)))
}

// stateless is an answer of which nothing is kept.
func (s *Server) stateless(remote netip.AddrPort, network string, req *sip.Request, status int, reason string, headers ...sip.Header) []byte {
	req.SetTransport(network)
	req.SetSource(remote.String())
	res := sip.NewResponseFromRequest(req, status, reason, nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	s.dep.Metrics.Answers.WithLabelValues(string(provision.SIP), strconv.Itoa(res.StatusCode)).Inc()
	return []byte(res.String())
}
