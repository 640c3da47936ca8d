package shell

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// NoArgs, ExactArgs and AtMostOne word what cobra's own checks leave to guess.
// NoArgs wants nothing after the verb.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("%s takes nothing more, but %q was given", cmd.CommandPath(), args[0])
	if cmd.HasSubCommands() {
		cmd.SuggestionsMinimumDistance = 2
		text = fmt.Sprintf("%s has no verb %q", cmd.CommandPath(), args[0])
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			text += "; did you mean " + strings.Join(near, " or ") + "?"
		}
	}
	return Usagef(cmd, "%s", text)
}

// ExactArgs wants exactly these words.
func ExactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return Usagef(cmd, "%s is missing", names[len(args)])
		case len(args) > len(names):
			return Usagef(cmd, "%q is one word too many", args[len(names)])
		}
		return nil
	}
}

// AtMostOne wants a word or none.
func AtMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return Usagef(cmd, "%q is one word too many", args[1])
	}
	return nil
}

// Group is a verb that only holds verbs.
func Group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return Usagef(cmd, "%s needs to know what to do: %s", cmd.CommandPath(), strings.Join(verbNames(cmd), ", "))
		},
	}
	cmd.AddCommand(verbs...)
	return cmd
}

func verbNames(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return names
}
