package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/shell"
)

// Exit codes.
const (
	exitOK    = 0
	exitWrong = 1 // it was tried and did not work, or something is not as it should be
	exitUsage = 2 // the command line makes no sense
)

// program is one run of the command line: what it reads and writes, and the
// flags every verb has.
type program struct {
	in       io.Reader
	out, err io.Writer
	socket   string
	slots    string // the folder of updated programs
	json     bool
	now      func() time.Time
	opened   []*admin.Client // to be closed at the end
	handed   *inheritance    // sockets that systemd has for the daemon
	also     []task          // further tasks of the daemon; tests have some
}

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	return (&program{in: in, out: out, err: errs, now: time.Now}).run(ctx, args)
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	for _, c := range p.opened {
		c.Close()
	}
	if err == nil {
		return exitOK
	}
	var quiet *quietError
	if !errors.As(err, &quiet) {
		p.complain(err)
	}
	var usage *shell.UsageError
	if errors.As(err, &usage) || unknownCommand(err) {
		return exitUsage
	}
	return exitWrong
}

// socketOf takes the daemon's socket from its settings file, where one is named and
// no socket is.
func (p *program) socketOf(cmd *cobra.Command, config string) error {
	if config == "" || cmd.Flags().Changed("socket") {
		return nil
	}
	s, err := loadSettings(config)
	if err != nil {
		return shell.Hint(fmt.Errorf("find the daemon's socket: %w", err), "name it with --socket; or see what is wrong with the settings: lineside check --config %s", config)
	}
	p.socket = s.Listen.Socket
	return nil
}

// root lists every verb.
func (p *program) root() *cobra.Command {
	var config string
	root := &cobra.Command{
		Use:           "lineside",
		Short:         "Bring the desk phones of a branch to life",
		Long:          "Lineside leads desk phones here by DHCP, gives them their configs by TFTP, HTTP\nand HTTPS, and only after they have shown a one-time password or a PIN.\n\n\"lineside run\" is the daemon. Most other verbs ask the running\ndaemon.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          shell.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return shell.Usagef(cmd, "%v", err)
	})
	// cobra looks at this itself, but its error has no type: ask first.
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := cmd.ValidateFlagGroups(); err != nil {
			return shell.Usagef(cmd, "%v", err)
		}
		p.handOver(cmd)
		return p.socketOf(cmd, config)
	}
	flags := root.PersistentFlags()
	flags.StringVar(&p.socket, "socket", defaultSocket, "unix socket of the running daemon")
	flags.StringVar(&config, "config", "", "settings file of the daemon, which names its socket")
	_ = root.MarkPersistentFlagFilename("config", "toml")
	flags.BoolVar(&p.json, "json", false, "answer in JSON")
	flags.StringVar(&p.slots, "slots", defaultSlots, "folder of updated programs")
	_ = flags.MarkHidden("slots")
	_ = root.MarkPersistentFlagFilename("socket")
	root.AddCommand(
		p.runCommand(), p.restartCommand(), p.checkCommand(), p.statusCommand(), p.settingsCommand(), p.versionCommand(), shell.ManCommand("8", p.out),
		p.deviceCommand(), p.userCommand(), p.fileCommand(), p.templateCommand(), p.pinCommand(), p.otpCommand(), p.visitorsCommand(), p.allowCommand(),
		p.dhcpCommand(), p.leasesCommand(), p.policyCommand(), p.emergencyCommand(), p.auditCommand(), p.watchCommand(),
		p.backupCommand(), p.restoreCommand(), p.updateCommand(), p.mailCommand(), p.tokenCommand(), p.accountCommand(), p.keyCommand(), p.vendorsCommand(), p.doctorCommand(),
		p.joinCommand(), p.leaveCommand(),
	)
	return root
}

// quietError is a failure already told on the output.
type quietError struct{}

// Error is never shown.
func (*quietError) Error() string { return "already told" }

// complain prints an error, one line a fact, and what to do.
func (p *program) complain(err error) {
	var next string
	var fields []string
	var hinted interface{ Hint() string }
	var refused *admin.Error
	switch {
	case errors.As(err, &refused):
		next, fields = refused.Hint, refused.Fields
	case errors.As(err, &hinted):
		next = hinted.Hint()
	}
	if p.json {
		_ = json.NewEncoder(p.err).Encode(complaint{Error: err.Error(), Fields: fields, Hint: next})
		return
	}
	for line := range strings.Lines(err.Error()) {
		_, _ = fmt.Fprintf(p.err, "lineside: %s\n", strings.TrimRight(line, "\n"))
	}
	for _, f := range fields {
		_, _ = fmt.Fprintf(p.err, "  %s\n", shell.Printable(f))
	}
	if next != "" {
		_, _ = fmt.Fprintf(p.err, "  → %s\n", next)
	}
}

// complaint is an error under --json.
type complaint struct {
	Error  string   `json:"error"`
	Fields []string `json:"fields,omitempty"`
	Hint   string   `json:"hint,omitempty"`
}

// unknownCommand recognises cobra's one usage error that has no type.
func unknownCommand(err error) bool { return strings.HasPrefix(err.Error(), "unknown command ") }
