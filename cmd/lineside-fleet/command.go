package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

// tellUpTo is how many phones still have their account printed when nothing is
// said about it.
const tellUpTo = 10

func rootCommand(out io.Writer) *cobra.Command {
	var f flags
	root := &cobra.Command{
		Use:   "lineside-fleet",
		Short: "Play desk phones against a provisioning box",
		Long: `Plays desk phones against a provisioning box: an address by DHCP, every file,
the login a person would type, and once more with the login they were given.

No root is needed. The phones are their own DHCP relay agents, so the box must
take relayed messages from this host, or from --relay.`,
		Example: `  lineside-fleet --dhcp 127.20.0.1:8067 --otp welcome:Start-1234
  lineside-fleet --url http://10.20.0.1/cfg/ --vendor snom --model D785
  lineside-fleet csv --phones 300 > fleet.csv && lineside device import fleet.csv
  lineside-fleet --dhcp 10.20.0.1:67 --phones 300 --otp @otp.txt --spread 20s --json`,
		Args: cobra.NoArgs, SilenceErrors: true, SilenceUsage: true, Version: shell.Version(),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.play(cmd.Context(), out) },
	}
	f.fleet(root.Flags())
	f.run(root.Flags())
	csv := &cobra.Command{
		Use:   "csv",
		Short: "Print the phones of the same flags as a file for lineside device import",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			plan, err := f.plan()
			if err != nil {
				return err
			}
			return writeCSV(out, plan, vendors.All())
		},
	}
	f.fleet(csv.Flags())
	root.AddCommand(csv, dhcpCommand(out), shell.ManCommand("1", out))
	return root
}

// play runs the plan and prints the report.
func (f *flags) play(ctx context.Context, out io.Writer) error {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	if !plan.Base.DHCP.IsValid() && plan.Base.URL == "" {
		return errors.New("nothing to ask: name a DHCP server with --dhcp HOST:PORT, or a provisioning URL with --url")
	}
	report, err := fleet.Run(ctx, plan, vendors.All(), f.logins.person(), f.teller(out))
	if err != nil && report.Phones == 0 {
		return err
	}
	if printed := f.print(out, report); printed != nil {
		return fmt.Errorf("print the report: %w", printed)
	}
	if err != nil {
		return err
	}
	good := report.Provisioned
	if f.expect == fleet.Waiting {
		good = report.Waiting
	}
	if report.Failed > 0 || good != report.Phones {
		return errFailed
	}
	return nil
}

// print writes the report as text or JSON.
func (f *flags) print(out io.Writer, r fleet.Report) error {
	if !f.json {
		return r.Write(out)
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// teller prints the running account, or nothing. With --json each event is an
// object of its own before the report's.
func (f *flags) teller(out io.Writer) func(fleet.Event) {
	tell := f.phones <= tellUpTo && !f.json
	if f.account != nil {
		tell = *f.account
	}
	if !tell {
		return nil
	}
	var mu sync.Mutex
	return func(e fleet.Event) {
		mu.Lock()
		defer mu.Unlock()
		if f.json {
			_ = json.NewEncoder(out).Encode(e)
			return
		}
		fmt.Fprintf(out, "%s  %-8s %-7s %s  %s\n", e.At.Format("15:04:05.000"), e.Vendor, e.Model, e.MAC, e.Text)
	}
}
