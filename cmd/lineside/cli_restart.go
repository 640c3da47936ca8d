package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/shell"
)

// backWithin is how long a restart may take; restartLook is how often it is looked
// whether it is over.
const (
	backWithin  = 40 * time.Second
	restartLook = 100 * time.Millisecond
)

func (p *program) restartCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restart", Short: "Have the running daemon start anew with its settings", Args: shell.NoArgs,
		Long: "Have the running daemon start anew with its settings. Requests in flight are\nanswered first; phones that are in use go on meanwhile, calls for a PIN that run\nbreak off. Settings that do not start are taken back, and \"lineside status\" says why.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			was, err := c.Status(cmd.Context())
			if err != nil {
				return err
			}
			if _, err := c.Restart(cmd.Context()); err != nil {
				return err
			}
			st, err := p.back(cmd.Context(), c, was.Started)
			if err != nil {
				return err
			}
			return p.showStatus(st, false)
		},
	}
}

// back waits for a box that started later than before.
func (p *program) back(ctx context.Context, c *admin.Client, before time.Time) (admin.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, backWithin)
	defer cancel()
	tick := time.NewTicker(restartLook)
	defer tick.Stop()
	for {
		st, err := c.Status(ctx)
		if err == nil && !st.Started.Equal(before) {
			return st, nil
		}
		select {
		case <-ctx.Done():
			return admin.Status{}, shell.Hint(errors.Join(fmt.Errorf("the box did not come back within %s", backWithin), err), "see what it says: journalctl -u lineside")
		case <-tick.C:
		}
	}
}
