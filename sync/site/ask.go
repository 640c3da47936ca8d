package site

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// errLost says that the connection is gone.
var errLost = errors.New("the connection to the platform was lost")

// askNext asks what the rules want asked next, and takes the answer; it says
// whether there was anything to ask.
func (s *Site) askNext(ctx context.Context, conn Conn) (bool, error) {
	q, ok, err := s.next(ctx)
	if err != nil || !ok {
		return false, err
	}
	r, err := s.ask(ctx, conn, q, s.cfg.Wait)
	if err != nil {
		return false, err
	}
	return true, s.heard(ctx, q, r)
}

// next is the request to send now, nil if there is nothing to ask; the box's
// clock goes with it.
func (s *Site) next(ctx context.Context) (q wire.Request, ok bool, err error) {
	q, ok, err = s.compose(ctx)
	now, set := s.cfg.Clock()
	switch {
	case q.Push != nil:
		q.Push.Clock, q.Push.Unset = now, !set
	case q.Hello != nil && set:
		q.Hello.Clock = now
	}
	if q.Hello != nil {
		t := s.toTell()
		q.Hello.Conditions, q.Hello.LocalRules = t.conditions, t.rules
	}
	return q, ok, err
}

func (s *Site) compose(ctx context.Context) (q wire.Request, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m meta
	err = s.change(ctx, nil, func(t *tx) {
		var p proto.Request
		p, ok = s.link.Next(t, rand.Text())
		m = t.meta()
		q = wire.Request{V: wire.Version, ID: p.ID, Pull: p.Pull}
		if p.Push != nil {
			q.Push = &wire.Push{Push: *p.Push, Incarnation: m.Incarnation}
		}
		if p.Hello != nil {
			q.Hello = &wire.Hello{
				Hello: *p.Hello, Software: s.cfg.Software, Key: s.cfg.Key.Public().String(),
				Incarnation: m.Incarnation, Last: m.Acked,
			}
		}
	})
	if err != nil {
		s.link.Lost() // it may believe to have asked
		return q, false, err
	}
	if ok && q.Push == nil || s.link.Phase() != proto.InStep {
		return q, ok, nil
	}
	return s.withEvents(ctx, q, ok, m)
}

// withEvents puts what happened since into a push, and makes one for it.
func (s *Site) withEvents(ctx context.Context, q wire.Request, ok bool, m meta) (wire.Request, bool, error) {
	if s.pausedFor() > 0 {
		return q, ok, nil
	}
	events, err := s.desk.Events(ctx, m.told(), wire.MaxEvents)
	if err != nil {
		return q, false, fmt.Errorf("read what is to be told: %w", err)
	}
	news := s.unsaid()
	if len(events) == 0 && news == nil {
		return q, ok, nil
	}
	if !ok {
		q = wire.Request{V: wire.Version, ID: rand.Text(), Push: &wire.Push{
			Push: proto.Push{Epoch: m.Epoch, Items: []proto.Item{}}, Incarnation: m.Incarnation,
		}}
	}
	q.Push.Events = events
	if news != nil {
		q.Push.Conditions, q.Push.LocalRules = &news.conditions, news.rules
	}
	return q, true, nil
}

// refusal is the platform's own no.
type refusal struct{ wire.Refused }

func (r refusal) Error() string { return fmt.Sprintf("the platform refuses: %s", r.Text) }

// ask sends one request and opens its answer.
func (s *Site) ask(ctx context.Context, conn Conn, q wire.Request, wait time.Duration) (wire.Reply, error) {
	b, err := json.Marshal(q)
	if err != nil {
		return wire.Reply{}, fmt.Errorf("write %s: %w", q.Op(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	answer, err := conn.Ask(ctx, q.Op(), b)
	if err != nil {
		return wire.Reply{}, fmt.Errorf("ask %s: %w", q.Op(), err)
	}
	r, err := wire.Open(s.cfg.Platform, s.cfg.Site, q.ID, answer)
	if err != nil {
		return wire.Reply{}, fmt.Errorf("answer to %s: %w", q.Op(), err)
	}
	if r.Refused != nil {
		return wire.Reply{}, fmt.Errorf("ask %s: %w", q.Op(), refusal{*r.Refused})
	}
	return r, nil
}

// heard takes an answer in one transaction.
func (s *Site) heard(ctx context.Context, q wire.Request, r wire.Reply) error {
	p := proto.Reply{ID: r.ID}
	docs, opened, err := s.openReply(r, &p)
	if err != nil {
		return err
	}
	told, err := s.tellFirst(ctx, p, docs, opened)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var news proto.News
	err = s.change(ctx, docs, func(t *tx) {
		news = s.link.Heard(t, p)
		if news.Anchor != nil {
			if err := writeAnchor(s.cfg.Anchor, *news.Anchor); err != nil {
				t.fail(err)
			}
		}
		m := t.meta()
		switch {
		case news.Rolled:
			m = m.anew()
		case r.Hello != nil && q.Hello != nil && m.Incarnation == q.Hello.Incarnation:
			m.Acked = r.Hello.Acked
		case r.Push != nil && q.Push != nil && m.Incarnation == q.Push.Incarnation:
			m.Acked = max(m.Acked, r.Push.Acked)
		}
		t.put(nameMeta, m)
		for _, d := range told {
			t.told(d)
		}
	})
	if err != nil {
		s.link.Lost() // memory is ahead of the disk
		return fmt.Errorf("keep the answer to %s: %w", q.Op(), err)
	}
	s.note(r, news)
	s.noteSaid(q)
	return nil
}

// openReply turns an answer into the rules' words, every document verified.
func (s *Site) openReply(r wire.Reply, p *proto.Reply) (docs map[proto.ID]wire.SignedDoc, opened map[proto.ID]wire.Doc, err error) {
	switch {
	case r.Hello != nil:
		p.Hello = &r.Hello.HelloReply
	case r.Push != nil:
		p.Push = &r.Push.PushReply
	case r.Confirm != nil:
		p.Confirm = r.Confirm
	}
	if r.Pull == nil {
		return nil, nil, nil
	}
	docs, opened = map[proto.ID]wire.SignedDoc{}, map[proto.ID]wire.Doc{}
	p.Pull = &proto.PullReply{Epoch: r.Pull.Epoch, Cursor: r.Pull.Cursor, Pin: r.Pull.Pin, More: r.Pull.More}
	for _, signed := range r.Pull.Docs {
		d, err := wire.OpenDoc(s.cfg.Platform, s.cfg.Site, signed)
		if err != nil {
			return nil, nil, fmt.Errorf("read the platform's documents: %w", err)
		}
		docs[d.ID], opened[d.ID] = signed, d
		p.Pull.Docs = append(p.Pull.Docs, d.Doc)
	}
	return docs, opened, nil
}
