package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

var (
	_ admin.Mailer = (*mail.Post)(nil)
	_ admin.Mailer = (*postbox)(nil)
)

// postbox is a queue that nobody empties.
type postbox struct {
	off     bool
	letters []mail.Letter
	by      []audit.Actor
}

func (p *postbox) Server() mail.Server {
	if p.off {
		return mail.Server{}
	}
	return mail.Server{Host: "mail.example.net", Port: 587}
}

func (p *postbox) Letters() []mail.Letter { return p.letters }

func (p *postbox) find(id string) (int, error) {
	for i, l := range p.letters {
		if l.ID == id {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%q %w", id, mail.ErrUnknown)
}

func (p *postbox) Retry(_ context.Context, id string) (mail.Letter, error) {
	i, err := p.find(id)
	if err != nil {
		return mail.Letter{}, err
	}
	p.letters[i].Refused = false
	return p.letters[i], nil
}

func (p *postbox) Remove(_ context.Context, by audit.Actor, id string) error {
	i, err := p.find(id)
	if err != nil {
		return err
	}
	p.by, p.letters = append(p.by, by), append(p.letters[:i], p.letters[i+1:]...)
	return nil
}

func (p *postbox) Test(_ context.Context, by audit.Actor, to, site string) (mail.Letter, error) {
	if p.off {
		return mail.Letter{}, mail.ErrOff
	}
	if err := mail.CheckAddress(to); err != nil {
		return mail.Letter{}, fmt.Errorf("test %w: %w", mail.ErrMessage, err)
	}
	l := mail.Letter{ID: "t1", Kind: "test", To: to, Since: start, Next: start}
	p.by, p.letters = append(p.by, by), append(p.letters, l)
	return l, nil
}

func TestMail(t *testing.T) {
	b := newBox(t, nil)
	b.post.letters = []mail.Letter{{ID: "a1", Kind: "temporary-password", To: "erika@example.net", Since: start, Tries: 1, LastError: "550 no", Refused: true}}
	got := b.call(t, "GET", "/api/v1/mail", "")
	const want = `{"server":"mail.example.net:587","letters":[{"id":"a1","kind":"temporary-password","to":"erika@example.net","since":"2026-03-01T09:00:00Z","tries":1,"last_error":"550 no","refused":true}]}` + "\n"
	if got.status != http.StatusOK || got.body != want {
		t.Errorf("got %d %s, want %s", got.status, got.body, want)
	}
	for _, tt := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/a1/retry", "", http.StatusAccepted, `"refused":false`},
		{"POST", "/no/retry", "", http.StatusNotFound, "lineside mail list"},
		{"DELETE", "/a1", "", http.StatusNoContent, ""},
		{"DELETE", "/a1", "", http.StatusNotFound, "lineside mail list"},
		{"POST", "/test", `{"to":"otto@example.net"}`, http.StatusAccepted, `"id":"t1"`},
		{"POST", "/test", `{"to":"otto"}`, http.StatusUnprocessableEntity, "no address"},
		{"POST", "/test", `{"to":"a@example.net\r\nBcc: b@example.net"}`, http.StatusUnprocessableEntity, "no address"},
		{"POST", "/test", `{"subject":"x"}`, http.StatusBadRequest, "subject"},
	} {
		got := b.call(t, tt.method, "/api/v1/mail"+tt.path, tt.body)
		if got.status != tt.status || !strings.Contains(got.body, tt.says) {
			t.Errorf("%s %s %s: got %d %s, want %d with %q", tt.method, tt.path, tt.body, got.status, got.body, tt.status, tt.says)
		}
	}
	if len(b.post.by) != 2 || b.post.by[0] != (audit.Actor{Front: "api", Name: "token", Remote: netip.MustParseAddr("127.0.0.1")}) {
		t.Errorf("got the actors %+v, want who showed the token", b.post.by)
	}
	b.post.off = true
	if got := b.call(t, "POST", "/api/v1/mail/test", `{"to":"otto@example.net"}`); got.status != http.StatusConflict || !strings.Contains(got.body, "mail.smtp") {
		t.Errorf("without a server: got %d %s, want 409 and the setting", got.status, got.body)
	}
}

// anna is the accounts of a box with one.
type anna struct {
	admin.Operators
	admin.Oneself
}

func (anna) Of(name string) (auth.Account, error) {
	return auth.Account{Name: name, Role: admin.Admin, Email: "anna@example.net"}, nil
}

func TestMailTestGoesToWhoAsks(t *testing.T) {
	board, post, books := &health.Board{}, &postbox{}, &books{}
	srv, err := admin.New(admin.Config{Vendors: []phone.Vendor{"snom"}}, admin.Deps{
		Desk: newDesk(), Audit: books, Recorder: books, Backup: books, Mail: post, Accounts: anna{}, Health: board, Metrics: metrics.New(), Log: discard(),
		Status: func() admin.Status { return admin.Status{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	c := srv.For(admin.Caller{Name: "anna", Role: admin.Admin})
	for to, want := range map[string]string{"": "anna@example.net", "otto@example.net": "otto@example.net"} {
		if l, err := c.TestMail(t.Context(), to); err != nil || l.To != want {
			t.Errorf("to %q: got %+v, %v, want it to %s", to, l, err, want)
		}
	}
}
