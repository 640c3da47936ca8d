package central_test

import (
	"errors"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// TestPushOfWhatIsHeld: a box that sends what the platform has is answered
// without a write, and so while nothing can be written; what it has not is
// written before the answer.
func TestPushOfWhatIsHeld(t *testing.T) {
	l := newLogLab(t)
	p := l.fresh()
	tok, err := p.AddSite("Berlin")
	must(t, err)
	must(t, p.PutDevice("001565000001", tok.Site, wire.Device{Vendor: "yealink"}, nil))
	page := ask(t, l, p, tok.Site, wire.Request{Pull: &proto.Pull{}}).Pull
	doc, err := wire.OpenDoc(l.keys.Signer.Verifier(), tok.Site, page.Docs[len(page.Docs)-1])
	must(t, err)
	push := func(sec proto.Sec) wire.Reply {
		return ask(t, l, p, tok.Site, wire.Request{Push: &wire.Push{
			Push: proto.Push{Epoch: page.Epoch, Items: []proto.Item{{ID: doc.ID, Sec: sec}}}, Incarnation: "i", Clock: time.Now(),
		}})
	}
	before := l.log.revision()
	l.log.setAway(errors.New("away"))
	if r := push(doc.Sec); r.Push == nil || r.Push.Epoch != page.Epoch {
		t.Errorf("what it has, while the log is away: got %+v, want it taken", r)
	}
	l.log.setAway(nil)
	if got := l.log.revision(); got != before {
		t.Errorf("what it has: got revision %d of the log, want %d still", got, before)
	}
	tried := doc.Sec
	tried.Fails++
	if r := push(tried); r.Push == nil {
		t.Errorf("what it has not: got %+v, want it taken", r)
	}
	if got := l.log.revision(); got == before {
		t.Error("what it has not: got nothing written, want the wrong try in the log")
	}
}

func (l *memLog) revision() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

func (l *memLog) setAway(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = err
}
