package central_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// TestTokensThatEnded: whoever shows a token that was made here is told what
// became of it; whoever guesses is told one thing.
func TestTokensThatEnded(t *testing.T) {
	l := newClockLab(t)
	o := l.p.As("test")
	ended := map[string]central.Token{}
	for _, name := range []string{"used", "another token", "was taken from the platform", "expired"} {
		tok := l.token(name)
		ended[name] = tok
		var err error
		switch name {
		case "used":
			_, err = l.joinWith(tok.Secret, "")
		case "another token":
			_, err = o.InviteSite(tok.Site)
		case "was taken from the platform":
			err = o.RevokeSite(tok.Site)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	gone := l.token("gone")
	if err := o.RemoveSite(gone.Site); err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(8 * 24 * time.Hour)
	for range 2 {
		for want, tok := range ended {
			_, err := l.joinWith(tok.Secret, "")
			if !errors.Is(err, central.ErrJoin) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want it to say %q", err, want)
			}
		}
		for _, guess := range []string{"", "guess", ended["used"].Secret + "x", gone.Secret} {
			if _, err := l.joinWith(guess, ""); err != central.ErrJoin {
				t.Errorf("%q: got %v, want %v", guess, err, central.ErrJoin)
			}
		}
		l.again()
	}
	// What is remembered of a site is bounded.
	first := ended["used"]
	for range 6 {
		if _, err := l.p.As("test").InviteSite(first.Site); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.joinWith(first.Secret, ""); err != central.ErrJoin {
		t.Errorf("a token of long ago: got %v, want %v", err, central.ErrJoin)
	}
}

// TestJoinGuesses: an address that goes on with tokens nobody made waits; a good
// one is taken all the same, and another address waits for nothing.
func TestJoinGuesses(t *testing.T) {
	l := newClockLab(t)
	h := central.NewHandler(l.p)
	join := func(from, secret string) *httptest.ResponseRecorder {
		t.Helper()
		signer, err := seal.NewSigner()
		if err != nil {
			t.Fatal(err)
		}
		key, err := seal.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(wire.Join{Secret: secret, Verifier: signer.Verifier().String(), Key: key.Public().String()})
		if err != nil {
			t.Fatal(err)
		}
		r, w := httptest.NewRequest(http.MethodPost, wire.PathJoin, bytes.NewReader(b)), httptest.NewRecorder()
		r.RemoteAddr = from + ":4711"
		h.ServeHTTP(w, r)
		return w
	}
	answers := map[string]int{}
	for range 40 {
		w := join("203.0.113.66", "guess")
		answers[w.Header().Get("Retry-After")+" "+w.Body.String()]++
		if wait := w.Code == http.StatusTooManyRequests; wait != (w.Header().Get("Retry-After") != "") {
			t.Errorf("got %d with Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
	}
	if len(answers) != 2 {
		t.Errorf("got %d answers, want ten refusals and then the word to wait: %v", len(answers), answers)
	}
	if w := join("203.0.113.7", "guess"); w.Code != http.StatusForbidden {
		t.Errorf("another address: got %d, want 403", w.Code)
	}
	if w := join("203.0.113.66", l.token("Berlin").Secret); w.Code != http.StatusOK {
		t.Errorf("a good token from that address: got %d %s, want it taken", w.Code, w.Body)
	}
	l.now = l.now.Add(2 * time.Minute)
	if w := join("203.0.113.66", "guess"); w.Code != http.StatusForbidden {
		t.Errorf("two minutes later: got %d, want 403", w.Code)
	}
}
