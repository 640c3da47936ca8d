package central_test

import (
	"fmt"
	"testing"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// TestWatch: whoever carries hints is told of every change of a site's
// documents and of its revocation, and of none after it has stopped.
func TestWatch(t *testing.T) {
	l := newLab(t)
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	heard := map[string]int{}
	stop := l.p.Watch(func(site string) { heard[site]++ })
	l.put(a, "Desk 1", "fake-1")
	if heard[a.id] != 1 || heard[b.id] != 0 {
		t.Errorf("after a device came to the first: got %v, want it told of once", heard)
	}
	l.put(b, "Desk 1", "fake-2")
	if heard[a.id] != 2 || heard[b.id] != 1 {
		t.Errorf("after it moved to the second: got %v, want both told of", heard)
	}
	if err := l.p.Revoke(b.id); err != nil || heard[b.id] != 2 {
		t.Errorf("after a revocation: got %v, %v, want it told of", heard, err)
	}
	stop()
	l.put(a, "Desk 2", "fake-1")
	if heard[a.id] != 2 {
		t.Errorf("after stop: got %v, want no more", heard)
	}
}

// TestToldIsAnswered: a question that follows the news is answered with it, though
// sites are told before the change is in the view; and a site is told once.
func TestToldIsAnswered(t *testing.T) {
	l := newLogLab(t)
	p := l.fresh()
	tok, err := p.AddSite("Berlin")
	must(t, err)
	have := ask(t, l, p, tok.Site, wire.Request{Pull: &proto.Pull{}}).Pull.Cursor
	told := make(chan *wire.PullReply, 2)
	defer p.Watch(func(site string) {
		q := wire.Request{Pull: &proto.Pull{Epoch: have.Epoch, After: have.Rev}}
		go func() { told <- ask(t, l, p, site, q).Pull }()
	})()
	for i := range 50 {
		label := fmt.Sprintf("Desk %d", i)
		must(t, p.PutDevice("001565000001", tok.Site, wire.Device{Vendor: "yealink", Label: label}, nil))
		r := <-told
		if r == nil || len(r.Docs) == 0 {
			t.Fatalf("change %d: told, and answered with %+v, want the change", i, r)
		}
		have = r.Cursor
	}
	if len(told) > 0 {
		t.Error("told of a change twice")
	}
}
