package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/portal"
)

// ask makes one call to the platform and gives its answer.
func ask[T any](ctx context.Context, p *program, method, path string, query url.Values, body any) (out T, err error) {
	c, err := p.client()
	if err != nil {
		return out, err
	}
	defer c.Close()
	return out, unreached(c.Do(ctx, method, path, query, body, &out))
}

// tell makes a call that has no answer but that it is done.
func (p *program) tell(ctx context.Context, method, path string, query url.Values, body any) error {
	c, err := p.client()
	if err != nil {
		return err
	}
	defer c.Close()
	return unreached(c.Do(ctx, method, path, query, body, nil))
}

// unreached says what to do where the platform itself gave no answer.
func unreached(err error) error {
	var refused *operators.Error
	if err == nil || errors.As(err, &refused) {
		return err
	}
	return shell.Hint(err, "see whether it runs: systemctl status lineside-central; one elsewhere is named with --url, --token-file and --fingerprint")
}

// plain is a verb that names things and has the platform do something to them.
// path has one %s for each name; done says that it is.
func (p *program) plain(use, short, method, path, done string) *cobra.Command {
	names := strings.Fields(use)[1:]
	return &cobra.Command{Use: use, Short: short, Args: shell.ExactArgs(names...), RunE: func(cmd *cobra.Command, args []string) error {
		if err := p.tell(cmd.Context(), method, fill(path, args), nil, nil); err != nil {
			return err
		}
		return p.show(map[string]string{"done": done}, func() error { return p.say("%s: %s", shell.Printable(strings.Join(args, " ")), done) })
	}}
}

// fill puts names into a path.
func fill(path string, args []string) string {
	escaped := make([]any, len(args))
	for i, a := range args {
		escaped[i] = url.PathEscape(a)
	}
	return fmt.Sprintf(path, escaped...)
}

// values makes a query of names and values; empty ones are left out.
func values(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

func (p *program) statusCommand() *cobra.Command {
	return &cobra.Command{Use: "status", Short: "Say how the platform is", Args: shell.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		s, err := ask[portal.Status](cmd.Context(), p, "GET", "/status", nil, nil)
		if err != nil {
			return err
		}
		return p.show(s, func() error {
			rows := [][]string{{"version", s.Version}, {"boxes join at", s.URL}, {"CA, SHA-256", s.Fingerprint}, {"started", moment(s.Started)},
				{"began, or put back", moment(s.Epoch)}, {"devices", fmt.Sprint(s.Devices)}, {"room on the disk", fmt.Sprintf("%d MB", s.Room>>20)}}
			for _, state := range []string{"joined", "silent", "invited", "revoked", "removing"} {
				rows = append(rows, []string{"sites " + state, fmt.Sprint(s.Sites[state])})
			}
			if s.Deaf {
				rows = append(rows, []string{"the stream", "cannot be read: nothing can be changed, and soon no box is let in"})
			}
			return errors.Join(p.table([]string{"WHAT", "NOW"}, rows), p.conditions(s.Conditions))
		})
	}}
}

// conditions shows what is not as it should be, as the box's status does.
func (p *program) conditions(all []health.Condition) (err error) {
	for _, c := range all {
		err = errors.Join(err, p.say("\n! %s (since %s)", c.Title, moment(c.Since)), p.say("  %s", shell.Printable(c.Detail)), p.say("  %s", c.Meaning), p.say("  → %s", c.Do))
	}
	return err
}

func (p *program) openapiCommand() *cobra.Command {
	return &cobra.Command{Use: "openapi", Short: "Print the description of the operators' API", Args: shell.NoArgs, RunE: func(*cobra.Command, []string) error {
		b, err := portal.Document(shell.Version())
		if err != nil {
			return err
		}
		_, err = p.out.Write(append(b, '\n'))
		return err
	}}
}
