package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

// writable asks access(2) for the right to write and enter.
const writable = 2 | 1

// verdict is what "lineside check" says.
type verdict struct {
	File     string   `json:"file"`
	OK       bool     `json:"ok"`
	Problems problems `json:"problems"`
	Notes    []string `json:"notes"`
}

func (p *program) checkCommand() *cobra.Command {
	var path string
	var sample bool
	cmd := &cobra.Command{
		Use: "check", Short: "Say all that is wrong with the settings and this machine", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if sample {
				_, err := p.out.Write(sampleSettings)
				return err
			}
			v := check(cmd.Context(), path, systemNICs)
			if err := p.tellVerdict(v); err != nil {
				return err
			}
			if !v.OK {
				return &quietError{}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&path, "config", defaultSettings, "settings file")
	cmd.Flags().BoolVar(&sample, "sample", false, "print a settings file with every key and its default")
	_ = cmd.MarkFlagFilename("config", "toml")
	return cmd
}

func (p *program) tellVerdict(v verdict) error {
	if p.json {
		return shell.WriteJSON(p.out, v)
	}
	var b strings.Builder
	for _, w := range v.Problems {
		fmt.Fprintln(&b, w.Error())
	}
	for _, n := range v.Notes {
		fmt.Fprintln(&b, n)
	}
	if v.OK {
		fmt.Fprintf(&b, "%s: nothing is wrong\n", v.File)
	}
	_, err := p.out.Write([]byte(b.String()))
	return err
}

// check reads the settings and tries them on this machine, leaving nothing
// behind: ports are opened and closed, files only looked at.
func check(ctx context.Context, path string, list func() ([]nic, error)) verdict {
	v := verdict{File: path, Problems: problems{}, Notes: []string{}}
	s, err := loadSettings(path)
	if err != nil {
		v.Problems = append(v.Problems, asProblems(err)...)
		return v
	}
	if s.NoFile {
		v.Notes = append(v.Notes, "there is no such file: the box runs on the defaults and on what was set on its page, and until somebody chooses another mode with DHCP off")
	}
	nics, err := list()
	if err != nil {
		v.Problems = append(v.Problems, problem{Text: err.Error()})
		return v
	}
	where, err := findLAN(s.Listen, nics)
	if err != nil {
		v.Problems = append(v.Problems, problem{Key: "listen.interface", Text: err.Error()})
	} else {
		v.Notes = append(v.Notes, fmt.Sprintf("phones reach this box at %s %s", where.Self, where.Interface))
		v.Problems = append(v.Problems, checkDHCP(s, where)...)
		v.Problems = append(v.Problems, checkReach(s, where)...)
		v.Problems = append(v.Problems, checkClash(s, where)...)
	}
	v.Problems = append(v.Problems, checkState(s.State)...)
	v.Problems = append(v.Problems, checkPrompts(s)...)
	wrong, note := checkMail(s)
	v.Problems, v.Notes = append(v.Problems, wrong...), append(v.Notes, note)
	if s.Trust.FactoryCertificates {
		cas, wrong := s.factoryCAs(vendors.All())
		v.Problems = append(v.Problems, wrong...)
		v.Notes = append(v.Notes, s.tellCAs(cas))
	}
	if answers(s.Listen.Socket) {
		v.Notes = append(v.Notes, "lineside runs here already, so the ports were not tried")
		v.Notes = append(v.Notes, doubtNotes(ctx, s.Listen.Socket)...)
		v.Problems = append(v.Problems, checkLost(ctx, s)...)
	} else {
		v.Problems = append(v.Problems, checkDoors(ctx, s, where, s.doors())...)
	}
	if s.DHCP.Mode == dhcpopt.ModeRelay {
		v.Notes = append(v.Notes, "phones get addresses from the servers of dhcp.upstream, which were not asked; sudo lineside doctor asks each")
	}
	v.OK = len(v.Problems) == 0
	return v
}

// checkLost asks the running daemon which phones could not dial an emergency number
// of these settings as they should, for what operators wrote into their configs.
func checkLost(ctx context.Context, s settings) problems {
	c := admin.NewClient(s.Listen.Socket)
	defer c.Close()
	found, err := c.LostNumbers(ctx, s.Site.Emergency)
	if err != nil {
		return problems{{Text: fmt.Sprintf("whether phones lose an emergency number was not looked at: %v", err)}}
	}
	return lostProblems(found.Lost)
}

// lostProblems words the numbers phones could not dial.
func lostProblems(lost []provision.LostNumber) (out problems) {
	for i, l := range lost {
		if i == maxDoubts {
			return append(out, problem{Key: "site.emergency", Text: fmt.Sprintf("and %d more such parameters", len(lost)-i)})
		}
		out = append(out, problem{Key: "site.emergency", Text: shell.Printable(fmt.Sprintf("%s: %s", l.MAC, l.Text))})
	}
	return out
}

func asProblems(err error) problems {
	var many problems
	if errors.As(err, &many) {
		return many
	}
	text := err.Error()
	var h *shell.HintError
	if errors.As(err, &h) {
		text += "; " + h.Hint()
	}
	return problems{{Text: text}}
}

// checkDHCP compares pool and reservations with the LAN found.
func checkDHCP(s settings, where lan) problems {
	if !s.DHCP.serves() {
		return nil
	}
	var out problems
	for _, err := range flatten(s.dhcpConfig(where).Check()) {
		key, text, _ := strings.Cut(err.Error(), ": ")
		out = append(out, problem{File: s.Path, Key: key, Text: text})
	}
	return out
}

// dhcpConfig is what the settings say, for the LAN found.
func (s settings) dhcpConfig(where lan) dhcpopt.Config {
	return dhcpopt.Config{
		Mode: s.DHCP.Mode, Interface: where.Interface, Self: where.Self,
		Pool: s.DHCP.Pool, Reservations: s.DHCP.Reservations, Router: s.DHCP.Router,
		DNS: s.DHCP.DNS, NTP: s.DHCP.NTP, Lease: s.DHCP.Lease, Domain: s.DHCP.Domain,
		Scopes: s.DHCP.Scopes, PhonesOnly: s.DHCP.PhonesOnly, Upstream: s.DHCP.Upstream, TrustRelayInfo: s.DHCP.TrustRelayInfo,
	}
}

// checkState looks whether the state directory, or where it will be made, can
// be written by whoever runs the check.
func checkState(dir string) problems {
	at := dir
	for {
		info, err := os.Stat(at)
		if errors.Is(err, os.ErrNotExist) && at != "/" {
			at = filepath.Dir(at)
			continue
		}
		switch {
		case err != nil:
			return problems{{Key: "state", Text: err.Error()}}
		case !info.IsDir():
			return problems{{Key: "state", Text: at + " is a file: nothing could be kept; move it away or write another directory"}}
		case syscall.Access(at, writable) != nil:
			return problems{{Key: "state", Text: fmt.Sprintf("%s cannot be written by this user: nothing could be kept; run the check as the daemon's user, or correct the directory's owner", at)}}
		}
		return nil
	}
}

// checkDoors opens listeners and closes them again.
func checkDoors(ctx context.Context, s settings, where lan, doors []door) problems {
	var out problems
	for _, d := range doors {
		o, err := d.on(where.Self.Addr()).open(ctx, s.DHCP.Mode, where.Interface)
		if err == nil {
			err = o.Close()
		}
		if err != nil {
			out = append(out, problem{Key: d.key, Text: err.Error()})
		}
	}
	return out
}

// checkClash looks for doors of one another's port. The machine would refuse the
// second, but not while it is only tried.
func checkClash(s settings, where lan) (out problems) {
	doors := s.doors()
	for i, d := range doors {
		at := d.on(where.Self.Addr())
		for _, o := range doors[:i] {
			if other := o.on(where.Self.Addr()); o.network == d.network && clash(at.addr, other.addr) {
				out = append(out, problem{File: s.Path, Key: d.key, Text: fmt.Sprintf("%s and %s are both %s: one of them could not open, and the box would not start; write another port for one", o.key, d.key, d.addr)})
			}
		}
	}
	return out
}

// clash reports that two sockets of one protocol cannot both be open.
func clash(a, b string) bool {
	x, errX := netip.ParseAddrPort(a)
	y, errY := netip.ParseAddrPort(b)
	if errX != nil || errY != nil || x.Port() != y.Port() || x.Port() == 0 {
		return false
	}
	return x.Addr() == y.Addr() || x.Addr().IsUnspecified() || y.Addr().IsUnspecified()
}

// checkReach looks for doors that phones cannot reach although they open. The
// API is not for phones, and under a listen.url of its own HTTP may well stand
// elsewhere.
func checkReach(s settings, where lan) problems {
	var out problems
	self := where.Self.Addr()
	for _, d := range s.doors() {
		at, err := netip.ParseAddrPort(d.on(self).addr)
		if err != nil || at.Addr().IsUnspecified() {
			continue
		}
		text := ""
		switch elsewhere := at.Addr().Unmap() != self; {
		case d.name == "DHCP" && !self.IsLoopback():
			text = fmt.Sprintf("DHCP at %s alone hears no broadcast, and a phone without an address sends no other", at.Addr())
		case d.name == "admin", elsewhere && d.network == "tcp" && s.Listen.URL != "":
		case elsewhere:
			text = fmt.Sprintf("%s listens at %s, and phones are sent to %s", d.name, at.Addr(), self)
		}
		if text != "" {
			out = append(out, problem{File: s.Path, Key: d.key, Text: fmt.Sprintf("%s: %s; write %s = \":%d\"", text, d.lost, d.key, at.Port())})
		}
	}
	return out
}
