package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/wire"
)

func (p *program) joinCommand() *cobra.Command {
	var again bool
	cmd := &cobra.Command{
		Use: "join TOKEN", Short: "Join the central platform this site belongs to", Args: shell.ExactArgs("TOKEN"),
		Long: "Join the central platform this site belongs to. The token is made there, is good\nonce and for a week, and says where the platform is and how it proves itself. The\nbox makes its own keys and needs no restart. \"-\" reads the token from standard\ninput, which keeps it out of the shell's history.\n\n" +
			"While the platform is away its one-time passwords are refused, unless otp_offline\n(here or in the platform's policy) allows them. Then one may count a second time if\nthis box's whole disk is put back to before its use, such as a virtual machine's\nsnapshot, and the platform had not heard of it. And nobody can see a box and its\nplatform that are both put back by hand to before a one-time password was used.",
		Example: "  lineside join lsj1-eyJ1IjoiaHR0cHM6…\n  lineside join --again -",
		RunE: func(cmd *cobra.Command, args []string) error {
			text := args[0]
			if text == "-" {
				b, err := p.readAll("-")
				if err != nil {
					return err
				}
				text = string(b)
			}
			token, err := wire.ParseToken(text)
			if err != nil {
				return shell.Hint(err, "have another made at the platform: lineside-central site invite SITE")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			link, err := c.JoinPlatform(cmd.Context(), admin.JoinInput{Token: token.Reveal(), Again: again})
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, link)
			}
			if err := p.say("this box is the site %q of %s", shell.Printable(link.Name), link.URL); err != nil {
				return err
			}
			if link.OTPOffline {
				if err := p.say("%s", offlineLimit); err != nil {
					return err
				}
			}
			return p.next("it now reads what the platform has for it; see how that goes with: lineside status")
		},
	}
	cmd.Flags().BoolVar(&again, "again", false, "join although the box has joined already")
	return cmd
}

// offlineLimit is what nothing on the box can close while otp_offline allows
// one-time passwords.
const offlineLimit = "otp_offline allows one-time passwords while the platform is away: one may count twice if this box's whole disk is put back to before its use"

func (p *program) leaveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "leave", Short: "Leave the platform; everything it keeps here becomes the site's own", Args: shell.NoArgs,
		Long: "Leave the platform. Devices, people, passwords and rules stay as they are and can be\nchanged here from then on; the platform's addresses on the allow-list go, and its\none-time passwords that were still to be used are the site's own.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			link, err := c.LeavePlatform(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, link)
			}
			if err := p.say("this box belongs to no platform any more"); err != nil {
				return err
			}
			return p.next("revoke it at the platform too: lineside-central site revoke SITE")
		},
	}
}

// writeLink tells how the box stands to the platform.
func writeLink(b *strings.Builder, l *admin.PlatformLink, now time.Time, zone *time.Location) {
	if l == nil {
		return
	}
	name := shell.Printable(l.Name)
	if name == "" {
		name = "joined"
	}
	fmt.Fprintf(b, "platform:      %s, %s", name, l.State)
	if !l.Since.IsZero() {
		fmt.Fprintf(b, " since %s", clock(l.Since, now, zone))
	}
	if l.Via != "" {
		fmt.Fprintf(b, ", by %s", l.Via)
	}
	fmt.Fprintln(b)
	line := func(format string, args ...any) { fmt.Fprintf(b, "               "+format+"\n", args...) }
	if l.Reason != "" {
		line("%s", shell.Printable(l.Reason))
	}
	if l.Address != "" {
		line("this site is known to the platform as %s, %s", shell.Printable(l.Address), l.Whitelisted)
	}
	if !l.Heard.IsZero() {
		line("last heard %s; %s for the platform, %s of it to be done here", clock(l.Heard, now, zone), count(l.Waiting, "thing waits", "things wait"), count(l.Undone, "document", "documents"))
	}
	line("while it is away its one-time passwords %s; what it keeps %s changed here", choose(l.OTPOffline, "count", "are refused"), choose(l.LocalChanges, "may be", "is not"))
	if l.OTPOffline {
		line("%s", offlineLimit)
	}
	if l.SkewSecs > 1 || l.SkewSecs < -1 {
		skew := time.Duration(l.SkewSecs) * time.Second
		line("this box's clock is %s %s the platform's", humane(skew.Abs()), aheadOf(skew))
	}
}

func choose(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}
