package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

// maxInput bounds what the command line reads from a file or pipe; the
// daemon's own bound for an import is the same.
const maxInput = 8 << 20

// client finds the running daemon. Trying the socket first turns the system's
// errors into the operator's next step.
func (p *program) client() (*admin.Client, error) {
	conn, err := net.DialTimeout("unix", p.socket, 5*time.Second)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, shell.Hint(fmt.Errorf("lineside is not running here (no socket at %s)", p.socket),
			"start it with: systemctl start lineside; or name another with --socket")
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, shell.Hint(fmt.Errorf("lineside is not running here (nobody answers at %s)", p.socket),
			"start it with: systemctl start lineside; or see why it ended: journalctl -u lineside")
	case errors.Is(err, fs.ErrPermission):
		return nil, shell.Hint(fmt.Errorf("this user may not open %s", p.socket),
			"use sudo, or join the daemon's group")
	case err != nil:
		return nil, shell.Hint(fmt.Errorf("reach lineside at %s: %w", p.socket, err), "see whether it runs: systemctl status lineside")
	}
	_ = conn.Close()
	c := admin.NewClient(p.socket)
	p.opened = append(p.opened, c)
	return c, nil
}

// zone is the site's time zone, in which moments are shown; a box that does
// not say leaves UTC.
func zone(ctx context.Context, c *admin.Client) *time.Location {
	st, err := c.Status(ctx)
	if err != nil {
		return time.UTC
	}
	return zoneOf(st)
}

func zoneOf(st admin.Status) *time.Location {
	for _, s := range st.Settings {
		if s.Key == "site.timezone" {
			if z, err := time.LoadLocation(s.Value); err == nil {
				return z
			}
		}
	}
	return time.UTC
}

// say prints one line for people.
func (p *program) say(format string, args ...any) error {
	_, err := fmt.Fprintf(p.out, format+"\n", args...)
	return err
}

// next prints what the operator does next, where there is anything.
func (p *program) next(text string) error {
	if text == "" {
		return nil
	}
	return p.say("  → %s", text)
}

// macArgs reads one or more MACs before anything is done to the first.
func macArgs(cmd *cobra.Command, args []string) ([]phone.MAC, error) {
	if len(args) == 0 {
		return nil, shell.Usagef(cmd, "MAC is missing: write the twelve hex digits on the phone's label")
	}
	macs := make([]phone.MAC, len(args))
	for i, a := range args {
		mac, err := phone.ParseMAC(a)
		if err != nil {
			return nil, shell.Usagef(cmd, "%v", err)
		}
		macs[i] = mac
	}
	return macs, nil
}

// readAll reads a file, or standard input for "-", bounded.
func (p *program) readAll(path string) ([]byte, error) {
	in := p.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(text) > maxInput {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxInput)
	}
	return text, nil
}

// readSecrets reads one secret a line.
func (p *program) readSecrets(path string) ([]string, error) {
	text, err := p.readAll(path)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), "\n")
	if len(lines) == 1 && lines[0] == "" {
		return nil, fmt.Errorf("%s is empty: write one password a line", path)
	}
	return lines, nil
}

// completeMACs offers the daemon's devices, with their labels.
func (p *program) completeMACs(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	c, err := p.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	page, err := c.Devices(cmd.Context(), admin.Query{Limit: 1000})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	out := make([]string, 0, len(page.Devices))
	for _, d := range page.Devices {
		out = append(out, cobra.CompletionWithDesc(d.MAC.String(), shell.Printable(strings.TrimSpace(string(d.Vendor)+" "+d.Model+" "+d.Label))))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeVendors offers the vendors of this build.
func completeVendors(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return vendors.All().Names(), cobra.ShellCompDirectiveNoFileComp
}

// completeBrands offers their brands.
func completeBrands(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, b := range vendors.All().Brands() {
		names = append(names, string(b))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
