package main

import (
	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
)

func (p *program) runCommand() *cobra.Command {
	var path string
	var d demo
	var on bool
	cmd := &cobra.Command{
		Use: "run", Short: "Be the daemon, until told to stop", Args: shell.NoArgs,
		Long: "Be the daemon, until told to stop by SIGTERM or an interrupt; a second one kills.\n\nWith --demo it needs no root and no phones: it plays a small site on loopback,\nwith simulated phones over real sockets, and then stays up to be looked at.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if on {
				return d.run(cmd.Context(), p)
			}
			if d.state != "" || d.quick || d.central != "" {
				return shell.Usagef(cmd, "--state, --quick and --central belong to --demo")
			}
			return p.serve(cmd.Context(), path)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&path, "config", defaultSettings, "settings file")
	fl.BoolVar(&on, "demo", false, "play a small site on loopback, without root")
	fl.StringVar(&d.state, "state", "", "with --demo: directory to keep the state in, instead of a new one")
	fl.BoolVar(&d.quick, "quick", false, "with --demo: no pauses for reading")
	fl.StringVar(&d.central, "central", "", "with --demo: the lineside-central to run beside the box, and to join")
	_ = cmd.MarkFlagFilename("config", "toml")
	_ = cmd.MarkFlagDirname("state")
	cmd.MarkFlagsMutuallyExclusive("config", "demo")
	return cmd
}
