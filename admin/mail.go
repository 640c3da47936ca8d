package admin

import (
	"context"
	"net/http"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/mail"
)

// Mailer is the box's mail, as operators look after it; *mail.Post serves it.
type Mailer interface {
	Server() mail.Server
	Letters() []mail.Letter
	Retry(ctx context.Context, id string) (mail.Letter, error)
	Remove(ctx context.Context, by audit.Actor, id string) error
	Test(ctx context.Context, by audit.Actor, to, site string) (mail.Letter, error)
}

// noMail is where nothing is mailed.
type noMail struct{}

func (noMail) Server() mail.Server    { return mail.Server{} }
func (noMail) Letters() []mail.Letter { return nil }

func (noMail) Retry(context.Context, string) (mail.Letter, error) { return mail.Letter{}, mail.ErrOff }

func (noMail) Remove(context.Context, audit.Actor, string) error { return mail.ErrOff }

func (noMail) Test(context.Context, audit.Actor, string, string) (mail.Letter, error) {
	return mail.Letter{}, mail.ErrOff
}

// Mail is what waits to be mailed.
type Mail struct {
	Server  string        `json:"server"` // host:port; empty where none is set
	Letters []mail.Letter `json:"letters"`
}

// MailTestInput asks for a test message; without an address it goes to that of
// the account of whoever has signed in.
type MailTestInput struct {
	To string `json:"to,omitempty"`
}

func (s *Server) getMail(c *call) error {
	return c.json(http.StatusOK, Mail{
		Server: s.dep.Mail.Server().Address(), Letters: append([]mail.Letter{}, s.dep.Mail.Letters()...),
	})
}

// postMailTest queues a test message; what becomes of it shows in the queue.
func (s *Server) postMailTest(c *call) error {
	var in MailTestInput
	if err := c.body(&in); err != nil {
		return err
	}
	if err := s.thrifty(c); err != nil {
		return err
	}
	if in.To == "" && c.by.Front == pageFront {
		a, err := s.me(c)
		if err != nil {
			return err
		}
		in.To = a.Email
	}
	l, err := s.dep.Mail.Test(c.r.Context(), c.by, in.To, s.dep.Desk.Site().Name)
	if err != nil {
		return err
	}
	return c.json(http.StatusAccepted, l)
}

func (s *Server) postMailRetry(c *call) error {
	l, err := s.dep.Mail.Retry(c.r.Context(), c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.json(http.StatusAccepted, l)
}

func (s *Server) deleteMail(c *call) error {
	if err := s.dep.Mail.Remove(c.r.Context(), c.by, c.r.PathValue("id")); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// Mail lists what waits to be mailed.
func (c *Client) Mail(ctx context.Context) (Mail, error) {
	return ask[Mail](ctx, c, request{method: "GET", path: "/mail"})
}

// TestMail has a test message sent; its letter's ID leads to what became of it.
func (c *Client) TestMail(ctx context.Context, to string) (mail.Letter, error) {
	return ask[mail.Letter](ctx, c, request{method: "POST", path: "/mail/test", body: MailTestInput{To: to}})
}

// RetryMail has a letter tried at once.
func (c *Client) RetryMail(ctx context.Context, id string) (mail.Letter, error) {
	return ask[mail.Letter](ctx, c, request{method: "POST", path: "/mail/" + id + "/retry"})
}

// RemoveMail takes a letter out of the queue unsent.
func (c *Client) RemoveMail(ctx context.Context, id string) error {
	return c.call(ctx, request{method: "DELETE", path: "/mail/" + id}, nil)
}
