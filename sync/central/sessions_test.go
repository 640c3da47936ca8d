package central_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// TestSessionsOfOneSite: a box that begins session after session has its newest
// few, each with one stream; another's goes on.
func TestSessionsOfOneSite(t *testing.T) {
	l := newLab(t)
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	dial := func(b *box) site.Conn {
		t.Helper()
		c, err := b.https.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	lives := func(c site.Conn) bool {
		_, err := c.Ask(t.Context(), "push", []byte(`{"v":1,"id":"x","push":{"inc":"i"}}`))
		return err == nil
	}
	other := dial(b)
	var conns []site.Conn
	for range 12 {
		conns = append(conns, dial(a))
	}
	for i, c := range conns {
		if got, want := lives(c), i >= 4; got != want {
			t.Errorf("session %d of 12: got alive %v, want %v", i, got, want)
		}
		if i < 4 {
			wantEnd(t, c.Hints())
		}
	}
	if !lives(other) {
		t.Error("another site's session has ended, want it left alone")
	}
	if err := l.p.Revoke(a.id); err != nil {
		t.Fatal(err)
	}
	for _, c := range conns {
		wantEnd(t, c.Hints())
	}
}

// wantEnd wants a stream of hints to end.
func wantEnd(t testing.TB, hints <-chan struct{}) {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case _, open := <-hints:
			if !open {
				return
			}
		case <-late:
			t.Fatal("a stream of hints goes on, want its end")
		}
	}
}

// TestStrangersPushNobodyOut: who cannot sign for a site ends none of its
// sessions, however often it tries.
func TestStrangersPushNobodyOut(t *testing.T) {
	l := newLab(t)
	a := l.newBox("Berlin")
	c, err := a.https.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	stranger := *a.https
	if stranger.Signer, err = seal.NewSigner(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := stranger.Dial(t.Context()); err == nil {
			t.Fatal("a stranger was let in")
		}
	}
	if _, err := c.Ask(t.Context(), "push", []byte(`{"v":1,"id":"x","push":{"inc":"i"}}`)); err != nil {
		t.Errorf("got %v, want the box's session alive", err)
	}
}

// post asks for one object at the door of the sites.
func (l *lab) post(path string, in, out any) {
	l.t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		l.t.Fatal(err)
	}
	resp, err := l.srv.Client().Post(l.srv.URL+path, "application/json", bytes.NewReader(b))
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil || resp.StatusCode != http.StatusOK {
		l.t.Fatalf("%s: got %s, %v, want an answer", path, resp.Status, err)
	}
}

// TestOneStream: a second stream of a session takes the place of the first.
func TestOneStream(t *testing.T) {
	l := newLab(t)
	a := l.newBox("Berlin")
	var c wire.ChallengeReply
	var s wire.SessionReply
	l.post(wire.PathChallenge, wire.Challenge{Site: a.id}, &c)
	l.post(wire.PathSession, wire.SignSession(a.https.Signer, a.id, c.Nonce), &s)
	open := func() *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.srv.URL+wire.PathHints, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.Token)
		resp, err := l.srv.Client().Do(r)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("got %v, %v, want a stream", resp, err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	first, second := open(), open()
	for b := make([]byte, 64); ; {
		if _, err := first.Body.Read(b); err != nil {
			break // it ends
		}
	}
	if _, err := second.Body.Read(make([]byte, 64)); err != nil {
		t.Errorf("the second stream: got %v, want it open", err)
	}
}
