package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/fleet"
)

// loadFlags is the command line of the dhcp verb as written.
type loadFlags struct {
	load          fleet.Load
	server, relay string
	json          bool
}

// dhcpCommand plays DHCP clients only, as many and as fast as told.
func dhcpCommand(out io.Writer) *cobra.Command {
	var f loadFlags
	c := &cobra.Command{
		Use:   "dhcp",
		Short: "Load a DHCP server: many clients, DISCOVER to ACK, then renewals",
		Long: `Plays DHCP clients through a relay agent of its own, as many and as fast as
told. A client speaks once: what is not answered counts as lost. The addresses
are taken from the server's pool for good, so load no server that people need.`,
		Example: `  lineside-fleet dhcp --server 10.20.0.1:67 --relay 10.20.0.2:67 --clients 10000
  lineside-fleet dhcp --server 10.20.0.1:67 --relay 10.20.0.2:67 --clients 5000 --rate 500 --renew 5s --pid 4711`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.play(cmd.Context(), out) },
	}
	s := c.Flags()
	s.StringVar(&f.server, "server", "", "DHCP server, HOST:PORT")
	s.StringVar(&f.relay, "relay", "", "this host's address in the server's network and the port answers come to: 67, or another where the server knows RFC 8357")
	s.IntVar(&f.load.Clients, "clients", 1000, "how many clients")
	s.IntVar(&f.load.First, "number", 0, "number of the first client; the others count on")
	s.Float64Var(&f.load.Rate, "rate", 0, "clients a second (default as fast as the server answers)")
	s.IntVar(&f.load.Window, "window", 0, "without a rate, how many wait at the same time (default 256)")
	s.DurationVar(&f.load.Patience, "patience", 0, "how long a client waits for its lease (default 4s)")
	s.DurationVar(&f.load.Renew, "renew", 0, "how long after the last lease every client renews once (default never)")
	s.DurationVar(&f.load.For, "for", 0, "how long clients start (default until all have)")
	s.IntVar(&f.load.PID, "pid", 0, "the server's process on this machine, to report its processor time and memory")
	s.BoolVar(&f.json, "json", false, "report as JSON")
	return c
}

func (f *loadFlags) play(ctx context.Context, out io.Writer) error {
	var errs []error
	for _, v := range []struct {
		flag, text string
		to         *netip.AddrPort
	}{{"server", f.server, &f.load.Server}, {"relay", f.relay, &f.load.Relay}} {
		a, err := netip.ParseAddrPort(v.text)
		if err != nil || !a.Addr().Is4() {
			errs = append(errs, fmt.Errorf("--%s %.40q: write an IPv4 address and port, such as 10.20.0.1:67", v.flag, v.text))
		}
		*v.to = a
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	report, err := f.load.Run(ctx)
	if err != nil {
		return err
	}
	if err := f.print(out, report); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	if report.Leases.Dropped() > 0 || report.Renewals != nil && report.Renewals.Dropped() > 0 {
		return errFailed
	}
	return nil
}

func (f *loadFlags) print(out io.Writer, r fleet.LoadReport) error {
	if f.json {
		return json.NewEncoder(out).Encode(r)
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	printPhase(t, "leases", r.Leases)
	if r.Renewals != nil {
		printPhase(t, "renewals", *r.Renewals)
	}
	return t.Flush()
}

func printPhase(t io.Writer, name string, p fleet.LoadPhase) {
	fmt.Fprintf(t, "%s\t%d of %d in %s, %.0f/s; %d refused, %d lost\n", name, p.Done, p.Clients, p.Took.Round(time.Millisecond), p.PerSecond(), p.Refused, p.Lost)
	const unit = 10 * time.Microsecond
	fmt.Fprintf(t, "  wait\tp50 %s, p99 %s, longest %s\n", p.Wait.P50.Round(unit), p.Wait.P99.Round(unit), p.Wait.Max.Round(unit))
	if p.CPU > 0 {
		fmt.Fprintf(t, "  server\t%s of processor time, %.0f per CPU second, %d MiB\n", p.CPU, p.PerCPUSecond(), p.Resident>>20)
	}
}
