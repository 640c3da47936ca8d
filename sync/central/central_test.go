package central_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

const mac = "001565000001"

// lab is a platform behind HTTPS.
type lab struct {
	t    testing.TB
	p    *central.Platform
	keys central.Keys
	path string
	srv  *httptest.Server
}

func newLab(t testing.TB) *lab {
	t.Helper()
	keys, err := central.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, keys: keys, path: filepath.Join(t.TempDir(), "central.db")}
	l.p = l.open()
	l.srv = httptest.NewTLSServer(central.NewHandler(l.p))
	t.Cleanup(func() {
		l.srv.CloseClientConnections()
		l.srv.Close()
		_ = l.p.Close()
	})
	return l
}

func (l *lab) open() *central.Platform {
	l.t.Helper()
	p, err := central.Open(l.t.Context(), central.Config{Path: l.path, Keys: l.keys}, slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	return p
}

// box is one site's box: what is told to its desk arrives on applied.
type box struct {
	*site.Site
	id      string
	https   *site.HTTPS
	key     seal.Key
	applied chan string
	told    chan site.Status
}

type desk struct{ *box }

func (d desk) Apply(_ context.Context, doc wire.Doc, open func(string) ([]byte, error)) error {
	if doc.Del {
		d.applied <- doc.Key + " gone"
		return nil
	}
	var body wire.Device
	if err := json.Unmarshal(doc.Body, &body); err != nil {
		return err
	}
	secret, err := open("sip.0")
	d.applied <- doc.Key + " " + body.Label + " " + string(secret)
	return err
}

func (d desk) Events(context.Context, uint64, int) ([]wire.Event, error) { return nil, nil }
func (d desk) Rules() proto.Rules                                        { return proto.Rules{} }

func (d desk) Told(s site.Status) {
	select {
	case d.told <- s:
	default:
	}
}

// newBox joins a box to a new site.
func (l *lab) newBox(name string) *box {
	l.t.Helper()
	tok, err := l.p.AddSite(name)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.join(tok)
}

func (l *lab) join(tok central.Token) *box {
	l.t.Helper()
	base, err := url.Parse(l.srv.URL)
	if err != nil {
		l.t.Fatal(err)
	}
	key, err := seal.NewKey()
	if err != nil {
		l.t.Fatal(err)
	}
	signer, err := seal.NewSigner()
	if err != nil {
		l.t.Fatal(err)
	}
	b := &box{key: key, https: &site.HTTPS{Base: base, Client: l.srv.Client(), Signer: signer},
		applied: make(chan string, 100), told: make(chan site.Status, 100)}
	r, err := b.https.Join(l.t.Context(), wire.Join{Secret: tok.Secret, Verifier: signer.Verifier().String(), Key: key.Public().String(), Software: "test"})
	if err != nil {
		l.t.Fatal(err)
	}
	b.id, b.https.Site = r.Site, r.Site
	return b
}

// serve runs the box until the test ends.
func (l *lab) serve(b *box) {
	l.t.Helper()
	dir := l.t.TempDir()
	key, err := store.NewKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		l.t.Fatal(err)
	}
	db, err := store.Open(filepath.Join(dir, "lineside.db"), key, store.Config{}, store.Tools{})
	if err != nil {
		l.t.Fatal(err)
	}
	b.Site, err = site.New(site.Config{Site: b.id, Platform: l.keys.Signer.Verifier(), Key: b.key, Anchor: filepath.Join(dir, "anchor"), Base: time.Millisecond},
		records{db}, desk{b}, b.https, slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(ctx) }()
	l.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			l.t.Error(err)
		}
		_ = db.Close()
	})
}

type records struct{ s *store.Store }

func (r records) Sync(ctx context.Context, f func(site.Tx) ([]audit.Record, error)) error {
	return r.s.Sync(ctx, func(tx *store.SyncTx) ([]audit.Record, error) { return f(tx) })
}

// want waits for the next thing the desk is told.
func (b *box) want(t testing.TB, want string) {
	t.Helper()
	select {
	case got := <-b.applied:
		if got != want {
			t.Errorf("the desk was told %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("the desk was told nothing, want %q; the link is %+v", want, b.Status())
	}
}

func (b *box) wantState(t testing.TB, is func(site.Status) bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case s := <-b.told:
			if is(s) {
				return
			}
		case <-deadline:
			t.Fatalf("the link stands at %+v", b.Status())
		}
	}
}

func (l *lab) put(b *box, label, password string) {
	l.t.Helper()
	err := l.p.PutDevice(mac, b.id, wire.Device{Vendor: "yealink", Label: label}, map[string]string{"sip.0": password})
	if err != nil {
		l.t.Fatal(err)
	}
}

// TestDeviceReachesTheBox: entered, changed, moved to another site.
func TestDeviceReachesTheBox(t *testing.T) {
	l := newLab(t)
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	l.put(a, "Desk 1", "fake-1")
	l.serve(a)
	l.serve(b)
	a.want(t, mac+" Desk 1 fake-1")
	a.wantState(t, func(s site.Status) bool { return s.State == site.Linked && s.Name == "Berlin" })
	b.wantState(t, func(s site.Status) bool { return s.State == site.Linked })
	l.put(a, "Desk 2", "fake-1")
	a.want(t, mac+" Desk 2 fake-1")
	l.put(b, "Desk 2", "fake-2")
	a.want(t, mac+" gone")
	b.want(t, mac+" Desk 2 fake-2")
}

// TestNewBox: the token of a site whose box burnt takes a new one in; the old
// one is not let in any more, and what it keeps of secrets is of no new use.
func TestNewBox(t *testing.T) {
	l := newLab(t)
	old := l.newBox("Berlin")
	l.put(old, "Desk 1", "fake-1")
	tok, err := l.p.Invite(old.id)
	if err != nil {
		t.Fatal(err)
	}
	next := l.join(tok)
	if next.id != old.id {
		t.Fatalf("got site %s, want %s", next.id, old.id)
	}
	l.serve(next)
	next.want(t, mac+" Desk 1 fake-1")
	l.serve(old)
	old.wantState(t, func(s site.Status) bool { return strings.Contains(s.Reason, "join it again") })
	if _, err := next.https.Join(t.Context(), wire.Join{Secret: tok.Secret, Verifier: next.https.Signer.Verifier().String(), Key: next.key.Public().String()}); err == nil {
		t.Error("got a second join with one token, want none")
	}
}

// TestRevoked: a site taken from the platform is refused at its next question,
// in words.
func TestRevoked(t *testing.T) {
	l := newLab(t)
	a := l.newBox("Berlin")
	l.serve(a)
	a.wantState(t, func(s site.Status) bool { return s.State == site.Linked })
	if err := l.p.Revoke(a.id); err != nil {
		t.Fatal(err)
	}
	a.wantState(t, func(s site.Status) bool { return s.State == site.Away && strings.Contains(s.Reason, "join it again") })
}

// TestStrangersAtTheDoor: who has not signed the challenge with the site's key
// hears the same whoever the site is.
func TestStrangersAtTheDoor(t *testing.T) {
	l := newLab(t)
	a := l.newBox("Berlin")
	post := func(path, token, body string) (int, string) {
		r, err := http.NewRequest(http.MethodPost, l.srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := l.srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var b bytes.Buffer
		_, _ = b.ReadFrom(resp.Body)
		return resp.StatusCode, b.String()
	}
	stranger, err := seal.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]bool{}
	for _, id := range []string{a.id, "nosuchsite"} {
		var c wire.ChallengeReply
		_, text := post(wire.PathChallenge, "", `{"site":"`+id+`"}`)
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
		s, _ := json.Marshal(wire.SignSession(stranger, id, c.Nonce))
		code, text := post(wire.PathSession, "", string(s))
		answers[http.StatusText(code)+text] = true
	}
	for _, token := range []string{"", "made-up"} {
		code, text := post(wire.PathAsk+"hello", token, `{"v":1,"id":"x","hello":{}}`)
		answers[http.StatusText(code)+text] = true
	}
	if len(answers) != 1 {
		t.Errorf("got %d answers, want one for all: %v", len(answers), answers)
	}
	// A challenge of one site signed by another, and one answered twice.
	b := l.newBox("Munich")
	var c wire.ChallengeReply
	_, text := post(wire.PathChallenge, "", `{"site":"`+a.id+`"}`)
	_ = json.Unmarshal([]byte(text), &c)
	s, _ := json.Marshal(wire.SignSession(b.https.Signer, b.id, c.Nonce))
	if code, _ := post(wire.PathSession, "", string(s)); code != http.StatusForbidden {
		t.Errorf("another site's challenge: got %d, want 403", code)
	}
	// Strangers who ask in the site's name push nothing out, nor does their wrong
	// answer use anything up.
	h := central.NewHandler(l.p)
	ask := func(path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
		return w
	}
	_ = json.Unmarshal(ask(wire.PathChallenge, `{"site":"`+a.id+`"}`).Body.Bytes(), &c)
	for range 20_001 {
		ask(wire.PathChallenge, `{"site":"`+a.id+`"}`)
	}
	for i, want := range []int{http.StatusForbidden, http.StatusOK, http.StatusForbidden} {
		signer := a.https.Signer
		if i == 0 {
			signer = stranger
		}
		s, _ = json.Marshal(wire.SignSession(signer, a.id, c.Nonce))
		if got := ask(wire.PathSession, string(s)); got.Code != want {
			t.Errorf("answer %d, after a flood: got %d, want %d: the site's own counts, once", i, got.Code, want)
		}
	}
}

// TestMadeUpCursor: a site that claims to have read the future makes nobody
// begin a new epoch.
func TestMadeUpCursor(t *testing.T) {
	l := newLab(t)
	a := l.newBox("Berlin")
	ask := func(c proto.Cursor) *wire.HelloReply {
		b, _ := json.Marshal(wire.Request{V: 1, ID: "x", Hello: &wire.Hello{Hello: proto.Hello{Cursor: c}}})
		out, err := l.p.Answer(a.id, "hello", b)
		if err != nil {
			t.Fatal(err)
		}
		r, err := wire.Open(l.keys.Signer.Verifier(), a.id, "x", out)
		if err != nil {
			t.Fatal(err)
		}
		return r.Hello
	}
	first := ask(proto.Cursor{})
	future := first.Cursor
	future.Rev, future.Epoch = 1_000_000, future.Epoch+1000
	if r := ask(future); r.Epoch != first.Epoch || !r.Snapshot {
		t.Errorf("got epoch %d, snapshot %v, want %d and true", r.Epoch, r.Snapshot, first.Epoch)
	}
	// A database put back as a file, after the cursor was handed out, is found out.
	if r := ask(first.Cursor); r.Epoch != first.Epoch {
		t.Errorf("got epoch %d for the platform's own cursor, want %d", r.Epoch, first.Epoch)
	}
}

// TestPutBackRaw: the platform's file replaced by an older copy begins a new
// epoch as soon as a site that has read more greets.
func TestPutBackRaw(t *testing.T) {
	l := newLab(t)
	a := l.newBox("Berlin")
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := l.p.CopyTo(copied); err != nil {
		t.Fatal(err)
	}
	l.put(a, "Desk 1", "fake-1")
	hello := func(p *central.Platform, c proto.Cursor) wire.Reply {
		b, _ := json.Marshal(wire.Request{V: 1, ID: "x", Hello: &wire.Hello{Hello: proto.Hello{Cursor: c}}})
		return answer(t, l, p, a.id, "hello", b)
	}
	first := hello(l.p, proto.Cursor{}).Hello
	b, _ := json.Marshal(wire.Request{V: 1, ID: "x", Pull: &proto.Pull{Epoch: first.Epoch}})
	page := answer(t, l, l.p, a.id, "pull", b).Pull
	if len(page.Docs) != 1 {
		t.Fatalf("got %d documents, want 1", len(page.Docs))
	}
	back, err := central.Open(t.Context(), central.Config{Path: copied, Keys: l.keys}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = back.Close() }()
	if r := hello(back, page.Cursor).Hello; r.Epoch <= first.Epoch || !r.Snapshot {
		t.Errorf("got epoch %d, snapshot %v, want above %d and a snapshot", r.Epoch, r.Snapshot, first.Epoch)
	}
}

func answer(t testing.TB, l *lab, p *central.Platform, id, op string, b []byte) wire.Reply {
	t.Helper()
	out, err := p.Answer(id, op, b)
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.Open(l.keys.Signer.Verifier(), id, "x", out)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEventsOnce: repeated pushes are kept once, and a site's mistake is told
// it in words.
func TestEventsOnce(t *testing.T) {
	l := newLab(t)
	a := l.newBox("Berlin")
	push := wire.Push{Incarnation: "i1", Events: []wire.Event{{Seq: 1, Kind: wire.KindPIN}, {Seq: 2, Kind: wire.KindProvisioned}}}
	for range 3 {
		b, _ := json.Marshal(wire.Request{V: 1, ID: "x", Push: &push})
		if r := answer(t, l, l.p, a.id, "push", b); r.Push == nil || r.Push.Acked != 2 {
			t.Fatalf("got %+v, want 2 acknowledged", r)
		}
	}
	var kinds []string
	if err := l.p.Events(a.id, func(e wire.Event) bool { kinds = append(kinds, e.Kind); return true }); err != nil || len(kinds) != 2 {
		t.Errorf("got %v, %v, want two events", kinds, err)
	}
	for _, bad := range []string{`{"v":9,"id":"x"}`, `{"v":0,"id":"x"}`, `{"v":1,"id":"x"}`} {
		if r := answer(t, l, l.p, a.id, "push", []byte(bad)); r.Refused == nil || r.Refused.Text == "" {
			t.Errorf("%s: got %+v, want a refusal in words", bad, r)
		}
	}
	if err := l.p.Revoke("nosuchsite"); !errors.Is(err, central.ErrUnknownSite) {
		t.Errorf("got %v, want ErrUnknownSite", err)
	}
}
