package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/portal"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// How long the rogue goes on; with SOAK=1 it is longer.
const (
	rogueRounds = 20
	soakRounds  = 2000
)

// rogue is a joined site in bad hands: it has its keys, and keeps no rule.
type rogue struct {
	t  *testing.T
	id site.Identity
}

func joinRogue(t *testing.T, c *portal.Client, name string) rogue {
	t.Helper()
	var made portal.Invitation
	call(t, c, "POST", "/sites", portal.SiteInput{Name: name}, &made)
	token, err := wire.ParseToken(strings.TrimPrefix(made.Join, "lineside join "))
	if err != nil {
		t.Fatal(err)
	}
	id, err := site.Join(t.Context(), token, nil, "rogue")
	if err != nil {
		t.Fatal(err)
	}
	return rogue{t, id}
}

func call(t *testing.T, c *portal.Client, method, path string, in, out any) {
	t.Helper()
	if err := c.Do(t.Context(), method, path, nil, in, out); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
}

// dial connects by one kind of transport.
func (r rogue) dial(only string) (site.Conn, error) {
	r.t.Helper()
	via, err := r.id.Transports(site.Reach{Only: only})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	return via.Dial(ctx)
}

// asks sends a request as it is written and gives the platform's signed word.
func (r rogue) asks(conn site.Conn, op, text string) (wire.Reply, error) {
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	b, err := conn.Ask(ctx, op, []byte(text))
	if err != nil {
		return wire.Reply{}, err
	}
	return wire.Open(r.id.Platform, r.id.Site, "x", b)
}

func (r rogue) pushes(conn site.Conn, p wire.Push) wire.Reply {
	r.t.Helper()
	b, err := json.Marshal(wire.Request{V: wire.Version, ID: "x", Push: &p})
	if err != nil {
		r.t.Fatal(err)
	}
	reply, err := r.asks(conn, "push", string(b))
	if err != nil {
		r.t.Fatal(err)
	}
	return reply
}

// endless has no end; it counts what was read of it.
type endless struct{ n atomic.Int64 }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '['
	}
	e.n.Add(int64(len(b)))
	return len(b), nil
}

// TestRogueSite: a joined site in bad hands, against the real program over both
// transports. It gets what is its own and nothing else, what it says counts once
// and for itself, and another site is served all the while.
func TestRogueSite(t *testing.T) {
	door := freeAddrs(t, 1)[0]
	head := newCentral(t, t.TempDir(), door, "")
	c := head.up(t)
	bad, good := joinRogue(t, c, "Bad"), joinRogue(t, c, "Good")
	const theirs = "001565000002"
	call(t, c, "POST", "/devices", map[string]any{"mac": theirs, "site": good.id.Site, "vendor": "yealink", "lines": []any{map[string]any{"user": "201", "registrar": "sip.example.net"}}}, &portal.DeviceMade{})

	for _, only := range []string{"https", "nats"} {
		t.Run(only, func(t *testing.T) {
			bad.t, good.t = t, t
			conn, err := bad.dial(only)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			bad.speaksOddly(conn)
			bad.lies(conn, theirs)
			bad.replays(conn, only, c)
		})
	}
	bad.t, good.t = t, t
	bad.pretends(good)
	bad.floods(good)
	var device struct {
		Fails   int
		Blocked bool
		OTP     string
	}
	if call(t, c, "GET", "/devices/"+theirs, nil, &device); device.Fails != 0 || device.Blocked || device.OTP != "armed" {
		t.Errorf("another site's device: got %+v, want it as it was", device)
	}
	var sites portal.Sites
	call(t, c, "GET", "/sites", nil, &sites)
	if len(sites.Sites) != 2 {
		t.Errorf("after all: got %d sites, want 2", len(sites.Sites))
	}
	if log, err := os.ReadFile(head.log); err != nil || bytes.Contains(log, []byte("panic")) {
		t.Errorf("%v, or the platform had a panic:\n%s", err, log)
	}
}

// speaksOddly sends other versions, members nobody knows, halves and too much.
func (r rogue) speaksOddly(conn site.Conn) {
	r.t.Helper()
	for _, tt := range []struct {
		name, op, text string
		reason         wire.Reason
		says           string
	}{
		{"of long ago", "hello", `{"v":0,"id":"x","hello":{}}`, wire.TooOld, "update the box"},
		{"of next year", "hello", `{"v":99,"id":"x","hello":{},"more":1}`, wire.TooNew, "update the platform"},
		{"two questions", "hello", `{"v":1,"id":"x","hello":{},"push":{}}`, wire.Malformed, "parts"},
		{"another question", "pull", `{"v":1,"id":"x","hello":{}}`, wire.Malformed, "sent as"},
		{"nothing", "hello", `{"v":1,"id":"x"}`, wire.Malformed, "parts"},
		{"members nobody knows", "hello", `{"v":1,"id":"x","later":{"a":[1]},"hello":{"software":"x","later":true,"inc":"i"}}`, "", ""},
	} {
		got, err := r.asks(conn, tt.op, tt.text)
		switch {
		case err != nil:
			r.t.Errorf("%s: %v", tt.name, err)
		case tt.reason == "" && (got.Refused != nil || got.Hello == nil):
			r.t.Errorf("%s: got %+v, want an answer", tt.name, got.Refused)
		case tt.reason != "" && (got.Refused == nil || got.Refused.Reason != tt.reason || !strings.Contains(got.Refused.Text, tt.says)):
			r.t.Errorf("%s: got %+v, want it refused as %s, in words", tt.name, got, tt.reason)
		}
	}
}

// lies says of another site's device what it likes, with a clock a year off.
func (r rogue) lies(conn site.Conn, mac string) {
	r.t.Helper()
	for _, off := range []time.Duration{0, 365 * 24 * time.Hour, -365 * 24 * time.Hour} {
		now := time.Now().Add(off)
		ahead := proto.Gen{Epoch: now.Unix(), N: 1000, Mint: "made-up"}
		got := r.pushes(conn, wire.Push{Incarnation: fmt.Sprint("lies", off), Clock: now,
			Push:   proto.Push{Items: []proto.Item{{ID: wire.DocID(wire.DeviceDoc, mac), Sec: proto.Sec{OTP: ahead, PIN: ahead, Used: true, Fails: 9, Locked: true}}}},
			Events: []wire.Event{{Seq: 1, At: now, Kind: wire.KindPIN, MAC: mac}}})
		if got.Refused != nil || got.Push == nil || got.Push.Acked != 1 || !got.Push.Until.IsZero() {
			r.t.Errorf("a clock off by %v: got %+v, want it kept, and nothing whitelisted by another's device", off, got)
		}
	}
	pull, err := r.asks(conn, "pull", `{"v":1,"id":"x","pull":{"cursor":{},"after":0}}`)
	if err != nil || pull.Pull == nil {
		r.t.Fatalf("got %+v, %v, want a page", pull, err)
	}
	for _, signed := range pull.Pull.Docs {
		if d, err := wire.OpenDoc(r.id.Platform, r.id.Site, signed); err != nil || d.Key == mac {
			r.t.Errorf("got %s/%s, %v, want documents of its own only", d.Kind, d.Key, err)
		}
	}
}

// replays sends the same news again and again.
func (r rogue) replays(conn site.Conn, only string, c *portal.Client) {
	r.t.Helper()
	rounds := rogueRounds
	if os.Getenv("SOAK") == "1" {
		rounds = soakRounds
	}
	kind := "replayed-" + only
	for range rounds {
		r.pushes(conn, wire.Push{Incarnation: kind, Clock: time.Now(), Events: []wire.Event{{Seq: 7, At: time.Now(), Kind: kind}}})
	}
	var all portal.Events
	if err := c.Do(r.t.Context(), "GET", "/sites/"+r.id.Site+"/events", url.Values{"kind": {kind}}, nil, &all); err != nil || len(all.Events) != 1 {
		r.t.Errorf("got %d events of %d pushes, %v, want one", len(all.Events), rounds, err)
	}
}

// pretends shows its own key in another site's name, and another's subjects.
func (r rogue) pretends(other rogue) {
	r.t.Helper()
	as := r.id
	as.Site = other.id.Site
	for _, only := range []string{"https", "nats"} {
		if conn, err := (rogue{r.t, as}).dial(only); err == nil {
			_ = conn.Close()
			r.t.Errorf("%s: let in as another site", only)
		} else if !strings.Contains(err.Error(), "join it again") {
			r.t.Errorf("%s: got %v, want the one refusal", only, err)
		}
	}
}

// floods sends too much, without end, from many sessions at once; the other site
// is answered meanwhile.
func (r rogue) floods(other rogue) {
	r.t.Helper()
	calm, err := other.dial("https")
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = calm.Close() }()
	answered := func(when string) {
		r.t.Helper()
		began := time.Now()
		if got := other.pushes(calm, wire.Push{Incarnation: "calm"}); got.Push == nil || time.Since(began) > 5*time.Second {
			r.t.Errorf("%s: the other site got %+v after %v, want its answer", when, got, time.Since(began))
		}
	}
	for _, only := range []string{"https", "nats"} {
		conn, err := r.dial(only)
		if err != nil {
			r.t.Fatal(err)
		}
		long := `{"v":1,"id":"x","push":{"inc":"` + strings.Repeat("x", 300<<10) + `"}}`
		if got, err := r.asks(conn, "push", long); err == nil && got.Refused == nil {
			r.t.Errorf("%s: 300 KiB were taken", only)
		}
		_ = conn.Close()
		answered("too much by " + only)
	}
	base, err := url.Parse(r.id.URL)
	if err != nil {
		r.t.Fatal(err)
	}
	client, body := site.HTTPClient(wire.PinnedTLS(r.id.Pin, base.Hostname()), nil), &endless{}
	for _, path := range []string{wire.PathJoin, wire.PathChallenge, wire.PathSession, wire.PathAsk + "push"} {
		resp, err := client.Post(base.JoinPath(path).String(), "application/json", body)
		if err == nil {
			_ = resp.Body.Close()
		}
		if err == nil && resp.StatusCode < http.StatusBadRequest {
			r.t.Errorf("%s: an endless body got %s", path, resp.Status)
		}
	}
	if body.n.Load() > 64<<20 {
		r.t.Errorf("%d bytes of endless bodies were read, want them cut", body.n.Load())
	}
	answered("endless bodies")
	for range 2 * rogueRounds {
		conn, err := r.dial("https")
		if err != nil {
			r.t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
	}
	answered("many sessions")
}
