package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/shell"
)

// deviceBulkCommand does one thing to the devices a search finds, as the page does.
func (p *program) deviceBulkCommand() *cobra.Command {
	var in admin.BulkInput
	var search admin.Search
	var sure bool
	cmd := &cobra.Command{
		Use: "bulk ACTION [MAC...]", Short: "Do one thing to many devices",
		Long: "Do one thing to the devices named, or to all that --search, --state, --vendor, --model, --owner and\n" +
			"--fact find: suspend, reset, block, unblock, allow-otp, resync, remove, demand, undemand, approve,\n" +
			"reject or revoke. What would become of each is told first; nothing is done before you say so, or --yes.",
		Example: "  lineside device bulk resync --vendor yealink\n  lineside device bulk reset --state blocked --dry-run",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return shell.Usagef(cmd, "name what to do, such as resync")
			}
			narrowed := search.Text+search.State+search.Vendor+search.Model+search.Owner != "" || len(search.Facts) > 0
			if narrowed == (len(args) > 1) {
				return shell.Usagef(cmd, "name either devices or what finds them, such as --state blocked")
			}
			in.Action, in.Search = args[0], nil
			if narrowed {
				in.Search = &search
			} else {
				macs, err := macArgs(cmd, args[1:])
				if err != nil {
					return err
				}
				in.MACs = macs
			}
			return p.bulk(cmd, in, sure)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&search.Text, "search", "", "found by MAC, extension, name or label")
	fl.StringVar(&search.State, "state", "", "only needed, failed, blocked, successful, enrolling or suspended ones")
	fl.StringVar(&search.Vendor, "vendor", "", "only one vendor's")
	fl.StringVar(&search.Model, "model", "", "only one model")
	fl.StringVar(&search.Owner, "owner", "", "only one user's, by ID")
	fl.StringSliceVar(&search.Facts, "fact", nil, "only those of which something is true, such as unseen or ticket")
	fl.StringVar(&in.Reason, "reason", "", "of reject: why")
	fl.BoolVar(&in.Clear, "clear", false, "of allow-otp: make the old user name and password void at once")
	fl.BoolVar(&in.DryRun, "dry-run", false, "only tell what would become of each")
	fl.BoolVar(&sure, "yes", false, "do not ask")
	return cmd
}

// bulk looks first. What is done then is done to as many as were found.
func (p *program) bulk(cmd *cobra.Command, in admin.BulkInput, sure bool) error {
	only := in.DryRun
	c, err := p.client()
	if err != nil {
		return err
	}
	in.DryRun = true
	would, err := c.Bulk(cmd.Context(), in)
	if err != nil || only || would.Done == 0 {
		return errors.Join(err, p.showBulk(would))
	}
	if !sure {
		if p.json || !p.atTerminal() {
			return shell.Usagef(cmd, "this would be done to %s; say so with --yes", count(would.Done, "device", "devices"))
		}
		if err := p.showBulk(would); err != nil {
			return err
		}
		if yes, err := p.ask(fmt.Sprintf("%s: %s?", in.Action, count(would.Done, "device", "devices"))); err != nil || !yes {
			return err
		}
	}
	in.DryRun = false
	if in.Search != nil {
		in.Expect = len(would.Rows)
	}
	done, err := c.Bulk(cmd.Context(), in)
	if err != nil {
		return err
	}
	return p.showBulk(done)
}

// showBulk tells what became of each, or would; one that could not be done ends in
// exit code 1.
func (p *program) showBulk(done admin.BulkDone) error {
	if done.Action == "" {
		return nil // it was refused as a whole
	}
	if p.json {
		if err := shell.WriteJSON(p.out, done); err != nil {
			return err
		}
	} else if err := p.showBulkRows(done); err != nil {
		return err
	}
	if done.Failed > 0 {
		return &quietError{}
	}
	return nil
}

func (p *program) showBulkRows(done admin.BulkDone) error {
	t := shell.NewTable("MAC", "LABEL", "STATE", "")
	for _, r := range done.Rows {
		t.Add(r.MAC.String(), r.Label, r.State, strings.TrimSpace(r.Error))
	}
	var b strings.Builder
	t.Print(&b)
	verb := "done to"
	if done.DryRun {
		verb = "would be done to"
	}
	return p.say("%s%s %s %s; not to %d", b.String(), done.Action, verb, count(done.Done, "device", "devices"), done.Failed)
}
