package mail_test

import (
	"context"
	"crypto/x509"
	"errors"
	"maps"
	netmail "net/mail"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/smtplab"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/phone"
)

// shelf keeps letters in memory. It breaks on request.
type shelf struct {
	mu      sync.Mutex
	letters map[string]phone.Secret
	events  []audit.Record
	stuck   bool // no letter can be deleted
	refused int  // deletions refused
}

func (s *shelf) Letters() map[string]phone.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.letters)
}

func (s *shelf) ChangeLetters(_ context.Context, puts map[string]phone.Secret, events []audit.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range puts {
		if s.stuck && l.IsZero() {
			s.refused++
			return errors.New("disk is full")
		}
	}
	if s.letters == nil {
		s.letters = make(map[string]phone.Secret)
	}
	for id, l := range puts {
		if s.letters[id] = l; l.IsZero() {
			delete(s.letters, id)
		}
	}
	s.events = append(s.events, events...)
	return nil
}

func (s *shelf) kinds() (kinds []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		kinds = append(kinds, e.Event.Kind())
	}
	return kinds
}

// office is a post that runs, with a clock of its own.
type office struct {
	*mail.Post
	shelf *shelf
	board health.Board
	mu    sync.Mutex
	ahead time.Duration
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Now().Add(o.ahead)
}

// later moves the clock and has the post look at it, which a reload does as well.
func (o *office) later(t testing.TB, d time.Duration) {
	t.Helper()
	o.mu.Lock()
	o.ahead += d
	o.mu.Unlock()
	o.again(t)
}

func (o *office) again(t testing.TB) {
	t.Helper()
	if err := o.SetServer(t.Context(), o.Server()); err != nil {
		t.Fatal(err)
	}
}

func openOffice(t testing.TB, s mail.Server) *office {
	t.Helper()
	o := &office{shelf: &shelf{}}
	o.serve(t, s)
	return o
}

func (o *office) serve(t testing.TB, s mail.Server) {
	t.Helper()
	var err error
	if o.Post, err = mail.New(mail.Config{Server: s, Now: o.now}, o.shelf, mail.Tools{Health: &o.board}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- o.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// until waits for what a post that runs comes to.
func (o *office) until(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never came to: %s\nqueue: %+v\nconditions: %+v", what, o.Letters(), o.board.List())
		}
	}
}

func (o *office) condition(code string) (health.Condition, bool) {
	for _, c := range o.board.List() {
		if c.Code == code {
			return c, true
		}
	}
	return health.Condition{}, false
}

func at(s *smtplab.Server) mail.Server {
	return mail.Server{
		Host: s.Host(), Port: s.Port(), From: netmail.Address{Name: "Lineside Köln", Address: "box@example.net"}, User: smtplab.User, Hello: "box.example.net",
		Password: func() (phone.Secret, error) { return phone.NewSecret(smtplab.Password), nil },
		Roots:    func() (*x509.CertPool, error) { return s.Roots, nil },
	}
}

func letterTo(to string) mail.Message {
	return mail.Message{
		Kind: "temporary-password", About: "account " + to, To: to, Name: "Jörg Größe, \"Q\"",
		Subject: "Ihr vorläufiges Kennwort für Lineside", Text: phone.NewSecret("Guten Tag,\n\n.\nplanted-Kennwort: =20 ä€\n" + strings.Repeat("lang ", 300) + "\n"),
	}
}

// TestRealServer carries a letter over every way there is, to a server that takes
// it from nobody who does not sign in.
func TestRealServer(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lab    smtplab.Options
		change func(*mail.Server)
	}{
		{"STARTTLS", smtplab.Options{}, func(*mail.Server) {}},
		{"TLS from the start", smtplab.Options{Implicit: true}, func(s *mail.Server) { s.TLS = mail.ImplicitTLS }},
		{"in the clear", smtplab.Options{Plain: true}, func(s *mail.Server) { s.TLS, s.User, s.Password = mail.NoTLS, "", nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lab := smtplab.New(t, tt.lab)
			server := at(lab)
			tt.change(&server)
			o := openOffice(t, server)
			m := letterTo("erika@example.net")
			if err := o.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			got := lab.Arrived(1)[0]
			if got.Subject != m.Subject || got.Text != m.Text.Reveal() {
				t.Errorf("got %q\n%q, want %q\n%q", got.Subject, got.Text, m.Subject, m.Text.Reveal())
			}
			to, err := got.Header.AddressList("To")
			if err != nil || len(to) != 1 || *to[0] != (netmail.Address{Name: m.Name, Address: m.To}) {
				t.Errorf("got to %v, %v, want %s at %s", to, err, m.Name, m.To)
			}
			from, err := got.Header.AddressList("From")
			if err != nil || len(from) != 1 || *from[0] != server.From {
				t.Errorf("got from %v, %v, want %v", from, err, server.From)
			}
			if got.Header.Get("Auto-Submitted") != "auto-generated" || got.Header.Get("Envelope-To") != m.To || got.Header.Get("Message-Id") == "" {
				t.Errorf("got the header %v", got.Header)
			}
			o.until(t, "an empty queue", func() bool { return len(o.Letters()) == 0 && len(o.shelf.Letters()) == 0 })
		})
	}
}

// TestServerDown has the server come up after the letter was sent, and go down
// again: nobody waits for it, and the letter keeps its Message-ID.
func TestServerDown(t *testing.T) {
	lab := smtplab.New(t, smtplab.Options{})
	lab.Down()
	o := openOffice(t, at(lab))
	if err := o.Send(t.Context(), letterTo("erika@example.net")); err != nil {
		t.Fatal(err)
	}
	o.until(t, "a first try", func() bool { l := o.Letters(); return len(l) == 1 && l[0].Tries == 1 })
	first := o.Letters()[0]
	wait := first.Next.Sub(o.now())
	if !strings.Contains(first.LastError, "connection refused") || wait < 40*time.Second || wait > 72*time.Second {
		t.Errorf("got %q and a wait of %s, want connection refused and about a minute", first.LastError, wait)
	}
	if c, is := o.condition(mail.CodeStuck); is {
		t.Errorf("got %+v at the first try, want nobody told yet", c)
	}
	o.later(t, 11*time.Minute)
	o.until(t, "operators told how many wait, why and what to do", func() bool {
		c, _ := o.condition(mail.CodeStuck)
		return strings.Contains(c.Detail, "1 letters wait") && strings.Contains(c.Detail, "connection refused") && strings.Contains(c.Do, "mail.smtp")
	})
	lab.Up()
	o.again(t)
	got := lab.Arrived(1)[0]
	o.until(t, "nothing left to tell", func() bool { return len(o.Letters()) == 0 && len(o.board.List()) == 0 })
	if id := got.Header.Get("Message-Id"); id != "<"+first.ID+"@example.net>" {
		t.Errorf("got the Message-ID %s, want that of the letter %s", id, first.ID)
	}
}

// TestGivenUpAfterADay moves the clock: the letter ends with an event, a
// condition, and no trace of its text.
func TestGivenUpAfterADay(t *testing.T) {
	lab := smtplab.New(t, smtplab.Options{})
	lab.Down()
	o := openOffice(t, at(lab))
	if err := o.Send(t.Context(), letterTo("erika@example.net")); err != nil {
		t.Fatal(err)
	}
	o.until(t, "a first try", func() bool { l := o.Letters(); return len(l) == 1 && l[0].Tries == 1 })
	o.later(t, mail.GiveUp-time.Minute)
	o.until(t, "another try", func() bool { l := o.Letters(); return len(l) == 1 && l[0].Tries == 2 })
	o.later(t, 2*time.Minute)
	o.until(t, "nothing on disk", func() bool { return len(o.shelf.Letters()) == 0 })
	o.until(t, "operators told", func() bool { c, is := o.condition(mail.CodeStuck); return is && strings.Contains(c.Detail, "given up") })
	if got := o.shelf.events[0].Event.(audit.MailFailed); got.To != "erika@example.net" || got.Refused || got.Tries < 2 || !strings.Contains(got.Said, "refused") {
		t.Errorf("got the event %+v", got)
	}
	lab.Up()
	if _, err := o.Test(t.Context(), audit.Actor{Front: "cli"}, "admin@example.net", "Köln"); err != nil {
		t.Fatal(err)
	}
	lab.Arrived(1)
	o.until(t, "nothing left to tell", func() bool { return len(o.board.List()) == 0 })
}

// TestGreylistAndRefusals sends to people of whom the server thinks differently,
// over one connection: none costs the others anything.
func TestGreylistAndRefusals(t *testing.T) {
	lab := smtplab.New(t, smtplab.Options{})
	lab.Down()
	o := openOffice(t, at(lab))
	for _, to := range []string{"nobody@example.net", "grey@example.net", "virus@example.net", "erika@example.net"} {
		if err := o.Send(t.Context(), letterTo(to)); err != nil {
			t.Fatal(err)
		}
	}
	o.until(t, "all tried in vain", func() bool {
		for _, l := range o.Letters() {
			if l.Tries == 0 {
				return false
			}
		}
		return true
	})
	lab.Up()
	o.again(t)
	lab.Arrived(1)
	state := func() (refused, greylisted int) {
		for _, l := range o.Letters() {
			if l.Refused {
				refused++
			}
			if strings.Contains(l.LastError, "greylisted") {
				greylisted++
			}
		}
		return refused, greylisted
	}
	o.until(t, "two refused, one put off", func() bool { r, g := state(); return r == 2 && g == 1 && len(o.Letters()) == 3 })
	if n := lab.Connections(); n != 1 {
		t.Errorf("got %d connections, want all letters over one", n)
	}
	c, _ := o.condition(mail.CodeRefused)
	if !strings.Contains(c.Detail, "550") || !strings.Contains(c.Detail, "and 1 more") {
		t.Errorf("got the condition %+v, want what the server said", c)
	}
	if kinds := o.shelf.kinds(); len(kinds) != 2 || kinds[0] != "mail-failed" {
		t.Errorf("got the events %v, want one for each refusal", kinds)
	}
	lab.Whitelist()
	for _, l := range o.Letters() {
		if l.Refused {
			if err := o.Remove(t.Context(), audit.Actor{Front: "cli"}, l.ID); err != nil {
				t.Fatal(err)
			}
		} else if _, err := o.Retry(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
	}
	lab.Arrived(2)
	o.until(t, "nothing left", func() bool { return len(o.Letters()) == 0 && len(o.board.List()) == 0 })
}

// TestServerNotTrusted: what lasts until an operator mends it is told at once,
// and not a byte of a letter, nor the password, leaves.
func TestServerNotTrusted(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lab    smtplab.Options
		change func(*mail.Server)
		why    string
	}{
		{"wrong password", smtplab.Options{}, func(s *mail.Server) {
			s.Password = func() (phone.Secret, error) { return phone.NewSecret("wrong"), nil }
		}, "535"},
		{"unknown CA", smtplab.Options{}, func(s *mail.Server) { s.Roots = nil }, "unknown authority"},
		{"another's certificate", smtplab.Options{}, func(s *mail.Server) { s.Host = "localhost" }, "certificate"},
		{"no STARTTLS", smtplab.Options{Plain: true}, func(*mail.Server) {}, "no STARTTLS"},
		{"TLS where STARTTLS is", smtplab.Options{}, func(s *mail.Server) { s.TLS = mail.ImplicitTLS }, "TLS"},
		{"password not readable", smtplab.Options{}, func(s *mail.Server) {
			s.Password = func() (phone.Secret, error) { return phone.Secret{}, os.ErrPermission }
		}, "permission"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lab := smtplab.New(t, tt.lab)
			server := at(lab)
			tt.change(&server)
			o := openOffice(t, server)
			if err := o.Send(t.Context(), letterTo("erika@example.net")); err != nil {
				t.Fatal(err)
			}
			o.until(t, "operators told of a first try", func() bool {
				_, is := o.condition(mail.CodeStuck)
				return is && o.Letters()[0].Tries == 1
			})
			c, _ := o.condition(mail.CodeStuck)
			if !strings.Contains(c.Detail, tt.why) || !strings.Contains(c.Do, "mail.") {
				t.Errorf("got %+v, want %q and a setting to correct", c, tt.why)
			}
			if got := lab.Mailbox(); len(got) > 0 {
				t.Errorf("got the letter %q in the mailbox, want none", got[0].Raw)
			}
			if l := o.Letters(); len(l) != 1 || l[0].Tries != 1 || l[0].Refused {
				t.Errorf("got %+v, want the letter to wait for its next try", l)
			}
			if err := o.SetServer(t.Context(), okay(tt.lab, lab)); err != nil {
				t.Fatal(err)
			}
			lab.Arrived(1)
			o.until(t, "nothing left to tell", func() bool { return len(o.board.List()) == 0 })
		})
	}
}

// okay is the server with its settings corrected.
func okay(o smtplab.Options, lab *smtplab.Server) mail.Server {
	s := at(lab)
	if o.Plain {
		s.TLS, s.User, s.Password = mail.NoTLS, "", nil
	}
	return s
}

// TestSentTwiceIsTheSameLetter lets the disk refuse to forget a letter that the
// server has. It is not sent again while the box runs; a power cut then brings it
// back, and it is sent again as the same letter.
func TestSentTwiceIsTheSameLetter(t *testing.T) {
	lab := smtplab.New(t, smtplab.Options{})
	o := openOffice(t, at(lab))
	o.shelf.stuck = true
	if err := o.Send(t.Context(), letterTo("erika@example.net")); err != nil {
		t.Fatal(err)
	}
	lab.Arrived(1)
	o.until(t, "a deletion refused", func() bool { o.shelf.mu.Lock(); defer o.shelf.mu.Unlock(); return o.shelf.refused > 0 })
	o.again(t)
	o.until(t, "it refused once more", func() bool { o.shelf.mu.Lock(); defer o.shelf.mu.Unlock(); return o.shelf.refused > 1 })
	if n := lab.Connections(); n != 1 {
		t.Fatalf("got %d connections while the box ran, want the one that brought the letter", n)
	}
	back := &office{shelf: &shelf{letters: o.shelf.Letters()}}
	back.serve(t, at(lab))
	got := lab.Arrived(2)
	for _, name := range []string{"Message-Id", "Date"} {
		if one, two := got[0].Header.Get(name), got[1].Header.Get(name); one != two || one == "" {
			t.Errorf("%s: got %q and %q, want them the same", name, one, two)
		}
	}
	back.until(t, "nothing on disk", func() bool { return len(back.shelf.Letters()) == 0 })
}
