package broker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// raw is a connection of a box's that keeps no rule of ours: what the broker
// says to it arrives on errs.
func (l *lab) raw(b *box, opts ...nats.Option) (conn *nats.Conn, errs chan error) {
	l.t.Helper()
	public, _ := b.nkey.Public()
	seed, err := b.nkey.Bytes()
	if err != nil {
		l.t.Fatal(err)
	}
	errs = make(chan error, 64)
	all := append([]nats.Option{
		nats.Name(b.id), nats.Nkey(public, signWith(l.t, seed)), nats.Secure(wire.PinnedTLS(l.pin, loopback)), nats.TLSHandshakeFirst(), nats.NoReconnect(),
		nats.CustomInboxPrefix(wire.InboxPrefix(b.id)), nats.Timeout(10 * time.Second), nats.PermissionErrOnSubscribe(true),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			select {
			case errs <- err:
			default:
			}
		}),
	}, opts...)
	conn, err = nats.Connect("tls://"+l.at.NATS, all...)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(conn.Close)
	return conn, errs
}

func signWith(t testing.TB, seed []byte) func([]byte) ([]byte, error) {
	t.Helper()
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Sign
}

// TestForgedCredentials: a key that is known without what it signs with, the
// platform's own users, and what else NATS lets a client show, open nothing.
func TestForgedCredentials(t *testing.T) {
	l := newLab(t, nil)
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	public, _ := a.nkey.Public()
	seed, err := b.nkey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	sign := signWith(t, seed)
	for name, opts := range map[string][]nats.Option{
		"another's key, own signature":  {nats.Name(a.id), nats.Nkey(public, sign)},
		"another's key, old signature":  {nats.Name(a.id), nats.Nkey(public, func([]byte) ([]byte, error) { return make([]byte, 64), nil })},
		"nothing":                       {nats.Name(a.id)},
		"a password":                    {nats.Name(a.id), nats.UserInfo("core", "core")},
		"a token":                       {nats.Name(a.id), nats.Token(public)},
		"the name of the callout's own": {nats.Name(a.id), nats.UserInfo(public, "")},
	} {
		all := append(opts, nats.Secure(wire.PinnedTLS(l.pin, loopback)), nats.TLSHandshakeFirst(), nats.NoReconnect(), nats.Timeout(10*time.Second))
		conn, err := nats.Connect("tls://"+l.at.NATS, all...)
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: got %v, want it refused", name, err)
		}
	}
}

// violation waits for the broker to refuse something.
func violation(t *testing.T, errs chan error, what string) {
	t.Helper()
	select {
	case err := <-errs:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s: got %v, want a permissions violation", what, err)
		}
	case <-time.After(5 * time.Second):
		t.Errorf("%s: the broker says nothing, want it refused", what)
	}
}

// TestForbiddenSubjects: a site hears nothing but its own, and says nothing but
// its own questions; JetStream and the servers are not there for it.
func TestForbiddenSubjects(t *testing.T) {
	l := newLab(t, nil)
	if _, err := broker.OpenLog(t.Context(), l.b.Core(), broker.LogConfig{}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	conn, errs := l.raw(a)
	heard := spies(t, l, b)
	for _, subject := range []string{
		wire.HintSubject(b.id), wire.InboxPrefix(b.id) + ".>", wire.HintSubject("*"), "s.>", ">", "*.*.*", "_INBOX.>",
		wire.AskSubject(b.id, "*"), wire.AskSubject(a.id, "*"), wire.AskSubject("*", "*"), "cfg.>", "$SYS.>", "$SYS.REQ.USER.AUTH", "$JS.>", "$KV.>", "$O.>",
	} {
		for _, group := range []string{"", "central"} {
			if _, err := conn.QueueSubscribe(subject, group, func(m *nats.Msg) { t.Errorf("heard %s on %s", m.Data, m.Subject) }); err != nil {
				t.Fatal(err)
			}
			violation(t, errs, "listen to "+subject+" "+group)
		}
	}
	for _, subject := range []string{
		wire.AskSubject(b.id, "hello"), wire.HintSubject(b.id), wire.InboxPrefix(b.id) + ".x", wire.HintSubject(a.id), wire.InboxPrefix(a.id) + ".x",
		wire.AskSubject(a.id, "hello") + ".more", "s." + a.id, "cfg.device.1", "$SYS.REQ.USER.AUTH", "$SYS.REQ.SERVER.PING", "$SYS.REQ.SERVER.PING.CONNZ",
		"$SYS.ACCOUNT.EDGE.CONNECT", "$SYS.REQ.ACCOUNT.PING.CONNZ", "$JS.API.INFO", "$JS.API.STREAM.INFO.CFG",
		// What leaks where boxes are in an account with JetStream: deliver to
		// whom they may not publish, read another's consumer, filter another's
		// subjects, read any key.
		"$JS.API.CONSUMER.DURABLE.CREATE.CFG.x", "$JS.API.CONSUMER.CREATE.CFG", "$JS.API.CONSUMER.CREATE.CFG.x.cfg." + a.id, "$JS.API.CONSUMER.MSG.NEXT.CFG.x",
		"$JS.API.DIRECT.GET.CFG", "$JS.API.DIRECT.GET.CFG.cfg." + a.id, "$JS.API.STREAM.MSG.GET.CFG", "$JS.ACK.CFG.x.1.1.1.1.1",
	} {
		if err := conn.PublishRequest(subject, wire.InboxPrefix(a.id)+".x", []byte("x")); err != nil {
			t.Fatal(err)
		}
		violation(t, errs, "publish to "+subject)
	}
	if _, err := l.hello(a, l.mustDial(a)); err != nil {
		t.Errorf("what it may: got %v, want an answer", err)
	}
	if got := heard(); len(got) != 0 {
		t.Errorf("others heard %q, want nothing", got)
	}
}

// spies listen as another box does, and in the account of the platform; what
// they heard is given at the end.
func spies(t *testing.T, l *lab, b *box) func() []string {
	t.Helper()
	all := make(chan string, 1000)
	note := func(m *nats.Msg) { all <- m.Subject + " " + string(m.Data) }
	conn, _ := l.raw(b)
	for _, s := range []struct {
		conn    *nats.Conn
		subject string
	}{{conn, wire.HintSubject(b.id)}, {conn, wire.InboxPrefix(b.id) + ".>"}, {l.b.Core(), ">"}} {
		if _, err := s.conn.Subscribe(s.subject, note); err != nil {
			t.Fatal(err)
		}
		if err := s.conn.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	return func() (got []string) {
		for _, c := range []*nats.Conn{conn, l.b.Core()} {
			if err := c.Flush(); err != nil {
				t.Error(err)
			}
		}
		for {
			select {
			case s := <-all:
				got = append(got, s)
			default:
				return got
			}
		}
	}
}

// TestReplyTrick: nats-server lets a site name any subject for the answer; the
// platform sends its answers to the site that asked, and nowhere else.
func TestReplyTrick(t *testing.T) {
	l := newLab(t, nil)
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	conn, errs := l.raw(a)
	heard := spies(t, l, b)
	tricks := []string{
		wire.InboxPrefix(b.id) + ".x", wire.HintSubject(b.id), wire.AskSubject(a.id, "hello"), wire.AskSubject(b.id, "push"), "cfg.device.1", "$SYS.REQ.USER.AUTH",
		wire.InboxPrefix(a.id), wire.InboxPrefix(a.id) + "x.y", wire.InboxPrefix(a.id) + ".*", wire.InboxPrefix(a.id) + ".>", wire.InboxPrefix(a.id) + "." + strings.Repeat("x", 200), "",
	}
	for _, reply := range tricks {
		if err := conn.PublishMsg(&nats.Msg{Subject: wire.AskSubject(a.id, "hello"), Reply: reply, Data: []byte(`{"v":1,"id":"x","hello":{}}`)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.hello(a, l.mustDial(a)); err != nil {
		t.Errorf("a question in order: got %v, want its answer", err)
	}
	if got := heard(); len(got) != 0 {
		t.Errorf("others heard %q, want nothing", got)
	}
	if c := l.b.Counts(); c.Foreign != uint64(len(tricks)) || c.Asked != 1 {
		t.Errorf("got %+v, want %d foreign and one answered", c, len(tricks))
	}
	if len(errs) != 0 {
		t.Errorf("got %v from the broker, want it silent", <-errs)
	}
}

// TestMessageIsNotBelieved: whoever a message says it is of, it is of the site
// that sent it.
func TestMessageIsNotBelieved(t *testing.T) {
	l := newLab(t, nil)
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	if err := l.p.PutDevice("001565000001", b.id, wire.Device{Vendor: "yealink", Label: "SECRET"}, nil); err != nil {
		t.Fatal(err)
	}
	conn, _ := l.raw(a)
	m, err := conn.Request(wire.AskSubject(a.id, "pull"), []byte(`{"v":1,"id":"x","site":"`+b.id+`","pull":{"site":"`+b.id+`"}}`), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.Open(l.keys.Signer.Verifier(), a.id, "x", m.Data)
	if err != nil || strings.Contains(string(m.Data), "SECRET") || r.Pull != nil && len(r.Pull.Docs) != 0 {
		t.Errorf("got %+v, %v, want nothing of the other site", r, err)
	}
}

// TestTooMuch: a site that sends more than it may costs itself.
func TestTooMuch(t *testing.T) {
	l := newLab(t, nil)
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	for _, length := range []int{wire.MaxBytes + 1, 1 << 20} {
		t.Run(fmt.Sprint("answered in words: ", length), func(t *testing.T) {
			conn, _ := l.raw(a)
			m, err := conn.Request(wire.AskSubject(a.id, "push"), make([]byte, length), 5*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			var e wire.Envelope
			var r wire.Reply
			if err := errors.Join(json.Unmarshal(m.Data, &e), json.Unmarshal(e.Reply, &r)); err != nil || r.Refused == nil || r.Refused.Reason != wire.Malformed {
				t.Errorf("got %+v, %v, want it refused as malformed", r, err)
			}
		})
	}
	t.Run("subscriptions", func(t *testing.T) {
		conn, errs := l.raw(a)
		for range 20 {
			if _, err := conn.Subscribe(wire.HintSubject(a.id), func(*nats.Msg) {}); err != nil {
				break
			}
		}
		select {
		case <-errs:
		case <-time.After(5 * time.Second):
			t.Error("got 20 subscriptions, want at most 8")
		}
	})
	t.Run("a flood of questions", func(t *testing.T) {
		conn, _ := l.raw(a)
		c := l.mustDial(b)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 20_000 {
				if conn.PublishRequest(wire.AskSubject(a.id, "hello"), wire.InboxPrefix(a.id)+".x", []byte(`{"v":1,"id":"x","hello":{}}`)) != nil {
					return
				}
			}
		}()
		for range 5 {
			if _, err := l.hello(b, c); err != nil {
				t.Errorf("another site meanwhile: got %v, want its answer", err)
			}
		}
		<-done
	})
}

// TestFault: a request that meets a fault of ours costs itself alone.
func TestFault(t *testing.T) {
	l := newLab(t, nil)
	a := l.newBox("Berlin")
	l.restart(faulty{l.p})
	c := l.mustDial(a)
	short, cancel := contextFor(t, 200*time.Millisecond)
	defer cancel()
	if _, err := c.Ask(short, "push", []byte("boom")); err == nil {
		t.Error("got an answer to what made us panic, want none")
	}
	if _, err := l.hello(a, c); err != nil {
		t.Errorf("the next question: got %v, want its answer", err)
	}
	if n := l.b.Counts().Panics; n != 1 {
		t.Errorf("got %d faults counted, want 1", n)
	}
}

// faulty panics where the real platform never should.
type faulty struct{ *central.Platform }

func (f faulty) Answer(site, op string, request []byte) ([]byte, error) {
	if string(request) == "boom" {
		panic("boom")
	}
	return f.Platform.Answer(site, op, request)
}
