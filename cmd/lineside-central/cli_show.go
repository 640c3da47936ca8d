package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/portal"
)

// devices asks for all pages.
func (p *program) devices(ctx context.Context, site, search string) (all []central.DeviceInfo, err error) {
	for after := ""; ; {
		page, err := ask[portal.Devices](ctx, p, "GET", "/devices", values("site", site, "search", search, "after", after, "limit", "1000"), nil)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Devices...)
		if after = page.Next; after == "" {
			return all, nil
		}
	}
}

// ticketWord says how a device's own one-time password stands.
func ticketWord(d central.DeviceInfo) string {
	switch {
	case !d.Ticket:
		return ""
	case d.OTP != "armed":
		return "used"
	case d.Approval:
		return "waits for a yes"
	}
	return "until " + moment(d.OTPUntil)
}

func (p *program) deviceShowCommand() *cobra.Command {
	return &cobra.Command{Use: "show MAC", Short: "Show a device, without its secrets", Args: shell.ExactArgs("MAC"), RunE: func(cmd *cobra.Command, args []string) error {
		d, err := ask[central.DeviceInfo](cmd.Context(), p, "GET", fill("/devices/%s", args), nil, nil)
		if err != nil {
			return err
		}
		return p.show(d, func() error {
			pin := fmt.Sprintf("%d wrong", d.Fails)
			if d.Blocked {
				pin = "blocked"
			}
			rows := [][]string{{"MAC", d.MAC.String()}, {"site", d.Site}, {"vendor", d.Vendor}, {"model", d.Model}, {"label", d.Label}, {"owner", d.Owner},
				{"address", d.Address}, {"one-time password", d.OTP}, {"ticket", ticketWord(d)}, {"PIN", pin}}
			for i, l := range d.Lines {
				rows = append(rows, []string{fmt.Sprintf("line %d", i+1), strings.TrimSpace(l.User + "@" + l.Registrar + " " + l.DisplayName)})
			}
			for _, name := range slices.Sorted(maps.Keys(d.Overrides)) {
				rows = append(rows, []string{"override " + name, d.Overrides[name]})
			}
			return p.table([]string{"WHAT", "NOW"}, rows)
		})
	}}
}

func (p *program) deviceEditCommand() *cobra.Command {
	var vendor, model, label, owner, address string
	cmd := &cobra.Command{Use: "edit MAC", Short: "Change a device; what is left out stays", Args: shell.ExactArgs("MAC"),
		Long: "Change a device; what is left out stays, and \"\" takes a text away. Its site is changed\nby move, its lines by import or by the HTTP API."}
	fl := cmd.Flags()
	fl.StringVar(&vendor, "vendor", "", "the maker, such as yealink")
	fl.StringVar(&model, "model", "", "the maker's name for it, such as T46S")
	fl.StringVar(&label, "label", "", "where it stands or whose it is")
	fl.StringVar(&owner, "owner", "", "a user's ID")
	fl.StringVar(&address, "address", "", "its IPv4 address on the site's LAN")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in := portal.DeviceInput{Vendor: changed(cmd, "vendor", &vendor), Model: changed(cmd, "model", &model), Label: changed(cmd, "label", &label),
			Owner: changed(cmd, "owner", &owner), Address: changed(cmd, "address", &address)}
		return p.made(ask[portal.DeviceMade](cmd.Context(), p, "PATCH", fill("/devices/%s", args), nil, in))
	}
	return cmd
}

func (p *program) siteShowCommand() *cobra.Command {
	return &cobra.Command{Use: "show SITE", Short: "Show a site and how its box is", Args: shell.ExactArgs("SITE"), RunE: func(cmd *cobra.Command, args []string) error {
		s, err := ask[central.SiteInfo](cmd.Context(), p, "GET", fill("/sites/%s", args), nil, nil)
		if err != nil {
			return err
		}
		return p.show(s, func() error {
			address := ""
			if s.Address.IsValid() {
				address = s.Address.String()
			}
			return p.table([]string{"WHAT", "NOW"}, [][]string{{"site", s.ID}, {"name", s.Name}, {"state", s.State}, {"last hello, to about an hour", moment(s.Seen)},
				{"software", s.Software}, {"address", address}, {"join token until", moment(s.InvitedUntil)}, {"rules of its own", fmt.Sprint(s.OwnPolicy)},
				{"set otherwise there", strings.Join(s.LocalRules, "; ")},
				{"conditions", strings.Join(s.Conditions, " ")}})
		})
	}}
}

func (p *program) otpTicketsCommand() *cobra.Command {
	var site string
	cmd := &cobra.Command{Use: "tickets", Short: "List the devices whose own one-time password waits to be used", Args: shell.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		all, err := p.devices(cmd.Context(), site, "")
		if err != nil {
			return err
		}
		out := portal.Devices{Devices: []central.DeviceInfo{}}
		var rows [][]string
		for _, d := range all {
			if d.Ticket && d.OTP == "armed" {
				out.Devices = append(out.Devices, d)
				rows = append(rows, []string{d.MAC.String(), d.Site, d.Label, d.OTPUser, ticketWord(d), moment(d.OTPUntil)})
			}
		}
		return p.show(out, func() error {
			if len(rows) == 0 {
				return p.say("none waits; make one with: lineside-central otp ticket MAC")
			}
			return p.table([]string{"MAC", "SITE", "LABEL", "USER", "TICKET", "UNTIL"}, rows)
		})
	}}
	cmd.Flags().StringVar(&site, "site", "", "of one site")
	return cmd
}
