package dhcpopt

import (
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// How many questions on their way are remembered, and for how long: a client
// gives up on an answer sooner.
const (
	maxRecall  = 8192
	recallTime = time.Minute
)

// question is what an answer on its way back must be fitted to, and does not
// itself say.
type question struct {
	mac   phone.MAC
	xid   dhcpv4.TransactionID
	at    time.Time
	class []byte
	host  string
	list  []byte
	limit int
	// noted says that the client keeps to its budget, so that its timeline
	// takes the answer.
	noted bool
	// using says that the client had its address before: it renews.
	using bool
	to    []netip.AddrPort // the servers it went to
	wish  wish
}

// awaits reports that an answer of this server is due now.
func (q question) awaits(server netip.Addr, now time.Time) bool {
	return now.Sub(q.at) <= answerWithin && among(q.to, server)
}

func among(servers []netip.AddrPort, addr netip.Addr) bool {
	return slices.ContainsFunc(servers, func(u netip.AddrPort) bool { return u.Addr() == addr })
}

type questionKey struct {
	mac phone.MAC
	xid dhcpv4.TransactionID
}

// recall remembers the last questions, in a ring: a flood makes it forget, and
// what is forgotten is answered as for a client that said nothing of itself.
type recall struct {
	places map[questionKey]int
	ring   []question
	next   int
}

func (r *recall) note(q question) {
	if r.places == nil {
		r.places = make(map[questionKey]int)
	}
	key := questionKey{q.mac, q.xid}
	if i, ok := r.places[key]; ok {
		if q.wish.at.IsZero() {
			q.wish = r.ring[i].wish // anybody can send a DISCOVER after it, by the same number
		}
		r.ring[i] = q
		return
	}
	if len(r.ring) < maxRecall {
		r.places[key] = len(r.ring)
		r.ring = append(r.ring, q)
		return
	}
	old := &r.ring[r.next]
	delete(r.places, questionKey{old.mac, old.xid})
	*old = q
	r.places[key] = r.next
	r.next = (r.next + 1) % maxRecall
}

// of gives the question an answer belongs to.
func (r *recall) of(mac phone.MAC, xid dhcpv4.TransactionID, now time.Time) (question, bool) {
	i, ok := r.places[questionKey{mac, xid}]
	if !ok || now.Sub(r.ring[i].at) > recallTime {
		return question{mac: mac, xid: xid, limit: minMessage}, false
	}
	return r.ring[i], true
}
