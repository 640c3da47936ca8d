package central

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

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
	default:
		if err := p.update(func(t *tx) { p.fulfil(t, id, from, q, &r) }); err != nil {
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
func (p *Platform) fulfil(t *tx, id string, addr netip.Addr, q wire.Request, r *wire.Reply) {
	s, ok := t.site(id)
	if !ok || s.Revoked {
		r.Refused = &wire.Refused{Reason: wire.Revoked, Text: "this site was taken from the platform: join it again with a new token"}
		return
	}
	from := proto.Site(id)
	switch {
	case q.Hello != nil:
		t.connected(id, addr)
		r.Hello = p.greet(t, id, s, *q.Hello)
		r.Hello.Whitelisting = t.whitelisting(id, t.source(id, addr))
	case q.Pull != nil:
		r.Pull = p.read(t, from, *q.Pull)
	case q.Push != nil:
		t.connected(id, addr)
		a := proto.Take(t, from, q.Push.Push)
		t.vouch(id, t.source(id, addr), s.Acked[q.Push.Incarnation], *q.Push)
		r.Push = &wire.PushReply{PushReply: a, Acked: t.keep(id, *q.Push)}
		r.Push.Whitelisting = t.whitelisting(id, t.source(id, addr))
	case q.Confirm != nil:
		a := proto.Allow(t, from, *q.Confirm)
		r.Confirm = &a
	}
}

func (p *Platform) greet(t *tx, id string, s site, h wire.Hello) *wire.HelloReply {
	if !p.proved(id, h.Cursor) {
		h.Cursor = proto.Cursor{} // never handed out: it says nothing
	}
	a := proto.Greet(t, proto.Site(id), h.Hello, rand.Text(), p.now().Unix())
	if a.Snapshot {
		a.Cursor = p.prove(id, a.Cursor)
	}
	s, _ = t.site(id)
	s.Seen, s.Software, s.Conditions = p.now().UTC(), clip(h.Software, 64), h.Conditions[:min(len(h.Conditions), 50)]
	t.setSite(id, s)
	return &wire.HelloReply{HelloReply: a, Now: p.now().UTC(), Name: s.Name, Acked: s.Acked[h.Incarnation]}
}

func clip(s string, most int) string { return s[:min(len(s), most)] }

func (p *Platform) read(t *tx, from proto.Site, q proto.Pull) *wire.PullReply {
	page := proto.Read(t, from, q)
	out := &wire.PullReply{Epoch: page.Epoch, Cursor: p.prove(string(from), page.Cursor), Pin: page.Pin, More: page.More}
	t.signed(from, q.After, page.Cursor.Rev, func(s wire.SignedDoc, _ int) bool {
		out.Docs = append(out.Docs, s)
		return true
	})
	return out
}

// maxIncarnations bounds how many numberings of one site are remembered.
const maxIncarnations = 50

// keep keeps the events that are new, and gives the newest number held.
func (t *tx) keep(id string, p wire.Push) uint64 {
	s, _ := t.site(id)
	held := s.Acked[p.Incarnation]
	if len(p.Events) == 0 {
		return held
	}
	if s.Acked == nil || len(s.Acked) >= maxIncarnations {
		s.Acked = map[string]uint64{}
	}
	bucket := t.makeSiteBucket(bucketEvents, proto.Site(id))
	for _, e := range p.Events {
		if e.Seq <= held || t.err != nil {
			continue
		}
		held = e.Seq
		n, err := bucket.NextSequence()
		t.fail(err)
		t.fail(putJSON(bucket, revKey(n), e))
	}
	s.Acked[p.Incarnation] = held
	t.setSite(id, s)
	return held
}

// Events gives a site's events, oldest first.
func (p *Platform) Events(id string, f func(wire.Event) bool) error {
	return p.update(func(t *tx) {
		b := t.siteBucket(bucketEvents, proto.Site(id))
		if b == nil {
			return
		}
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			var e wire.Event
			if err := json.Unmarshal(v, &e); err != nil {
				t.fail(err)
				return
			}
			if !f(e) {
				return
			}
		}
	})
}
