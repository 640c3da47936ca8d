package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
)

func (p *program) ticketCommands() []*cobra.Command {
	return []*cobra.Command{
		p.ticketCommand(), p.ticketsCommand(), p.approveCommand(), p.rejectCommand(), p.revokeCommand(), p.demandCommand(),
	}
}

func (p *program) ticketCommand() *cobra.Command {
	var in admin.TicketInput
	cmd := &cobra.Command{
		Use: "ticket MAC", Short: "Make a ticket: a user name and a password that let one phone in once", Args: shell.ExactArgs("MAC"),
		Long: "Make a ticket: a user name and a password that let one phone in once, in the place of\n" +
			"the ticket it had. They are shown this once. With --approval the phone that shows them\n" +
			"says \"Awaiting approval\" until an admin approves it, unless the site's policy does.",
		Example:           "  lineside otp ticket 00:15:65:4a:a9:37 --hours 24 --approval",
		ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("hours") && in.Hours < 1 {
				return shell.Usagef(cmd, "--hours must be from 1 to 336")
			}
			return p.ticketVerb(cmd, args[0], func(ctx context.Context, c *admin.Client, mac phone.MAC) (admin.Ticket, error) {
				return c.MakeTicket(ctx, mac, in)
			})
		},
	}
	cmd.Flags().IntVar(&in.Hours, "hours", 0, "how long it may be shown, 1 to 336; the site's ticket-hours where it is not given")
	cmd.Flags().BoolVar(&in.Approval, "approval", false, "have an admin approve the phone that shows it")
	return cmd
}

// ticketVerb does one thing about one ticket and tells what it is now.
func (p *program) ticketVerb(cmd *cobra.Command, arg string, do func(context.Context, *admin.Client, phone.MAC) (admin.Ticket, error)) error {
	macs, err := macArgs(cmd, []string{arg})
	if err != nil {
		return err
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	t, err := do(cmd.Context(), c, macs[0])
	if err != nil {
		return err
	}
	if p.json {
		return shell.WriteJSON(p.out, t)
	}
	if t.Password != "" {
		err = p.say("%s: user %s, password %s (shown this once), good %s", t.MAC, t.User, t.Password, until(t.Expires, p.now(), zone(cmd.Context(), c)))
	} else {
		err = p.say("%s: ticket %s", t.MAC, t.State)
	}
	if err != nil {
		return err
	}
	return p.next(t.Next)
}

func (p *program) ticketsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "tickets", Short: "List the tickets and who showed them; passwords are never shown again", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.Tickets(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, list)
			}
			if len(list) == 0 {
				return p.say("no tickets; make one with: lineside otp ticket MAC")
			}
			p.showTickets(list, zone(cmd.Context(), c))
			return nil
		},
	}
}

// showTickets prints what an admin compares with the phone before approving it.
func (p *program) showTickets(list []admin.Ticket, z *time.Location) {
	t := shell.NewTable("MAC", "STATE", "REQUESTED", "EXPIRES", "MAKE", "MODEL", "FIRMWARE", "ADDRESS", "LABEL")
	for _, k := range list {
		state, address := k.State, ""
		if k.Reason != "" {
			state += ": " + k.Reason
		}
		if k.Address.IsValid() {
			address = k.Address.String()
		}
		t.Add(k.MAC.String(), state, clock(k.Requested, p.now(), z), clock(k.Expires, p.now(), z), string(k.Vendor), k.Model, k.Firmware, address, k.Label)
	}
	t.Print(p.out)
}

func (p *program) approveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "approve MAC", Short: "Let the phone in that showed this device's ticket", Args: shell.ExactArgs("MAC"), ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.ticketVerb(cmd, args[0], func(ctx context.Context, c *admin.Client, mac phone.MAC) (admin.Ticket, error) {
				return c.ApproveTicket(ctx, mac)
			})
		},
	}
}

func (p *program) rejectCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "reject MAC --reason TEXT", Short: "Turn away the phone that showed this device's ticket; the ticket is over", Args: shell.ExactArgs("MAC"),
		ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(reason) == "" {
				return shell.Usagef(cmd, "no reason is given: write --reason \"not our phone\", for whoever asks later")
			}
			return p.ticketVerb(cmd, args[0], func(ctx context.Context, c *admin.Client, mac phone.MAC) (admin.Ticket, error) {
				return c.RejectTicket(ctx, mac, reason)
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, in a few words")
	return cmd
}

func (p *program) revokeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke MAC", Short: "End a device's ticket before it is used", Args: shell.ExactArgs("MAC"), ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.ticketVerb(cmd, args[0], func(ctx context.Context, c *admin.Client, mac phone.MAC) (admin.Ticket, error) {
				return c.RevokeTicket(ctx, mac)
			})
		},
	}
}

func (p *program) demandCommand() *cobra.Command {
	return &cobra.Command{
		Use: "demand MAC yes|no", Short: "Say whether a device is let in by its ticket alone", Args: shell.ExactArgs("MAC", "yes or no"),
		Long: "Say whether a device is let in by its ticket alone. Its brand's one-time password, a PIN\n" +
			"by itself and the site window then do not help it; suspending it, the allow-list and a\n" +
			"factory certificate still do, and the login it has.",
		ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			demanded, err := yesOrNo(cmd, "otp demand MAC", args[1])
			if err != nil {
				return err
			}
			macs, err := macArgs(cmd, args[:1])
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			d, err := c.DemandTicket(cmd.Context(), macs[0], demanded)
			if err != nil {
				return err
			}
			return p.showDemand(d)
		},
	}
}

// showDemand says what a device is let in by from now on.
func (p *program) showDemand(d admin.Device) error {
	if p.json {
		return shell.WriteJSON(p.out, []admin.Device{d}) // a list, as other verbs on devices answer
	}
	text := "no ticket is demanded of it; it is let in as the site's policy says"
	if d.Enrolment.TicketDemanded {
		text = "a ticket is demanded of it: nothing else lets it in at first contact"
	}
	if err := p.say("%s: %s", d.MAC, text); err != nil {
		return err
	}
	return p.next(d.Enrolment.Next)
}

// yesOrNo reads a yes or no; what is how the command line went so far.
func yesOrNo(cmd *cobra.Command, what, value string) (bool, error) {
	switch value {
	case yesNo(true):
		return true, nil
	case yesNo(false):
		return false, nil
	}
	return false, shell.Usagef(cmd, "%q is neither; write: %s yes, or no", value, what)
}

// atTerminal reports that somebody can be asked. What is a character device and
// no terminal, as /dev/null, answers with its end, which is a no.
func (p *program) atTerminal() bool {
	f, ok := p.in.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// ask puts a yes-or-no question. Anything but a yes is a no.
func (p *program) ask(question string) (bool, error) {
	if _, err := fmt.Fprintf(p.err, "%s [y/N] ", question); err != nil {
		return false, fmt.Errorf("ask: %w", err)
	}
	line, err := bufio.NewReader(io.LimitReader(p.in, 64)).ReadString('\n')
	if err != nil && err != io.EOF {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == yesNo(true), nil
}

// askToClear asks whether the old login goes at once when the OTP is allowed
// again, where there is one.
func (p *program) askToClear(cmd *cobra.Command, args []string) (bool, error) {
	macs, err := macArgs(cmd, args)
	if err != nil {
		return false, err
	}
	c, err := p.client()
	if err != nil {
		return false, err
	}
	var has []string
	for _, mac := range macs {
		d, err := c.Device(cmd.Context(), mac)
		if err != nil {
			return false, err
		}
		if d.Enrolment.Login != "" {
			has = append(has, mac.String())
		}
	}
	if len(has) == 0 {
		return false, nil
	}
	return p.ask(strings.Join(has, ", ") + " has a login that still works. Make it void at once?")
}
