package site

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// claim is a grant that waits to be accepted.
type claim struct {
	grant proto.Grant
	done  chan<- bool
}

// May says whether a phone that showed the one-time password of this mint is
// to be let in, now and only now (R2, R5). It is false for every doubt; an
// error says what failed, and is false as well.
func (s *Site) May(ctx context.Context, id proto.ID, mint string) (bool, error) {
	grant, err := s.claim(ctx, id, mint)
	if err != nil || grant == nil {
		return false, err
	}
	done := make(chan bool, 1)
	select {
	case s.grants <- claim{*grant, done}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	select {
	case ok := <-done:
		return ok, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// claim asks the rules, and through them the platform. If that does not answer
// after all, the rules are asked once more as for a site that is off line.
func (s *Site) claim(ctx context.Context, id proto.ID, mint string) (*proto.Grant, error) {
	conn := s.connected()
	q, grant, err := s.try(ctx, id, mint, conn != nil)
	if err != nil || q == nil {
		return grant, err
	}
	r, err := s.ask(ctx, conn, wire.Request{V: wire.Version, ID: q.ID, Confirm: q.Confirm}, s.cfg.ConfirmWait)
	if err != nil {
		_, grant, again := s.try(ctx, id, mint, false)
		if grant != nil {
			err = nil
		}
		return grant, errors.Join(err, again)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.change(ctx, nil, func(t *tx) {
		grant = s.link.Confirmed(t, id, proto.Reply{ID: r.ID, Confirm: r.Confirm})
	})
	return grant, err
}

// connected is the connection once both sides are merged, else nil.
func (s *Site) connected() Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.link.Open() {
		return nil
	}
	return s.conn
}

func (s *Site) try(ctx context.Context, id proto.ID, mint string, online bool) (q *proto.Request, grant *proto.Grant, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.change(ctx, nil, func(t *tx) {
		q, grant = s.link.Claim(t, id, mint, online, s.desk.Rules(), rand.Text(), rand.Text())
	})
	return q, grant, err
}

// acceptAll accepts whatever gathered while the last ones were written: one
// write of the anchor and one transaction for all of them.
func (s *Site) acceptAll(ctx context.Context) {
	for {
		var batch []claim
		select {
		case <-ctx.Done():
			return
		case c := <-s.grants:
			batch = append(batch, c)
		}
		for more := true; more; {
			select {
			case c := <-s.grants:
				batch = append(batch, c)
			default:
				more = false
			}
		}
		taken, err := s.accept(ctx, batch)
		if err != nil {
			s.log.Error("one-time passwords were not accepted", "err", err)
		}
		for i, c := range batch {
			c.done <- err == nil && taken[i]
		}
		s.Changed()
	}
}

func (s *Site) accept(ctx context.Context, batch []claim) (taken []bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	grants := make([]proto.Grant, len(batch))
	for i, c := range batch {
		grants[i] = c.grant
	}
	var anchor proto.Anchor
	if err := s.change(ctx, nil, func(t *tx) { anchor = proto.AnchorFor(t.Meta(), grants) }); err != nil {
		return nil, err
	}
	if err := writeAnchor(s.cfg.Anchor, anchor); err != nil {
		return nil, err
	}
	err = s.change(ctx, nil, func(t *tx) { taken = proto.Accept(t, anchor, grants) })
	if err != nil {
		return nil, fmt.Errorf("mark one-time passwords used: %w", err)
	}
	return taken, nil
}

// Tried tells the rules of a wrong PIN, locked whether the box takes no more.
func (s *Site) Tried(ctx context.Context, id proto.ID, limit uint16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.Changed()
	return s.change(ctx, nil, func(t *tx) { proto.Tried(t, id, limit) })
}

// Tries is what the box has counted of wrong PINs for one device.
type Tries struct {
	ID proto.ID
	// PIN is the generation they were for.
	PIN    proto.Gen
	Fails  uint16
	Locked bool
}

// Counted brings the box's own counts into the rules, at a start: a crash may
// have come between a count and Tried.
func (s *Site) Counted(ctx context.Context, all []Tries) error {
	if len(all) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.Changed()
	return s.change(ctx, nil, func(t *tx) {
		for _, one := range all {
			proto.Counted(t, one.ID, one.PIN, one.Fails, one.Locked)
		}
	})
}

// tellDesk tells the desk of every document it has not heard of.
func (s *Site) tellDesk(ctx context.Context) error {
	var todo []wire.Doc
	err := s.change(ctx, nil, func(t *tx) {
		for _, name := range t.Names(todoOf) {
			todo = append(todo, s.kept(t, proto.ID(name[len(todoOf):])))
		}
	})
	if err != nil {
		return err
	}
	for _, d := range todo {
		if err := s.apply(ctx, d); err != nil {
			return err
		}
		if err := s.told(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// apply tells the desk of one document. An error says that it may go well
// another time.
func (s *Site) apply(ctx context.Context, d wire.Doc) error {
	err := s.desk.Apply(ctx, d, func(secret string) ([]byte, error) { return s.cfg.Key.Open(d.Label(secret), d.Sealed[secret]) })
	if errors.Is(err, ErrRetry) || ctx.Err() != nil {
		return fmt.Errorf("apply %s: %w", d.ID, err)
	}
	if err != nil {
		s.log.Warn("a document of the platform cannot be had here", "document", d.ID, "err", err)
	}
	return nil
}

// kept is a document as the desk is to be told of it.
func (s *Site) kept(t *tx, id proto.ID) wire.Doc {
	var signed wire.SignedDoc
	d := wire.Doc{}
	if t.get(docOf+string(id), &signed) {
		var err error
		if d, err = wire.OpenDoc(s.cfg.Platform, s.cfg.Site, signed); err != nil {
			t.fail(fmt.Errorf("read a kept document: %w", err))
		}
	}
	return t.known(id, d)
}

// known is a document with what the box and the platform know together of what
// it is about, not what it said itself.
func (t *tx) known(id proto.ID, d wire.Doc) wire.Doc {
	state, _ := t.Device(id)
	d.ID, d.Del = id, state.Gone
	d.Sec = state.Sec
	d.Kind, d.Key, _ = wire.SplitID(id)
	if d.Del {
		d.Body, d.Sealed = nil, nil
	}
	return d
}

// told forgets that the desk was to be told.
func (s *Site) told(ctx context.Context, d wire.Doc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change(ctx, nil, func(t *tx) { t.told(d) })
}

// told forgets that the desk was to be told, unless there is a newer document:
// the document kept is another then, or the device has gone since.
func (t *tx) told(d wire.Doc) {
	if now, _ := t.Device(d.ID); now.Ver == d.Ver && now.Gone == d.Del {
		t.Put(todoOf+string(d.ID), nil)
	}
}
