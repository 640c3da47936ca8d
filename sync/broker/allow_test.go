package broker_test

import (
	"encoding/json"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// sender is the phone whose news these are.
const sender = "001565222222"

// news is a push of one event that happened to it now.
func news(t testing.TB, kind string, seq uint64) []byte {
	t.Helper()
	now := time.Now()
	b, err := json.Marshal(wire.Request{V: wire.Version, ID: "x", Push: &wire.Push{
		Incarnation: "i", Clock: now, Events: []wire.Event{{Seq: seq, At: now, Kind: kind, MAC: sender}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestWhitelistedByPIN: two boxes behind two addresses, as a load balancer tells
// them. A PIN at one whitelists its address and not the other's, the box is told
// so, and with the site it ends.
func TestWhitelistedByPIN(t *testing.T) {
	l := newLab(t, func(c *broker.Config) {
		c.Embedded.Balancer = broker.Balancer{NATS: "127.0.0.1:0", Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	})
	mine, theirs := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.9")
	tell := func(b *box, from netip.Addr, kind string) wire.Whitelisting {
		t.Helper()
		ctx, cancel := contextFor(t, 10*time.Second)
		defer cancel()
		c, err := l.transport(b, "tls", balanced(t, l.at.BalancerNATS, netip.AddrPortFrom(from, 4711))).Dial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		answer, err := c.Ask(ctx, "push", news(t, kind, 1))
		if err != nil {
			t.Fatal(err)
		}
		r, err := wire.Open(l.keys.Signer.Verifier(), b.id, "x", answer)
		if err != nil || r.Push == nil {
			t.Fatalf("got %+v, %v, want an answer to the push", r, err)
		}
		return r.Push.Whitelisting
	}
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	if err := l.p.PutDevice(sender, a.id, wire.Device{Vendor: "yealink"}, nil); err != nil {
		t.Fatal(err)
	}
	if w := tell(b, theirs, wire.KindVisitor); w.Address != theirs.String() || !w.Until.IsZero() {
		t.Errorf("without a PIN: got %+v, want the address, not whitelisted", w)
	}
	if w := tell(a, mine, wire.KindPIN); w.Address != mine.String() || time.Until(w.Until).Round(time.Hour) != 8*time.Hour {
		t.Errorf("after the PIN: got %+v, want 8 h", w)
	}
	if v := l.p.Allowed(mine); !v.Allowed || v.Site != a.id {
		t.Errorf("got %+v, want it allowed by the site", v)
	}
	if v := l.p.Allowed(theirs); v.Allowed {
		t.Errorf("got %+v, want it not allowed", v)
	}
	if err := l.p.Revoke(a.id); err != nil {
		t.Fatal(err)
	}
	if v := l.p.Allowed(mine); v.Allowed {
		t.Errorf("of a revoked site: got %+v, want it not allowed", v)
	}
}

// TestAllowListOfAll: what one process of the platform takes in counts at all,
// and at one that begins with nothing but the stream.
func TestAllowListOfAll(t *testing.T) {
	stream := newStreamLab(t)
	keys, err := central.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	open := func() *central.Platform {
		t.Helper()
		p, err := central.Open(t.Context(), central.Config{Path: filepath.Join(t.TempDir(), "central.db"), Keys: keys, Log: stream.open()}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		return p
	}
	one, two := open(), open()
	token, err := one.AddSite("Berlin")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := seal.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	key, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Join(wire.Join{Secret: token.Secret, Verifier: signer.Verifier().String(), Key: key.Public().String()}); err != nil {
		t.Fatal(err)
	}
	if err := one.PutDevice(sender, token.Site, wire.Device{Vendor: "yealink"}, nil); err != nil {
		t.Fatal(err)
	}
	// The box is let in by one process and heard by the other.
	from := netip.MustParseAddr("203.0.113.7")
	if _, err := one.Admit(t.Context(), central.Connection{Site: token.Site, Address: from}); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Answer(token.Site, "push", news(t, wire.KindPIN, 1)); err != nil {
		t.Fatal(err)
	}
	want := two.Allowed(from)
	if !want.Allowed || want.Site != token.Site {
		t.Fatalf("where it was heard: got %+v, want it allowed", want)
	}
	wait(t, one, func() bool { return one.Allowed(from) == want })
	if got := open().Allowed(from); got != want {
		t.Errorf("at one that begins: got %+v, want %+v", got, want)
	}
	if err := one.Revoke(token.Site); err != nil {
		t.Fatal(err)
	}
	wait(t, two, func() bool { return !two.Allowed(from).Allowed })
}

// wait waits for the allow-list of a process to be so.
func wait(t testing.TB, p *central.Platform, so func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for cursor := ""; ; {
		c, more := p.FollowAllow(cursor)
		if so() {
			return
		}
		cursor = c.Cursor
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("the list stands at %+v", c)
		}
	}
}
