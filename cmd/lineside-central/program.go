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

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/shell"
)

// Exit codes.
const (
	exitOK    = 0
	exitWrong = 1 // it was tried and did not work
	exitUsage = 2 // the command line makes no sense
)

// program is one run of the command line.
type program struct {
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
	// ready, where set, is called once the platform answers.
	ready func(*platform)

	settings string // file
	reach    reach
	json     bool
}

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	return (&program{in: in, out: out, err: errs, now: time.Now}).run(ctx, args)
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	p.complain(err)
	var usage *shell.UsageError
	if errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command ") {
		return exitUsage
	}
	return exitWrong
}

// root lists every verb.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "lineside-central",
		Short:         "Be the central platform of many sites, or work with it",
		Long:          "lineside-central keeps the sites, devices, people and rules of a phone platform\nand brings them to the boxes at the sites.\n\n\"lineside-central run\" is the platform. The other verbs ask the running one.",
		SilenceErrors: true, SilenceUsage: true, Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return shell.Usagef(cmd, "%v", err) })
	flags := root.PersistentFlags()
	flags.StringVar(&p.settings, "config", "", "settings file; "+defaultSettings+" where there is one")
	flags.StringVar(&p.reach.dir, "dir", "", "the platform's directory, instead of the settings'")
	flags.StringVar(&p.reach.url, "url", "", "the operators' API of a platform elsewhere, https://host:port")
	flags.StringVar(&p.reach.tokenFile, "token-file", "", "file that holds the token for it")
	flags.StringVar(&p.reach.fingerprint, "fingerprint", "", "SHA-256 of its CA, as its status says; left out for a public certificate")
	flags.BoolVar(&p.json, "json", false, "answer in JSON")
	root.AddCommand(p.runCommand(), p.statusCommand(), p.siteCommand(), p.deviceCommand(), p.userCommand(), p.otpCommand(), p.policyCommand(),
		p.allowCommand(), p.eventCommand(), p.auditCommand(), p.tokenCommand(), p.backupCommand(), p.restoreCommand(), p.nodeCommand(), p.releaseCommand(), p.openapiCommand(), p.versionCommand(),
		shell.ManCommand("8", p.out))
	return root
}

// complain prints an error, one line a fact, and what to do.
func (p *program) complain(err error) {
	var hinted interface{ Hint() string }
	var refused *operators.Error
	told := operators.Error{What: err.Error()}
	switch {
	case errors.As(err, &refused):
		told = *refused
	case errors.As(err, &hinted):
		told.Hint = hinted.Hint()
	}
	if p.json {
		_ = json.NewEncoder(p.err).Encode(told)
		return
	}
	for line := range strings.Lines(told.What) {
		_, _ = fmt.Fprintf(p.err, "lineside-central: %s\n", strings.TrimRight(line, "\n"))
	}
	for _, f := range told.Fields {
		_, _ = fmt.Fprintf(p.err, "  %s\n", shell.Printable(f))
	}
	if told.Hint != "" {
		_, _ = fmt.Fprintf(p.err, "  → %s\n", told.Hint)
	}
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Name this build", Args: shell.NoArgs, RunE: func(*cobra.Command, []string) error {
		return p.say("lineside-central %s", shell.Version())
	}}
}
