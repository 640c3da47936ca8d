package shell

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ManCommand is the verb that writes the program's manual pages, of a section
// of the manual: 8 for daemons, 1 for what anybody may run.
func ManCommand(section string, out io.Writer) *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages into a directory", Args: ExactArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("make the directory for manual pages: %w", err)
			}
			// cobra adds these two only when it runs them.
			cmd.Root().InitDefaultCompletionCmd()
			if err := writePages(cmd.Root(), section, args[0]); err != nil {
				return fmt.Errorf("write manual pages: %w", err)
			}
			_, err := fmt.Fprintf(out, "manual pages are in %s; read one with: man -l %s/%s.%s\n", args[0], args[0], cmd.Root().Name(), section)
			return err
		},
	}
}

// writePages writes the page of a verb and those of the verbs below it, each in
// a file of its own, as man(1) looks for them: lineside-device-add.8.
func writePages(cmd *cobra.Command, section, dir string) error {
	var page bytes.Buffer
	ManPage(&page, cmd, section)
	if err := os.WriteFile(filepath.Join(dir, pageName(cmd)+"."+section), page.Bytes(), 0o644); err != nil {
		return err
	}
	for _, below := range documented(cmd) {
		if err := writePages(below, section, dir); err != nil {
			return err
		}
	}
	return nil
}

// ManPage writes the manual page of one verb, in the macros of man(7). cobra has
// such a writer too, by way of Markdown; with its parser it was two in a hundred
// of the box's program.
func ManPage(b *bytes.Buffer, cmd *cobra.Command, section string) {
	name := pageName(cmd)
	fmt.Fprintf(b, ".TH %s %s \"\" \"Lineside\" \"Lineside\"\n", roff(strings.ToUpper(name)), section)
	fmt.Fprint(b, ".ad l\n.nh\n") // commands are neither parted nor stretched
	fmt.Fprintf(b, ".SH NAME\n%s \\- %s\n", roff(name), roff(cmd.Short))
	synopsis(b, cmd)
	fmt.Fprintf(b, ".SH DESCRIPTION\n%s", paragraphs(cmp.Or(cmd.Long, cmd.Short)))
	options(b, "OPTIONS", cmd.NonInheritedFlags())
	options(b, "OPTIONS OF EVERY VERB", cmd.InheritedFlags())
	if cmd.Example != "" {
		fmt.Fprintf(b, ".SH EXAMPLES\n.nf\n%s.fi\n", lines(cmd.Example))
	}
	verbs := documented(cmd)
	if len(verbs) > 0 {
		fmt.Fprint(b, ".SH VERBS\n")
	}
	for _, v := range verbs {
		fmt.Fprintf(b, ".TP\n.BR %s (%s)\n%s\n", roff(pageName(v)), section, roff(v.Short))
	}
	if up := cmd.Parent(); up != nil {
		fmt.Fprintf(b, ".SH SEE ALSO\n.BR %s (%s)\n", roff(pageName(up)), section)
	}
}

// documented are the verbs below one that have a page.
func documented(cmd *cobra.Command) []*cobra.Command {
	var verbs []*cobra.Command
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && !c.IsAdditionalHelpTopicCommand() && c.Name() != "help" {
			verbs = append(verbs, c)
		}
	}
	return verbs
}

// synopsis says how the verb is written.
func synopsis(b *bytes.Buffer, cmd *cobra.Command) {
	fmt.Fprint(b, ".SH SYNOPSIS\n")
	if cmd.Runnable() {
		words := strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())
		fmt.Fprintf(b, "\\fB%s\\fR%s\n", roff(cmd.CommandPath()), roff(words))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(b, ".br\n\\fB%s\\fR \\fIVERB\\fR\n", roff(cmd.CommandPath()))
	}
}

// options lists flags under a heading, where there are any.
func options(b *bytes.Buffer, heading string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", heading)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		fmt.Fprint(b, ".TP\n")
		if f.Shorthand != "" {
			fmt.Fprintf(b, "\\fB\\-%s\\fR, ", roff(f.Shorthand))
		}
		fmt.Fprintf(b, "\\fB\\-\\-%s\\fR", roff(f.Name))
		if kind != "" {
			fmt.Fprintf(b, " \\fI%s\\fR", roff(kind))
		}
		fmt.Fprintf(b, "\n%s\n", roff(usage))
	})
}

// pageName is the verb's words joined as man(1) takes them.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// paragraphs sets text as it is filled anew: an empty line parts paragraphs, and
// what is indented stays as it stands.
func paragraphs(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(part, " ") || strings.Contains(part, "\n ") {
			b.WriteString(".nf\n" + lines(part) + ".fi\n")
			continue
		}
		b.WriteString(lines(part))
	}
	return b.String()
}

// lines sets each line of text.
func lines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(roff(strings.TrimRight(line, "\n")) + "\n")
	}
	return b.String()
}

// roff makes text that stands for itself: no backslash and no first character of
// a line is a request, and a hyphen is the one that is typed.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}
