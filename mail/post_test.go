package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// memory keeps letters, and counts.
type memory struct {
	mu     sync.Mutex
	events []audit.Record
}

func (*memory) Letters() map[string]phone.Secret { return nil }

func (m *memory) ChangeLetters(_ context.Context, _ map[string]phone.Secret, events []audit.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, events...)
	return nil
}

// road is a server that answers as told. It keeps when it was asked.
type road struct {
	mu     sync.Mutex
	closed error            // no connection at all
	say    map[string]error // by recipient
	panics bool             // no connection, but a panic
	asked  []time.Time
	got    []string
}

func (r *road) open(context.Context, Server) (carrier, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, time.Now())
	if r.panics {
		panic("planted")
	}
	return r, r.closed
}

func (r *road) carry(_ context.Context, l Letter) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.say[l.To]; err != nil {
		return err
	}
	r.got = append(r.got, l.To)
	return nil
}

func (r *road) leave() {}

func (r *road) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

var testServer = Server{Host: "mail.example.net", Port: 587, From: netmail.Address{Address: "box@example.net"}}

// inBubble runs a post beside a road until the test ends it.
func inBubble(t *testing.T, r *road, do func(p *Post, m *memory)) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		p, err := New(Config{Server: testServer}, m, Tools{})
		if err != nil {
			t.Fatal(err)
		}
		p.open = r.open
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Serve(ctx) }()
		do(p, m)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

func testMessage(to string) Message {
	return Message{Kind: "test", To: to, Subject: "a", Text: phone.NewSecret("b")}
}

func send(t *testing.T, p *Post, messages ...Message) {
	t.Helper()
	for _, m := range messages {
		if err := p.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWaitsGrow has a server that is never there: a letter is tried for a day, at
// growing distances, then given up and on record.
func TestWaitsGrow(t *testing.T) {
	r := &road{closed: errors.New("nobody there")}
	inBubble(t, r, func(p *Post, m *memory) {
		begin := time.Now()
		send(t, p, testMessage("a@example.net"))
		time.Sleep(GiveUp + 2*time.Minute)
		synctest.Wait()
		if got := p.Letters(); len(got) != 0 {
			t.Errorf("got %+v after a day, want nothing", got)
		}
		if n := len(r.asked); n < 24 || n > 40 {
			t.Errorf("got %d tries in a day, want about 30", n)
		}
		least := time.Duration(0)
		for i, at := range r.asked[1:] {
			wait, want := at.Sub(r.asked[i]), min(time.Minute<<i, time.Hour)
			if wait < want*8/10 || wait > want*12/10+time.Second {
				t.Errorf("wait %d: got %s, want %s give or take a fifth", i+1, wait, want)
			}
			least += wait
		}
		if last := r.asked[len(r.asked)-1].Sub(begin); last > GiveUp {
			t.Errorf("tried after %s, want nothing after a day", last)
		}
		if len(m.events) != 1 || m.events[0].Event.Kind() != "mail-failed" {
			t.Errorf("got the events %+v, want one mail-failed", m.events)
		}
	})
}

func TestWaitAfterIsBounded(t *testing.T) {
	for tries := 1; tries < 100; tries++ {
		if least, most := waitAfter(tries, 0), waitAfter(tries, 1); least < 48*time.Second || most > 72*time.Minute || most < least {
			t.Errorf("after %d tries: got %s to %s", tries, least, most)
		}
	}
}

// TestOneLetterCostsNoOther has letters that break connections between others.
func TestOneLetterCostsNoOther(t *testing.T) {
	r := &road{say: map[string]error{
		"poison@example.net": errors.New("connection reset"),
		"later@example.net":  &refusal{&textproto.Error{Code: 451, Msg: "later"}},
		"never@example.net":  &refusal{&textproto.Error{Code: 550, Msg: "never"}},
	}}
	inBubble(t, r, func(p *Post, m *memory) {
		r.set(func() { r.closed = errors.New("not yet") })
		send(t, p, testMessage("poison@example.net"), testMessage("later@example.net"), testMessage("never@example.net"), testMessage("good@example.net"))
		synctest.Wait()
		r.set(func() { r.closed, r.asked = nil, nil })
		if err := p.SetServer(t.Context(), testServer); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(r.got) != 1 || r.got[0] != "good@example.net" {
			t.Errorf("got %v delivered, want the good one", r.got)
		}
		for _, l := range p.Letters() {
			if want := l.To == "never@example.net"; l.Refused != want {
				t.Errorf("%s: got refused %v, want %v", l.To, l.Refused, want)
			}
		}
		if len(r.asked) < 1 || len(r.asked) > 2 { // one alone where the poison went last
			t.Errorf("got %d connections, want another after the broken one and no more", len(r.asked))
		}
	})
}

func TestBrokenServerIsLeftAlone(t *testing.T) {
	r := &road{say: map[string]error{}}
	var all []Message
	for i := range 20 {
		to := fmt.Sprintf("p%d@example.net", i)
		all, r.say[to] = append(all, testMessage(to)), errors.New("connection reset")
	}
	inBubble(t, r, func(p *Post, _ *memory) {
		r.set(func() { r.closed = errors.New("not yet") })
		send(t, p, all...)
		synctest.Wait()
		r.set(func() { r.closed, r.asked = nil, nil })
		if err := p.SetServer(t.Context(), testServer); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(r.asked) != maxBroken {
			t.Errorf("got %d connections, want %d", len(r.asked), maxBroken)
		}
	})
}

func TestPanicCostsOneTurn(t *testing.T) {
	r := &road{panics: true}
	inBubble(t, r, func(p *Post, _ *memory) {
		send(t, p, testMessage("a@example.net"))
		synctest.Wait()
		r.set(func() { r.panics = false })
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(r.got) != 1 {
			t.Errorf("got %v delivered after a panic, want the letter", r.got)
		}
	})
}

// TestQueueIsBounded fills it; who asks again about the same takes their own
// place, and only that.
func TestQueueIsBounded(t *testing.T) {
	p, err := New(Config{Server: testServer}, &memory{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	about := func(s string) Message { m := testMessage("a@example.net"); m.About = s; return m }
	send(t, p, about("erika"), about("erika"), about("otto"), about(""), about(""))
	if n := len(p.Letters()); n != 4 {
		t.Errorf("got %d letters, want one each about erika and otto, and two about nothing", n)
	}
	p.mu.Lock()
	for i := range MaxLetters - len(p.letters) {
		id := fmt.Sprint("x", i)
		p.letters[id] = Letter{ID: id, Kind: "test"}
	}
	p.mu.Unlock()
	if err := p.Send(t.Context(), about("")); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: got %v, want ErrFull", err)
	}
	send(t, p, about("erika"))
	if n := len(p.Letters()); n != MaxLetters {
		t.Errorf("got %d letters, want %d", n, MaxLetters)
	}
}

func TestSendRefuses(t *testing.T) {
	p, err := New(Config{Server: testServer}, &memory{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Message){
		"subject of two lines": func(m *Message) { m.Subject = "a\r\nBcc: all@example.net" },
		"name of two lines":    func(m *Message) { m.Name = "a\nBcc: all@example.net" },
		"address of two lines": func(m *Message) { m.To = "a@example.net\r\nRCPT TO:<b@example.net>" },
		"two addresses":        func(m *Message) { m.To = "a@example.net, b@example.net" },
		"address with a name":  func(m *Message) { m.To = "A <a@example.net>" },
		"no address":           func(m *Message) { m.To = "" },
		"no domain":            func(m *Message) { m.To = "erika" },
		"long address":         func(m *Message) { m.To = strings.Repeat("x", 255) + "@example.net" },
		"no subject":           func(m *Message) { m.Subject = "" },
		"no text":              func(m *Message) { m.Text = phone.Secret{} },
		"a bell in the text":   func(m *Message) { m.Text = phone.NewSecret("\a") },
		"long text":            func(m *Message) { m.Text = phone.NewSecret(strings.Repeat("x", MaxText+1)) },
		"no UTF-8":             func(m *Message) { m.Subject = "\xff" },
		"kind with a space":    func(m *Message) { m.Kind = "a b" },
	} {
		m := testMessage("a@example.net")
		if change(&m); !errors.Is(p.Send(t.Context(), m), ErrMessage) {
			t.Errorf("%s: got it sent, want ErrMessage", name)
		}
	}
	if err := p.SetServer(t.Context(), Server{}); err != nil {
		t.Fatal(err)
	}
	if err := p.Send(t.Context(), testMessage("a@example.net")); !errors.Is(err, ErrOff) {
		t.Errorf("without a server: got %v, want ErrOff", err)
	}
}

// TestLettersSurviveTheirEncoding, and print nothing of their text.
func TestLettersSurviveTheirEncoding(t *testing.T) {
	m := Message{Kind: "test", About: "x", To: "a@example.net", Name: "A", Subject: "s", Text: phone.NewSecret("planted")}
	l := newLetter(time.Now(), m, testServer).failed(time.Now(), errors.New("no"), true, 0)
	kept, err := l.encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeLetter(l.ID, kept)
	if err != nil || back != l {
		t.Errorf("got %+v, %v, want %+v", back, err, l)
	}
	p, err := New(Config{Server: testServer}, &memory{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	send(t, p, m)
	if s := fmt.Sprintf("%v %+v %#v %v", p.Letters(), p.Letters(), kept, m); strings.Contains(s, "planted") || !strings.Contains(s, "a@example.net") {
		t.Errorf("printed: %s", s)
	}
}

func TestServerCheck(t *testing.T) {
	secret := func() (phone.Secret, error) { return phone.NewSecret("x"), nil }
	for name, tt := range map[string]struct {
		change func(*Server)
		want   string // "" is nothing wrong
	}{
		"as it should be":       {func(*Server) {}, ""},
		"none":                  {func(s *Server) { *s = Server{} }, ""},
		"login in the clear":    {func(s *Server) { s.TLS, s.User, s.Password = NoTLS, "u", secret }, "tls: "},
		"login on this machine": {func(s *Server) { s.Host, s.TLS, s.User, s.Password = "127.0.0.1", NoTLS, "u", secret }, ""},
		"no sender":             {func(s *Server) { s.From = netmail.Address{} }, "from: "},
		"unknown TLS":           {func(s *Server) { s.TLS = "ssl" }, "tls: "},
		"user alone":            {func(s *Server) { s.User = "u" }, "user: "},
		"password alone":        {func(s *Server) { s.Password = secret }, "user: "},
	} {
		s := testServer
		tt.change(&s)
		if err := s.Check(); (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}
