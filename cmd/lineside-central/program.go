package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/operators"
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
	var usage *usageError
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
		SilenceErrors: true, SilenceUsage: true, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usagef(cmd, "%v", err) })
	flags := root.PersistentFlags()
	flags.StringVar(&p.settings, "config", "", "settings file; "+defaultSettings+" where there is one")
	flags.StringVar(&p.reach.dir, "dir", "", "the platform's directory, instead of the settings'")
	flags.StringVar(&p.reach.url, "url", "", "the operators' API of a platform elsewhere, https://host:port")
	flags.StringVar(&p.reach.tokenFile, "token-file", "", "file that holds the token for it")
	flags.StringVar(&p.reach.fingerprint, "fingerprint", "", "SHA-256 of its CA, as its status says; left out for a public certificate")
	flags.BoolVar(&p.json, "json", false, "answer in JSON")
	root.AddCommand(p.runCommand(), p.statusCommand(), p.siteCommand(), p.deviceCommand(), p.userCommand(), p.otpCommand(), p.policyCommand(),
		p.allowCommand(), p.eventCommand(), p.auditCommand(), p.tokenCommand(), p.backupCommand(), p.restoreCommand(), p.nodeCommand(), p.openapiCommand(), p.versionCommand())
	return root
}

// usageError is a command line that makes no sense.
type usageError struct{ text, verb string }

// Error says what is wrong with it.
func (e *usageError) Error() string { return e.text }

// Hint says where the verb is explained.
func (e *usageError) Hint() string { return e.verb + " --help shows how it is written" }

func usagef(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{text: fmt.Sprintf(format, args...), verb: cmd.CommandPath()}
}

// hintError is an error and, apart from it, what to type next.
type hintError struct {
	err  error
	next string
}

func hint(err error, format string, args ...any) error {
	return &hintError{err: err, next: fmt.Sprintf(format, args...)}
}

// Error is the error without the hint.
func (e *hintError) Error() string { return e.err.Error() }

// Unwrap gives the error itself.
func (e *hintError) Unwrap() error { return e.err }

// Hint is what to type next.
func (e *hintError) Hint() string { return e.next }

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
		_, _ = fmt.Fprintf(p.err, "  %s\n", printable(f))
	}
	if told.Hint != "" {
		_, _ = fmt.Fprintf(p.err, "  → %s\n", told.Hint)
	}
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(cmd, "%s has no verb or word %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// named wants exactly these words.
func named(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef(cmd, "%s is missing", names[len(args)])
		case len(args) > len(names):
			return usagef(cmd, "%q is one word too many", args[len(names)])
		}
		return nil
	}
}

// group is a verb that only holds verbs.
func group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		return usagef(cmd, "%s needs to know what to do: %s", cmd.CommandPath(), strings.Join(names, ", "))
	}}
	cmd.AddCommand(verbs...)
	return cmd
}

// version names this build.
func version() string {
	if facts, ok := debug.ReadBuildInfo(); ok && facts.Main.Version != "" && facts.Main.Version != "(devel)" {
		return facts.Main.Version
	}
	return "development"
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Name this build", Args: noArgs, RunE: func(*cobra.Command, []string) error {
		return p.say("lineside-central %s", version())
	}}
}
