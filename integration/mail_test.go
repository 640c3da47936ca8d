package integration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"crypto/x509"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/smtplab"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/store"
)

// mailSite is a box's store, accounts and mail, with a clock that can be moved
// and a real mail server.
type mailSite struct {
	*accounts.Desk
	lab   *smtplab.Server
	store *store.Store
	post  *mail.Post
	board health.Board

	end   func() // closes it before the test ends
	mu    sync.Mutex
	ahead time.Duration
	tries int // of signing in, each from an address of its own
}

func (s *mailSite) wall() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// User is one of the site's users.
func (s *mailSite) User(id string) (phone.User, error) {
	if u, ok := s.store.User(id); ok {
		return u, nil
	}
	return phone.User{}, fmt.Errorf("%s: %w", id, phone.ErrUnknownUser)
}

func newMailSite(t *testing.T) *mailSite {
	t.Helper()
	return openMailSite(t, t.TempDir(), smtplab.New(t, smtplab.Options{}), 0)
}

// openMailSite keeps the site in a state directory, and has its clock ahead.
func openMailSite(t *testing.T, dir string, lab *smtplab.Server, ahead time.Duration) *mailSite {
	t.Helper()
	s := &mailSite{lab: lab, ahead: ahead}
	database := filepath.Join(dir, "lineside.db")
	key, err := store.LoadKey(filepath.Join(dir, "site.key"), database)
	if err != nil {
		t.Fatal(err)
	}
	s.store, err = store.Open(database, key, store.Config{Now: s.wall, Synced: func() bool { return true }}, store.Tools{Health: &s.board})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { now, _ := s.store.Now(); return now }
	server := mail.Server{
		Host: s.lab.Host(), Port: s.lab.Port(), From: netmail.Address{Address: "box@example.net"}, User: smtplab.User,
		Password: func() (phone.Secret, error) { return phone.NewSecret(smtplab.Password), nil },
		Roots:    func() (*x509.CertPool, error) { return s.lab.Roots, nil },
	}
	if s.post, err = mail.New(mail.Config{Server: server, Now: now}, s.store, mail.Tools{Health: &s.board}); err != nil {
		t.Fatal(err)
	}
	s.Desk, err = accounts.New(accounts.Config{Site: "Köln", Now: now}, accounts.Deps{Store: s.store, People: s, Mail: s.post, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = s.post.Serve(ctx) })
	running.Go(func() { _ = s.Run(ctx) })
	s.end = sync.OnceFunc(func() { stop(); running.Wait(); _ = s.store.Close() })
	t.Cleanup(s.end)
	return s
}

// later moves the clock, and has the post look at it.
func (s *mailSite) later(t *testing.T, d time.Duration) {
	t.Helper()
	s.mu.Lock()
	s.ahead += d
	s.mu.Unlock()
	if err := s.post.SetServer(t.Context(), s.post.Server()); err != nil {
		t.Fatal(err)
	}
}

func (s *mailSite) place() netip.Addr {
	s.tries++
	return netip.AddrFrom4([4]byte{10, 9, byte(s.tries >> 8), byte(s.tries)})
}

// enters signs in, and wants what must be done then; "no" is a refusal.
func (s *mailSite) enters(t *testing.T, when, name, password, must string) accounts.Person {
	t.Helper()
	p, err := s.SignIn(t.Context(), s.place(), name, phone.NewSecret(password))
	got := p.Must
	if errors.Is(err, accounts.ErrWrong) {
		got = "no"
	} else if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if got != must {
		t.Errorf("%s: got %q, want %q", when, got, must)
	}
	return p
}

// forgets asks for a password as somebody who does not see what becomes of it.
func (s *mailSite) forgets(t *testing.T, name string) {
	t.Helper()
	if err := s.Forgot(t.Context(), s.place(), name); err != nil {
		t.Errorf("%s has forgotten the password: got %v, want the one answer", name, err)
	}
}

// letterTo waits for the nth letter to somebody, and gives the password in it.
func (s *mailSite) letterTo(t *testing.T, to string, n int) (letter smtplab.Letter, password string) {
	t.Helper()
	return letterTo(t, s.lab, to, n)
}

func letterTo(t *testing.T, lab *smtplab.Server, to string, n int) (letter smtplab.Letter, password string) {
	t.Helper()
	of := func() (list []smtplab.Letter) {
		for _, l := range lab.Mailbox() {
			if l.Header.Get("Envelope-To") == to {
				list = append(list, l)
			}
		}
		return list
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(15 * time.Second); len(of()) < n; <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("got %d letters to %s, want %d", len(of()), to, n)
		}
	}
	found := make(map[string]smtplab.Letter)
	for _, l := range of() {
		m := regexp.MustCompile(`(?m)(?:Kennwort|password): +(\S+)$`).FindStringSubmatch(strings.ReplaceAll(l.Text, "\r", ""))
		if m == nil {
			t.Fatalf("no password is in the letter\n%s", l.Text)
		}
		found[m[1]] = l
		letter, password = l, m[1]
	}
	if len(found) != n {
		t.Fatalf("got %d passwords in %d letters, want each its own", len(found), n)
	}
	return newest(found, letter, password)
}

// newest is the letter that was dated last.
func newest(found map[string]smtplab.Letter, letter smtplab.Letter, password string) (smtplab.Letter, string) {
	last, _ := letter.Header.Date()
	for p, l := range found {
		if at, err := l.Header.Date(); err == nil && at.After(last) {
			last, letter, password = at, l, p
		}
	}
	return letter, password
}

// TestForgottenPasswordByMail is the way of a temporary password: asked for,
// mailed by a real server, good once and for a day, to be changed, and the new one
// for 90 days.
func TestForgottenPasswordByMail(t *testing.T) {
	s := newMailSite(t)
	const first, second, third = "Erstes-Kennwort-1", "Zweites-Kennwort-2", "Drittes-Kennwort-3"
	code, _ := s.SetUpCode()
	if _, err := s.SetUp(t.Context(), s.place(), code, accounts.NewAdmin{Name: "chef", Mail: "chef@example.net", Language: "de", Password: phone.NewSecret(first)}); err != nil {
		t.Fatal(err)
	}
	s.later(t, time.Hour)

	s.forgets(t, "niemand")
	s.forgets(t, "chef")
	letter, password := s.letterTo(t, "chef@example.net", 1)
	if !strings.HasPrefix(letter.Subject, "Ihr vorläufiges Kennwort") || strings.Contains(letter.Text, "Hello") {
		t.Errorf("got %q\n%s\nwant it in German", letter.Subject, letter.Text)
	}
	p := s.enters(t, "with the temporary password", "chef", password, "temporary")
	if p.Role == auth.Admin {
		t.Error("who has yet to change the password is an admin already")
	}
	if _, err := s.ChangePassword(t.Context(), s.place(), p.Token, phone.Secret{}, phone.NewSecret(second)); err != nil {
		t.Fatal(err)
	}
	s.enters(t, "with it once more", "chef", password, "no")
	s.enters(t, "with the password of before", "chef", first, "no")
	if p := s.enters(t, "with the new one", "chef", second, ""); p.Role != auth.Admin {
		t.Errorf("got the role %s, want admin", p.Role)
	}

	s.later(t, 2*time.Hour)
	s.forgets(t, "chef")
	_, password = s.letterTo(t, "chef@example.net", 2)
	s.later(t, auth.TemporaryFor-time.Minute)
	s.later(t, 2*time.Minute)
	s.enters(t, "with a temporary one a day later", "chef", password, "no")
	s.enters(t, "with the own one, which nobody made void", "chef", second, "")

	s.lab.Down()
	s.forgets(t, "chef")
	s.waits(t, 1)
	s.later(t, mail.GiveUp+time.Minute)
	s.waits(t, 0)
	s.lab.Up()
	if n := len(s.lab.Mailbox()); n != 2 {
		t.Errorf("got %d letters, want none of a password that is dead", n)
	}

	s.later(t, auth.PasswordFor)
	p = s.enters(t, "after 90 days", "chef", second, "expired")
	if _, err := s.ChangePassword(t.Context(), s.place(), p.Token, phone.NewSecret(second), phone.NewSecret(third)); err != nil {
		t.Fatal(err)
	}
	s.enters(t, "with the next one", "chef", third, "")
}

// waits until so many letters wait.
func (s *mailSite) waits(t *testing.T, n int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); len(s.post.Letters()) != n; <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("got %+v in the queue, want %d letters", s.post.Letters(), n)
		}
	}
}

// TestUserResetByMail has an admin reset a user's password: mailed to the
// person's address in the languages there are, and handed over where no mail can
// be sent.
func TestUserResetByMail(t *testing.T) {
	s := newMailSite(t)
	user := phone.User{ID: "erika", Extension: "710", First: "Erika", Last: "Größe", Email: "erika@example.net", Created: s.wall()}
	err := s.store.ChangeUsers(t.Context(), func(phone.User) (*phone.User, []audit.Record, error) { return &user, nil, nil }, user.ID)
	if err != nil {
		t.Fatal(err)
	}
	by := audit.Actor{Front: "cli", Name: "root"}
	got, err := s.ResetUser(t.Context(), by, "erika")
	if err != nil || got.Mailed != user.Email || !got.Password.IsZero() {
		t.Fatalf("got %+v, %v, want it mailed and shown to nobody", got, err)
	}
	letter, password := s.letterTo(t, user.Email, 1)
	if !strings.Contains(letter.Text, "Hello Erika Größe") || !strings.Contains(letter.Text, "Guten Tag Erika Größe") {
		t.Errorf("got\n%s\nwant it in both languages", letter.Text)
	}
	p := s.enters(t, "the user, with the temporary password", "erika", password, "temporary")
	if p.Role != auth.Personal || p.ID != "erika" {
		t.Errorf("got %+v, want a person of their own page", p)
	}
	if err := s.post.SetServer(t.Context(), mail.Server{}); err != nil {
		t.Fatal(err)
	}
	got, err = s.ResetUser(t.Context(), by, "erika")
	if err != nil || got.Mailed != "" || got.Password.IsZero() || !strings.Contains(got.Why, "no mail server") {
		t.Errorf("without a mail server: got %+v, %v, want it to hand over", got, err)
	}
	s.enters(t, "with the one handed over", "erika", got.Password.Reveal(), "temporary")
}
