package central_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// TestDeafLetsNobodyIn: a central cut off from the stream for a minute has boxes
// come again, whoever they are and whatever it knew of them, throws out nobody
// who is here, and lets in again once it can read.
func TestDeafLetsNobodyIn(t *testing.T) {
	l := newLogLab(t)
	var passed atomic.Int64
	l.now = func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }
	p := l.fresh()
	tok, err := p.AddSite("Berlin")
	must(t, err)
	signer, err := seal.NewSigner()
	must(t, err)
	key, err := seal.NewKey()
	must(t, err)
	_, err = p.Join(wire.Join{Secret: tok.Secret, Verifier: signer.Verifier().String(), Key: key.Public().String(), NKey: nkey("A")})
	must(t, err)
	var cut int
	p.OnRevoke(func(string) { cut++ })
	known := central.Connection{NKey: nkey("A"), Site: tok.Site}
	stranger := central.Connection{NKey: nkey("B")}
	want := func(when string, c central.Connection, want error) {
		t.Helper()
		if _, err := p.Admit(t.Context(), c); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", when, err, want)
		}
	}

	l.log.set(errors.New("away"), nil)
	p.FollowNow()
	if !p.Deaf() {
		t.Fatal("not deaf while the stream cannot be read")
	}
	want("deaf a moment, known", known, nil)
	want("deaf a moment, stranger", stranger, central.ErrNotAdmitted)
	passed.Store(int64(time.Minute))
	want("deaf a minute, known", known, central.ErrBusy)
	want("deaf a minute, stranger", stranger, central.ErrBusy)

	must(t, p.Connected(t.Context(), []central.Connection{known}))
	if cut != 0 {
		t.Errorf("got %d connections ended, want the one that was there to stay", cut)
	}
	if r := ask(t, l, p, tok.Site, wire.Request{Pull: &proto.Pull{}}); r.Refused != nil && r.Refused.Reason != wire.Busy {
		t.Errorf("a site that is linked: got %+v, want an answer or busy", r.Refused)
	}
	for _, site := range []string{tok.Site, "elsewhere"} {
		wantLater(t, p, signer, site)
	}

	l.log.set(nil, nil)
	p.FollowNow()
	want("hearing again, known", known, nil)
	want("hearing again, stranger", stranger, central.ErrNotAdmitted)
}

// wantLater begins a session over HTTPS and wants it put off.
func wantLater(t *testing.T, p *central.Platform, by seal.Signer, site string) {
	t.Helper()
	h := central.NewHandler(p)
	post := func(path string, body any) *httptest.ResponseRecorder {
		b, err := json.Marshal(body)
		must(t, err)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(b))))
		return w
	}
	var c wire.ChallengeReply
	must(t, json.Unmarshal(post(wire.PathChallenge, wire.Challenge{Site: site}).Body.Bytes(), &c))
	w := post(wire.PathSession, wire.SignSession(by, site, c.Nonce))
	var r wire.Refused
	must(t, json.Unmarshal(w.Body.Bytes(), &r))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || r.Reason != wire.Busy {
		t.Errorf("site %s over HTTPS: got %d, Retry-After %q, %+v; want 503, when to come again, busy", site, w.Code, w.Header().Get("Retry-After"), r)
	}
}
