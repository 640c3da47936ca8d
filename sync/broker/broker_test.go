package broker_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// hello asks one question and opens the answer.
func (l *lab) hello(b *box, c site.Conn) (wire.Reply, error) {
	body, err := json.Marshal(wire.Request{V: wire.Version, ID: "x", Hello: &wire.Hello{Hello: proto.Hello{}, Software: "test", Key: b.key.Public().String()}})
	if err != nil {
		return wire.Reply{}, err
	}
	ctx, cancel := context.WithTimeout(l.t.Context(), 10*time.Second)
	defer cancel()
	out, err := c.Ask(ctx, "hello", body)
	if err != nil {
		return wire.Reply{}, err
	}
	return wire.Open(l.keys.Signer.Verifier(), b.id, "x", out)
}

// lost waits for a connection to end.
func lost(t testing.TB, c site.Conn) {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case _, open := <-c.Hints():
			if !open {
				return
			}
		case <-late:
			t.Fatal("the connection goes on, want it cut off")
		}
	}
}

// TestBoxAsks: a joined box connects, asks, and hears of a change; the platform
// knows where it comes from.
func TestBoxAsks(t *testing.T) {
	l := newLab(t, nil)
	b := l.newBox("Berlin")
	c := l.mustDial(b)
	r, err := l.hello(b, c)
	if err != nil || r.Hello == nil || r.Hello.Name != "Berlin" {
		t.Fatalf("got %+v, %v, want a hello to Berlin", r, err)
	}
	if err := l.p.PutDevice("001565000001", b.id, wire.Device{Vendor: "yealink"}, nil); err != nil {
		t.Fatal(err)
	}
	select {
	case _, open := <-c.Hints():
		if !open {
			t.Error("the connection ended, want a hint")
		}
	case <-time.After(5 * time.Second):
		t.Error("no hint of the change came")
	}
	addresses, err := l.p.Addresses(b.id)
	if err != nil || len(addresses) != 1 || addresses[0].Addr.String() != "127.0.0.1" {
		t.Errorf("got addresses %v, %v, want 127.0.0.1", addresses, err)
	}
}

// TestStrangers: who does not hold the key of a joined box hears one answer,
// whatever is wrong.
func TestStrangers(t *testing.T) {
	l := newLab(t, nil)
	b, other := l.newBox("Berlin"), l.newBox("Munich")
	fresh, err := site.NewNKey()
	if err != nil {
		t.Fatal(err)
	}
	gone := l.newBox("Rome")
	if err := l.p.Revoke(gone.id); err != nil {
		t.Fatal(err)
	}
	said := map[string][]string{}
	for name, who := range map[string]*box{
		"another site's key": {id: b.id, nkey: other.nkey},
		"no site's key":      {id: b.id, nkey: fresh},
		"no site":            {id: "nosuchsite", nkey: b.nkey},
		"no site's name":     {id: "Berlin", nkey: b.nkey},
		"revoked":            gone,
	} {
		_, err := l.dial(who)
		if err == nil {
			t.Errorf("%s: got in, want it refused", name)
			continue
		}
		said[strings.TrimPrefix(err.Error(), "connect to tls://"+l.at.NATS)] = append(said[err.Error()], name)
		if !strings.Contains(err.Error(), "join it again") {
			t.Errorf("%s: got %v, want what to do", name, err)
		}
	}
	if len(said) != 1 {
		t.Errorf("got %d answers, want one for all: %v", len(said), said)
	}
	if c := l.b.Counts(); c.Refused != 5 || c.Admitted != 0 {
		t.Errorf("got %+v, want 5 refused", c)
	}
}

// TestRevokedIsCutOff: at once, and not let in again.
func TestRevokedIsCutOff(t *testing.T) {
	l := newLab(t, nil)
	b, other := l.newBox("Berlin"), l.newBox("Munich")
	c, stays := l.mustDial(b), l.mustDial(other)
	if err := l.p.Revoke(b.id); err != nil {
		t.Fatal(err)
	}
	lost(t, c)
	if _, err := l.dial(b); err == nil || !strings.Contains(err.Error(), "join it again") {
		t.Errorf("got %v, want it refused in words", err)
	}
	if _, err := l.hello(other, stays); err != nil {
		t.Errorf("the other site: got %v, want it to go on", err)
	}
}

// TestNewBoxTakesOver: a new box in the old one's place ends the old one's
// connection, and the new one's stays.
func TestNewBoxTakesOver(t *testing.T) {
	l := newLab(t, nil)
	old := l.newBox("Berlin")
	c := l.mustDial(old)
	tok, err := l.p.Invite(old.id)
	if err != nil {
		t.Fatal(err)
	}
	next := l.join(tok.Secret)
	lost(t, c)
	if _, err := l.dial(old); err == nil {
		t.Error("the old box got in, want it refused")
	}
	if r, err := l.hello(next, l.mustDial(next)); err != nil || r.Hello == nil {
		t.Errorf("the new box: got %+v, %v, want a hello", r, err)
	}
}

// TestCrowd: one site keeps its newest connections, and those of others.
func TestCrowd(t *testing.T) {
	l := newLab(t, nil)
	b, other := l.newBox("Berlin"), l.newBox("Munich")
	stays := l.mustDial(other)
	first := l.mustDial(b)
	var last site.Conn
	for range 5 {
		last = l.mustDial(b)
	}
	lost(t, first)
	for _, c := range []struct {
		b *box
		c site.Conn
	}{{b, last}, {other, stays}} {
		if _, err := l.hello(c.b, c.c); err != nil {
			t.Errorf("site %s: got %v, want its connection to go on", c.b.id, err)
		}
	}
}

// TestSettingsAreChecked: what would not work is said before anything starts.
func TestSettingsAreChecked(t *testing.T) {
	for name, cfg := range map[string]broker.Config{
		"no directory":              {},
		"a door, no certificate":    {Embedded: broker.Embedded{Dir: "x", NATS: ":4222"}},
		"a balancer from anywhere":  {Embedded: broker.Embedded{Dir: "x", Balancer: broker.Balancer{NATS: ":4223"}}},
		"a cluster, no keys":        {Servers: []string{"tls://a:4222"}},
		"embedded cluster, no keys": {Embedded: broker.Embedded{Dir: "x", Cluster: broker.Cluster{Listen: ":6222"}}},
	} {
		if _, err := broker.New(cfg, nil); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}

// TestKeys: they are read as they were written, shown nowhere, and make the
// same users each time.
func TestKeys(t *testing.T) {
	k := broker.NewKeys()
	again, err := broker.ParseKeys(" " + k.Reveal() + "\n")
	if err != nil || again != k {
		t.Errorf("got %v, want the same keys", err)
	}
	for _, bad := range []string{"", "lsk1-", k.Reveal()[:20], strings.Replace(k.Reveal(), "lsk1", "lsk2", 1)} {
		if _, err := broker.ParseKeys(bad); err == nil {
			t.Errorf("%q: got no error, want one", bad)
		}
	}
	if out, err := json.Marshal(struct{ K broker.Keys }{k}); err == nil {
		t.Errorf("got %s, want them not to be written", out)
	}
	var text *json.MarshalerError
	if _, err := json.Marshal(k); !errors.As(err, &text) {
		t.Errorf("got %v, want a refusal", err)
	}
}
