package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/shell"
)

func (p *program) mailCommand() *cobra.Command {
	return shell.Group("mail", "Look after mail that waits to be sent, and try the mail server",
		p.mailListCommand(), p.mailRetryCommand(), p.mailRemoveCommand(), p.mailTestCommand())
}

func (p *program) mailListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List what waits to be mailed; what was delivered is not in it", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			m, err := c.Mail(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, m)
			}
			if len(m.Letters) == 0 {
				return p.say("%s", emptyMail(m))
			}
			z := zone(cmd.Context(), c)
			t := shell.NewTable("ID", "WHAT", "TO", "SINCE", "TRIES", "NEXT", "LAST ERROR")
			for _, l := range m.Letters {
				t.Add(l.ID, l.Kind, l.To, clock(l.Since, p.now(), z), fmt.Sprint(l.Tries), p.nextTry(l, z), l.LastError)
			}
			t.Print(p.out)
			return nil
		},
	}
}

// emptyMail says of an empty queue whether there could be anything in it.
func emptyMail(m admin.Mail) string {
	if m.Server == "" {
		return "no mail server is set, so nothing is mailed; name one as mail.smtp in the settings"
	}
	return "nothing waits; mail goes to " + m.Server
}

// nextTry is when a letter is tried next.
func (p *program) nextTry(l mail.Letter, z *time.Location) string {
	if l.Refused {
		return "refused"
	}
	return clock(l.Next, p.now(), z)
}

func (p *program) mailRetryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "retry ID", Short: "Try a letter at once, one that was refused too", Args: shell.ExactArgs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			l, err := c.RetryMail(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return p.followLetter(cmd.Context(), c, l)
		},
	}
}

func (p *program) mailRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Take a letter out of the queue unsent", Args: shell.ExactArgs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			if err := c.RemoveMail(cmd.Context(), args[0]); err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, map[string]string{"removed": args[0]})
			}
			return p.say("%s: it is not sent", shell.Printable(args[0]))
		},
	}
}

func (p *program) mailTestCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test ADDRESS", Short: "Send a test message and say what becomes of it", Args: shell.ExactArgs("ADDRESS"),
		Example: "  lineside mail test anna@example.net",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			l, err := c.TestMail(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return p.followLetter(cmd.Context(), c, l)
		},
	}
}

// followTime is for how long the command line waits for a letter to be tried.
const followTime = 30 * time.Second

// followLetter looks at the queue until a letter has gone, or was tried in vain.
func (p *program) followLetter(ctx context.Context, c *admin.Client, sent mail.Letter) error {
	ctx, cancel := context.WithTimeout(ctx, followTime)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		m, err := c.Mail(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		now, waits := letterOf(m, sent.ID)
		switch {
		case err == nil && !waits:
			return p.tellLetter(mailOutcome{ID: sent.ID, To: sent.To, Taken: true}, "")
		case waits && now.Tries > sent.Tries:
			return p.tellLetter(mailOutcome{ID: sent.ID, To: sent.To, LastError: now.LastError, Next: now.Next}, p.nextTry(now, zone(ctx, c)))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return p.tellLetter(mailOutcome{ID: sent.ID, To: sent.To, LastError: "the mail server has not answered yet"}, "")
		}
	}
}

func letterOf(m admin.Mail, id string) (mail.Letter, bool) {
	for _, l := range m.Letters {
		if l.ID == id {
			return l, true
		}
	}
	return mail.Letter{}, false
}

// mailOutcome is what became of a letter.
type mailOutcome struct {
	ID        string    `json:"id"`
	To        string    `json:"to"`
	Taken     bool      `json:"taken"` // by the mail server
	LastError string    `json:"last_error,omitempty"`
	Next      time.Time `json:"next,omitzero"`
}

// tellLetter says what became of a letter. One that did not get through is no
// success, although it goes on being tried.
func (p *program) tellLetter(o mailOutcome, next string) error {
	switch {
	case p.json:
		if err := shell.WriteJSON(p.out, o); err != nil {
			return err
		}
	case o.Taken:
		return p.say("%s: the mail server took it; whether it arrives, the mailbox says", shell.Printable(o.To))
	default:
		if err := p.say("%s: not sent: %s", shell.Printable(o.To), shell.Printable(o.LastError)); err != nil {
			return err
		}
		follow := "it is tried again (" + cmp.Or(next, "soon") + "); see what is wrong with: sudo lineside doctor; the queue: lineside mail list"
		if next == "refused" {
			follow = "it is not tried again by itself: lineside mail retry " + o.ID + ", or lineside mail remove " + o.ID
		}
		if err := p.next(follow); err != nil {
			return err
		}
	}
	if o.Taken {
		return nil
	}
	return &quietError{}
}
