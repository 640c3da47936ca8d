package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
)

// diagnosis is what "lineside doctor" says.
type diagnosis struct {
	OK       bool      `json:"ok"`
	Findings []finding `json:"findings"`
}

func (p *program) doctorCommand() *cobra.Command {
	var path, bundle string
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look at this machine and its LAN, and say what phones would notice", Args: shell.NoArgs,
		Long: "Look at this machine and its LAN, and say what phones would notice. It may run\nbeside the daemon. It asks the LAN at most twice, as one client and at each run\nthe same, for an address that it never takes, in relay mode each server behind it\ntoo, once by SIP PnP, and once whether somebody else has this box's address; for\nthat it has to be root. The exit code is 1 where something is bad.\n\n" +
			"With --bundle all of that goes into a file for who is to help as well, with status,\nhealth, settings, metrics, the end of the audit log and of the journal, where the\nprogram's goroutines are, and versions: no password, PIN, key or config, but names,\naddresses and hardware addresses of the site.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := loadSettings(path)
			if err != nil {
				return err
			}
			g := diagnosis{OK: true, Findings: newDoctor(cmd.Context(), s).look(cmd.Context())}
			for _, f := range g.Findings {
				g.OK = g.OK && f.Result != gradeBad
			}
			if err := p.tellDiagnosis(g); err != nil {
				return err
			}
			if bundle != "" {
				if err := p.writeBundle(cmd.Context(), bundle, g, s); err != nil {
					return err
				}
			}
			if !g.OK {
				return &quietError{}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&path, "config", defaultSettings, "settings file")
	_ = cmd.MarkFlagFilename("config", "toml")
	cmd.Flags().StringVar(&bundle, "bundle", "", "write a support bundle (tar.gz) into this file as well")
	_ = cmd.MarkFlagFilename("bundle", "gz", "tgz")
	return cmd
}

// tellDiagnosis prints one line for what is well, and up to three for the rest.
func (p *program) tellDiagnosis(g diagnosis) error {
	if p.json {
		return shell.WriteJSON(p.out, g)
	}
	var b strings.Builder
	for _, f := range g.Findings {
		fmt.Fprintf(&b, "%-7s  %-13s  %s\n", f.Result, f.Check, shell.Printable(f.Found))
		if f.Notice != "" {
			fmt.Fprintf(&b, "%26s%s\n", "", shell.Printable(f.Notice))
		}
		if f.Do != "" {
			fmt.Fprintf(&b, "%24s→ %s\n", "", shell.Printable(f.Do))
		}
	}
	_, err := p.out.Write([]byte(b.String()))
	return err
}
