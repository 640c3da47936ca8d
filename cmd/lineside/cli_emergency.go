package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/shell"
)

func (p *program) emergencyCommand() *cobra.Command {
	return shell.Group("emergency", "See emergency calls nobody took, and say that you know of them", p.emergencyListCommand(), p.emergencyAcknowledgeCommand())
}

func (p *program) emergencyListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the emergency calls nobody took and nobody has acknowledged", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.UnhelpedCalls(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, list.Calls)
			}
			if len(list.Calls) == 0 {
				return p.say("none; every emergency call since the last acknowledgement was connected")
			}
			z, t := zone(cmd.Context(), c), shell.NewTable("NUMBER", "AT", "ADDRESS", "MAC", "DIALLED", "OUTCOME", "STATUS", "WHAT THE SBCS SAID")
			for _, u := range list.Calls {
				mac := "-"
				if !u.MAC.IsZero() {
					mac = u.MAC.String()
				}
				t.Add(strconv.FormatUint(u.Number, 10), clock(u.At, p.now(), z), u.Address.String(), mac, u.Dialled, u.Outcome, strconv.Itoa(u.Status), u.Refusals())
			}
			t.Print(p.out)
			return p.next(list.Next)
		},
	}
}

func (p *program) emergencyAcknowledgeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "acknowledge [NUMBER]", Short: "Say that you know of the emergency calls nobody took, up to that number", Args: shell.AtMostOne,
		Long: "Say that you know of the emergency calls nobody took: of those up to a number of\n" +
			"lineside emergency list, or without one of all there are at this moment. They stay\n" +
			"in the audit log, and who acknowledged them is there as well.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.UnhelpedCalls(cmd.Context())
			if err != nil {
				return err
			}
			through, err := throughArg(cmd, args, list)
			if err != nil {
				return err
			}
			done, err := c.AcknowledgeEmergencies(cmd.Context(), through)
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, done)
			}
			return p.say("%d acknowledged; they stay in the audit log", done.Calls)
		},
	}
}

// throughArg is the number of the last call to acknowledge: the one given, else
// that of the last there is.
func throughArg(cmd *cobra.Command, args []string, list admin.UnhelpedCalls) (uint64, error) {
	if len(args) == 1 {
		n, err := strconv.ParseUint(args[0], 10, 63)
		if err != nil {
			return 0, shell.Usagef(cmd, "%q is no number of a call; write one of: lineside emergency list", args[0])
		}
		return n, nil
	}
	if len(list.Calls) == 0 {
		return 0, nil // the box says that there is none
	}
	return list.Calls[len(list.Calls)-1].Number, nil
}
