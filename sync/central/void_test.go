package central_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// request asks as a site that has proved itself, without a connection.
func (l *lab) request(id string, q wire.Request) wire.Reply {
	l.t.Helper()
	q.V, q.ID = wire.Version, rand.Text()
	b, err := json.Marshal(q)
	if err != nil {
		l.t.Fatal(err)
	}
	if b, err = l.p.Answer(id, q.Op(), b); err != nil {
		l.t.Fatal(err)
	}
	r, err := wire.Open(l.keys.Signer.Verifier(), id, q.ID, b)
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

// armed are so many devices with an armed one-time password at a site.
func (l *lab) armed(id string, count int) {
	l.t.Helper()
	var all sync.WaitGroup
	next := make(chan int)
	for range 64 {
		all.Go(func() {
			for n := range next {
				if err := l.p.PutDevice(fmt.Sprintf("0015650%05x", n), id, wire.Device{Vendor: "yealink"}, nil); err != nil {
					l.t.Error(err)
				}
			}
		})
	}
	for n := range count {
		next <- n
	}
	close(next)
	all.Wait()
}

// read reads all documents of a site.
func (l *lab) read(id string, epoch int64) (docs []wire.Doc) {
	l.t.Helper()
	for q := (proto.Pull{Epoch: epoch}); ; {
		r := l.request(id, wire.Request{Pull: &q})
		if r.Pull == nil {
			l.t.Fatalf("got %+v, want documents", r)
		}
		for _, s := range r.Pull.Docs {
			d, err := wire.OpenDoc(l.keys.Signer.Verifier(), id, s)
			if err != nil {
				l.t.Fatal(err)
			}
			docs = append(docs, d)
		}
		if !r.Pull.More {
			return docs
		}
		q.After, q.Pin = r.Pull.Cursor.Rev, r.Pull.Pin
	}
}

// TestManyArmedPutBack has a box put back that has more armed devices than one
// batch of the log holds: all of them are void before it reads anything.
func TestManyArmedPutBack(t *testing.T) {
	l := newLab(t)
	b, other := l.newBox("big"), l.newBox("other")
	const many = 2000
	l.armed(b.id, many)
	if err := l.p.PutDevice("001565ffffff", other.id, wire.Device{Vendor: "yealink"}, nil); err != nil {
		t.Fatal(err)
	}
	r := l.request(b.id, wire.Request{Hello: &wire.Hello{Hello: proto.Hello{Rolled: true}, Incarnation: "a"}})
	if r.Hello == nil {
		t.Fatalf("hello of a box that was put back: got %+v, want an answer", r)
	}
	docs, armed := l.read(b.id, r.Hello.Epoch), 0
	for _, d := range docs {
		if d.Sec.Armed() {
			armed++
		}
	}
	if len(docs) != many || armed != 0 {
		t.Errorf("got %d documents, %d of them armed, want %d and none", len(docs), armed, many)
	}
	if docs := l.read(other.id, r.Hello.Epoch); len(docs) != 1 || !docs[0].Sec.Armed() {
		t.Errorf("another site: got %+v, want its one device armed as it was", docs)
	}
}

// TestManyBurns has a hello with more burns than one may carry refused in words.
func TestManyBurns(t *testing.T) {
	l := newLab(t)
	b := l.newBox("burnt")
	for count, want := range map[int]wire.Reason{proto.MaxBurns: "", proto.MaxBurns + 1: wire.Malformed} {
		h := wire.Hello{Hello: proto.Hello{Burns: make([]proto.Burn, count)}, Incarnation: "a"}
		got := wire.Reason("")
		if r := l.request(b.id, wire.Request{Hello: &h}); r.Refused != nil {
			got = r.Refused.Reason
		}
		if got != want {
			t.Errorf("%d burns: got %q, want %q", count, got, want)
		}
	}
}
