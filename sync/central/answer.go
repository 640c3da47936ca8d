package central

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// Answer answers one request of a site that has proved to be the one named,
// over the connection it was admitted with last. There is an answer to
// everything that can be read; an error is the platform's own fault, and the
// site asks again.
func (p *Platform) Answer(id, op string, request []byte) ([]byte, error) {
	return p.AnswerFrom(id, netip.Addr{}, op, request)
}

// AnswerFrom is Answer for a request whose own source address is known.
func (p *Platform) AnswerFrom(id string, from netip.Addr, op string, request []byte) ([]byte, error) {
	q, err := wire.ReadRequest(request)
	r := wire.Reply{V: wire.Version, ID: q.ID}
	switch {
	case errors.Is(err, wire.ErrVersion):
		r.Refused = version(q.V)
	case err != nil:
		r.Refused = &wire.Refused{Reason: wire.Malformed, Text: "the platform cannot read what this box sends: " + err.Error()}
	case op != q.Op():
		r.Refused = &wire.Refused{Reason: wire.Malformed, Text: fmt.Sprintf("a %s was sent as a %s", q.Op(), op)}
	case !p.turns.begin(id):
		r.Refused = busy()
	default:
		defer p.turns.end(id)
		if r, err = p.fulfil(id, from, q); err != nil {
			return nil, fmt.Errorf("answer %s of site %s: %w", op, id, err)
		}
	}
	return wire.SignReply(p.keys.Signer, id, r)
}

func version(v int) *wire.Refused {
	if v < wire.Oldest {
		return &wire.Refused{Reason: wire.TooOld, Text: fmt.Sprintf("the platform no longer understands version %d, which this box speaks: update the box", v)}
	}
	return &wire.Refused{Reason: wire.TooNew, Text: fmt.Sprintf("the platform does not understand version %d yet, which this box speaks: update the platform", v)}
}

// fulfil does what is asked, in one transaction with what it reads.
func (p *Platform) fulfil(id string, addr netip.Addr, q wire.Request) (r wire.Reply, err error) {
	switch {
	case q.Pull != nil:
		r, err = p.pull(id, *q.Pull)
	case q.Act != nil:
		r, err = p.act(id, *q.Act)
	case q.Push != nil:
		r, err = p.push(id, addr, q)
	default:
		token, wait := rand.Text(), time.Duration(0)
		if q.Hello != nil {
			wait = p.backoffCap()
		}
		err = p.update(func(t *tx) { r = p.serve(t, id, addr, q, token) })
		if err == nil && r.Hello != nil {
			r.Hello.BackoffCap = wait
			err = p.void(id)
		}
	}
	if errors.Is(err, ErrBusy) {
		p.log.Debug("a site was told to come again", "site", id, "err", err)
		r, err = wire.Reply{Refused: busy()}, nil
	}
	r.V, r.ID = wire.Version, q.ID
	return r, err
}

// push takes what a site sends up. A fleet that comes back sends all it knows,
// and nearly all of it the platform has: that is read from the view, beside the
// one goroutine that writes. It is as if the push had come a moment earlier.
func (p *Platform) push(id string, addr netip.Addr, q wire.Request) (r wire.Reply, err error) {
	taken, retry := p.turns.tell(id, len(q.Push.Events), p.now())
	q.Push.Events = q.Push.Events[:taken] // the box sends the rest again
	spreads := false
	serve := func(t *tx) {
		r = p.serve(t, id, addr, q, "")
		spreads = t.spreads
	}
	err = errReadOnly
	if len(q.Push.Events) == 0 {
		err = p.view(serve)
	}
	if errors.Is(err, errReadOnly) {
		err = p.update(serve)
	}
	if err == nil && spreads {
		err = p.goOn() // what this site told halted a rollout
	}
	if r.Push != nil {
		r.Push.Retry = retry
	}
	return r, err
}

func busy() *wire.Refused {
	return &wire.Refused{Reason: wire.Busy, Text: "the platform has too much to do at the moment; the box asks again by itself", Retry: busyRetry}
}

const busyRetry = 5 * time.Second

// believed is what a site is refused with if its box is not believed.
func (t *tx) believed(id string) *wire.Refused {
	if s, ok := t.site(id); ok && !s.Revoked {
		return nil
	}
	return revoked()
}

func revoked() *wire.Refused {
	return &wire.Refused{Reason: wire.Revoked, Text: "this site was taken from the platform: join it again with a new token"}
}

// serve answers what may change the platform's state.
func (p *Platform) serve(t *tx, id string, addr netip.Addr, q wire.Request, token string) (r wire.Reply) {
	if r.Refused = t.believed(id); r.Refused != nil {
		return r
	}
	from := proto.Site(id)
	switch {
	case q.Hello != nil:
		t.connected(id, addr)
		r.Hello = p.greet(t, id, *q.Hello, token)
		r.Hello.Whitelisting = t.whitelisting(id, t.source(id, addr))
	case q.Push != nil:
		t.connected(id, addr)
		if said := q.Push.Conditions; said != nil { // else it may be answered without a write
			t.beats(id, func(b *beat) { b.Conditions, b.LocalRules = clipped(*said), clipped(q.Push.LocalRules) })
		}
		a := proto.Take(t, from, q.Push.Push)
		t.vouch(id, t.source(id, addr), t.acks(id).Acked[q.Push.Incarnation], *q.Push)
		r.Push = &wire.PushReply{PushReply: a, Acked: t.keep(id, *q.Push)}
		r.Push.Whitelisting = t.whitelisting(id, t.source(id, addr))
	case q.Confirm != nil:
		a := proto.Allow(t, from, *q.Confirm)
		r.Confirm = &a
	}
	return r
}

// beatStale is how old a sign of life may be before it is worth a write.
const beatStale = time.Hour

func (p *Platform) greet(t *tx, id string, h wire.Hello, token string) *wire.HelloReply {
	if !p.proved(id, h.Cursor) {
		h.Cursor = proto.Cursor{} // never handed out: it says nothing
	}
	if t.forgotten(id, h.Cursor.Rev) && t.Meta().Stands(h.Cursor) == proto.Followed {
		h.Cursor = proto.Cursor{} // not all that follows it is known any more
	}
	now := p.now().UTC()
	a := proto.Greet(t, proto.Site(id), h.Hello, token, now.Unix())
	if a.Snapshot {
		a.Cursor = p.prove(id, a.Cursor)
	}
	t.beats(id, func(b *beat) {
		b.Software, b.Conditions, b.LocalRules = clip(h.Software, 64), clipped(h.Conditions), clipped(h.LocalRules)
	})
	s, _ := t.site(id)
	return &wire.HelloReply{HelloReply: a, Now: now, Name: s.Name, Offer: p.offer.Load(), Acked: t.acks(id).Acked[h.Incarnation]}
}

// beats keeps a sign of life, and what the box says of itself with it.
func (t *tx) beats(id string, f func(*beat)) {
	var was beat
	t.get(bucketBeats, id, &was)
	is := was
	is.At = t.p.now().UTC()
	f(&is)
	if is.At.Sub(was.At).Abs() > beatStale || was.Software != is.Software ||
		!slices.Equal(was.Conditions, is.Conditions) || !slices.Equal(was.LocalRules, is.LocalRules) {
		t.put(bucketBeats, id, is)
	}
}

// maxSaid bounds what is kept of a box's conditions, and of its own rules, 64
// bytes each.
const maxSaid = 50

func clipped(said []string) (kept []string) {
	for _, c := range said[:min(len(said), maxSaid)] {
		kept = append(kept, clip(c, 64))
	}
	return kept
}

// clip cuts a text to so many bytes, between two runes.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// Bounds of pulls that wait for a revision this process has not read yet:
// another one answered the site before.
const (
	pullWait = 2 * time.Second
	maxPulls = 256
)

// pull answers from the view, and waits for no writer but one whose change the
// site was told of.
func (p *Platform) pull(id string, q proto.Pull) (r wire.Reply, err error) {
	if landed := p.flies(id); landed != nil {
		<-landed // a commit of the view
	}
	for waits := (<-chan time.Time)(nil); ; {
		next, early, resealing := p.next(), false, false
		err = p.view(func(t *tx) {
			r = wire.Reply{Refused: t.believed(id)}
			early, resealing = q.After > t.head(), t.resealing(id)
			if r.Refused == nil && !early && !resealing {
				r.Pull = p.read(t, proto.Site(id), q)
			}
		})
		switch {
		case err != nil || r.Refused != nil || r.Pull != nil:
			return r, err
		case !early && !resealing: // what is armed there is being taken back
			if err := p.void(id); err != nil {
				return r, err
			}
			continue
		case resealing:
			if err := p.reseal(id); err != nil {
				return r, err
			}
			continue
		case waits == nil:
			select {
			case p.pulls <- struct{}{}:
				defer func() { <-p.pulls }()
			default:
				return r, ErrBusy
			}
			timer := time.NewTimer(pullWait)
			defer timer.Stop()
			waits = timer.C
		}
		select {
		case <-next:
		case <-waits:
			return r, ErrBusy
		}
	}
}

func (t *tx) head() (rev uint64) {
	t.get(bucketMeta, metaHead, &rev)
	return rev
}

func (p *Platform) read(t *tx, from proto.Site, q proto.Pull) *wire.PullReply {
	page, ok := proto.Read(t, from, q)
	if !ok {
		return nil
	}
	return &wire.PullReply{Epoch: page.Epoch, Docs: t.page, Cursor: p.prove(string(from), page.Cursor), Pin: page.Pin, More: page.More}
}
