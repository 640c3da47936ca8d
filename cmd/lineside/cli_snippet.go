package main

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

// snippetCommand reads the settings file and not the daemon: whoever sets
// dhcp.mode = "off" may want it before the first start.
func (p *program) snippetCommand() *cobra.Command {
	var path, target string
	var only []string
	cmd := &cobra.Command{
		Use: "snippet --for SERVER", Short: "Print what another DHCP server is to be told, for dhcp.mode = \"off\"", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(dhcpopt.Foreigns(), dhcpopt.Foreign(target)) {
				return shell.Usagef(cmd, "--for %.20q is no server snippets are written for; write one of %s", target, foreigns())
			}
			table := vendors.All()
			var wanted []phone.Vendor
			for _, name := range only {
				v, err := table.Parse(name)
				if err != nil {
					return shell.Usagef(cmd, "--%v", err)
				}
				wanted = append(wanted, v)
			}
			box, err := snippetBox(path)
			if err != nil {
				return err
			}
			text, err := dhcpopt.Snippet(dhcpopt.Foreign(target), table, box, wanted)
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, map[string]string{"for": target, "text": text})
			}
			_, err = p.out.Write([]byte(text))
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&target, "for", "", "the server: "+foreigns())
	f.StringSliceVar(&only, "vendor", nil, "only for phones of these vendors (default all)")
	f.StringVar(&path, "config", defaultSettings, "settings file")
	_ = cmd.MarkFlagFilename("config", "toml")
	_ = cmd.RegisterFlagCompletionFunc("for", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return strings.Split(foreigns(), ", "), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func foreigns() string {
	var names []string
	for _, f := range dhcpopt.Foreigns() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// snippetBox is the box as the settings at path describe it on this machine.
func snippetBox(path string) (vendors.Box, error) {
	s, err := loadSettings(path)
	if err != nil {
		return vendors.Box{}, err
	}
	nics, err := systemNICs()
	if err != nil {
		return vendors.Box{}, err
	}
	where, err := findLAN(s.Listen, nics)
	if err != nil {
		return vendors.Box{}, fmt.Errorf("find where phones reach this box: %w", err)
	}
	return boxAt(s, where), nil
}

// boxAt is the box as phones find it by settings on a LAN.
func boxAt(s settings, where lan) vendors.Box {
	box := vendors.Box{URL: s.Listen.URL, Addr: where.Self.Addr(), SIPPort: s.Listen.SIPPort, VLAN: s.DHCP.VoiceVLAN}
	if box.URL == "" {
		host := box.Addr.String()
		if port := portOf(s.Listen.HTTP); port != 80 {
			host = net.JoinHostPort(host, strconv.Itoa(port))
		}
		box.URL = "http://" + host + "/cfg/"
	}
	return box
}

// SnippetServers are the DHCP servers snippets are written for.
func (b *box) SnippetServers() []string { return strings.Split(foreigns(), ", ") }

// DHCPSnippet is what one of them is to be told, by the settings in force.
func (b *box) DHCPSnippet(server string, only []phone.Vendor) (string, error) {
	return dhcpopt.Snippet(dhcpopt.Foreign(server), b.table, boxAt(b.force.settings(b.settings), b.where), only)
}
