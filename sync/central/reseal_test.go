package central_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// TestNewBoxOfMany: a box that takes the place of another gets documents sealed
// to its own key alone, also where the sealing was cut short; another process
// goes on with it.
func TestNewBoxOfMany(t *testing.T) {
	l := newLogLab(t)
	p := l.fresh()
	tok, err := p.AddSite("Berlin")
	must(t, err)
	const devices = 450
	var wg sync.WaitGroup
	for i := range devices {
		wg.Go(func() {
			if err := p.PutDevice(fmt.Sprintf("001565%06x", i), tok.Site, wire.Device{}, map[string]string{"sip.0": "fake"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	signer, err := seal.NewSigner()
	must(t, err)
	key, err := seal.NewKey()
	must(t, err)
	// The log answers the join and the first slice, and no more.
	appends := 0
	l.log.set(nil, func() (bool, error) {
		appends++
		if appends > 2 {
			return false, central.ErrRefused
		}
		return true, nil
	})
	r, err := p.Join(wire.Join{Secret: tok.Secret, Verifier: signer.Verifier().String(), Key: key.Public().String()})
	if err != nil || r.Site != tok.Site {
		t.Fatalf("got %+v, %v, want the box in", r, err)
	}
	pull := wire.Request{Pull: &proto.Pull{Epoch: p.InEpoch()}}
	if r := ask(t, l, p, tok.Site, pull); r.Refused == nil || r.Refused.Reason != wire.Busy {
		t.Fatalf("half sealed: got %+v, want busy", r)
	}
	l.log.set(nil, nil)
	other := l.fresh()
	got := 0
	for more := true; more; {
		page := ask(t, l, other, tok.Site, pull).Pull
		if page == nil {
			t.Fatal("got no page, want the rest sealed first")
		}
		for _, s := range page.Docs {
			var d wire.Doc
			must(t, json.Unmarshal(s.Doc, &d))
			plain, err := key.Open(d.Label("sip.0"), d.Sealed["sip.0"])
			if err != nil || string(plain) != "fake" {
				t.Fatalf("document %s: got %q, %v, want it sealed to the new box", d.ID, plain, err)
			}
			got++
		}
		more, pull.Pull.Pin, pull.Pull.After = page.More, page.Pin, page.Cursor.Rev
	}
	if got != devices {
		t.Errorf("got %d documents, want %d", got, devices)
	}
	wantSame(t, p, other)
}
