package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// lightBox speaks as a box does, over the same transport and by the same rules,
// and keeps what it hears in memory: ten thousand of them share this machine
// with their platform.
type lightBox struct {
	id       string
	platform seal.Verifier
	via      *site.NATS
	verify   bool // each document, not the answers alone
	base     time.Duration
	news     func(lightNews)

	link proto.Link
	tx   lightTx
}

// lightNews is what the process of the boxes counts.
type lightNews int

const (
	lightTried lightNews = iota
	lightLinked
	lightLost
)

// How a box waits before it dials again, as sync/site does.
const (
	lightBase = 2 * time.Second
	lightCap  = time.Minute
	lightDial = 75 * time.Second
	lightWait = 10 * time.Second
)

// run keeps the link until ctx ends.
func (b *lightBox) run(ctx context.Context) {
	b.tx.devices = map[proto.ID]proto.Device{}
	for wait := b.base; ctx.Err() == nil; wait = min(2*wait, lightCap) {
		pause := time.NewTimer(mathrand.N(wait) + 1)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		b.news(lightTried)
		if held := b.connect(ctx); held > lightCap {
			wait = b.base / 2
		}
	}
}

// connect gives how long the connection held.
func (b *lightBox) connect(ctx context.Context) (held time.Duration) {
	dialling, cancel := context.WithTimeout(ctx, lightDial)
	conn, err := b.via.Dial(dialling)
	cancel()
	if err != nil {
		return 0
	}
	began := time.Now()
	defer func() { _ = conn.Close() }()
	b.link.Lost()
	_ = b.talk(ctx, conn) // it is dialled again
	b.news(lightLost)
	return time.Since(began)
}

// talk asks until the connection is lost.
func (b *lightBox) talk(ctx context.Context, conn site.Conn) error {
	for linked := false; ; {
		p, ok := b.link.Next(&b.tx, rand.Text())
		if ok {
			if err := b.ask(ctx, conn, p); err != nil {
				return err
			}
			continue
		}
		if !linked {
			linked = true
			b.news(lightLinked)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, open := <-conn.Hints():
			if !open {
				return errors.New("lost")
			}
			b.link.Poke()
		}
	}
}

func (b *lightBox) ask(ctx context.Context, conn site.Conn, p proto.Request) error {
	q := wire.Request{V: wire.Version, ID: p.ID, Pull: p.Pull}
	if p.Push != nil {
		q.Push = &wire.Push{Push: *p.Push, Incarnation: "bench", Clock: time.Now()}
	}
	if p.Hello != nil {
		q.Hello = &wire.Hello{Hello: *p.Hello, Software: "bench", Incarnation: "bench", Clock: time.Now()}
	}
	text, err := json.Marshal(q)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lightWait)
	defer cancel()
	answer, err := conn.Ask(ctx, q.Op(), text)
	if err != nil {
		return err
	}
	r, err := wire.Open(b.platform, b.id, q.ID, answer)
	if err == nil && r.Refused != nil {
		err = errors.New(r.Refused.Text)
	}
	if err != nil {
		return err
	}
	heard := proto.Reply{ID: r.ID}
	switch {
	case r.Hello != nil:
		heard.Hello = &r.Hello.HelloReply
	case r.Push != nil:
		heard.Push = &r.Push.PushReply
	case r.Pull != nil:
		if heard.Pull, err = b.page(*r.Pull); err != nil {
			return err
		}
	}
	b.link.Heard(&b.tx, heard)
	return nil
}

// page reads a page of documents.
func (b *lightBox) page(r wire.PullReply) (*proto.PullReply, error) {
	page := &proto.PullReply{Epoch: r.Epoch, Cursor: r.Cursor, Pin: r.Pin, More: r.More}
	for _, signed := range r.Docs {
		var d struct{ proto.Doc }
		var err error
		if b.verify {
			var whole wire.Doc
			whole, err = wire.OpenDoc(b.platform, b.id, signed)
			d.Doc = whole.Doc
		} else {
			err = json.Unmarshal(signed.Doc, &d)
			d.Rev = signed.Rev
		}
		if err != nil {
			return nil, fmt.Errorf("read a document: %w", err)
		}
		page.Docs = append(page.Docs, d.Doc)
	}
	return page, nil
}

// lightTx is a box's state in memory.
type lightTx struct {
	meta    proto.SiteMeta
	devices map[proto.ID]proto.Device
}

func (t *lightTx) Meta() proto.SiteMeta     { return t.meta }
func (t *lightTx) SetMeta(m proto.SiteMeta) { t.meta = m }

func (t *lightTx) Device(id proto.ID) (proto.Device, bool) {
	d, ok := t.devices[id]
	return d, ok
}

func (t *lightTx) SetDevice(id proto.ID, d proto.Device) { t.devices[id] = d }

func (t *lightTx) Each(after proto.ID, f func(proto.ID, proto.Device) bool) {
	for _, id := range slices.Sorted(maps.Keys(t.devices)) {
		if id > after && !f(id, t.devices[id]) {
			return
		}
	}
}

func (t *lightTx) Apply(proto.Doc) {}
