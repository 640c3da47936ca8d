package main

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

// deviceFlags are what add, edit and claim can say of a device.
type deviceFlags struct {
	vendor, model, label, owner     string
	address                         string
	lines, overrides                []string
	passwordFile, adminPasswordFile string
	plainTFTP                       bool
	rev                             uint64
}

func (f *deviceFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.vendor, "vendor", "", "maker's short name, one of those lineside vendors lists; left out, the MAC tells")
	fl.StringVar(&f.model, "model", "", "model, such as T46G")
	fl.StringVar(&f.label, "label", "", "what people call the phone")
	fl.StringVar(&f.owner, "owner", "", "user ID of whose phone it is: searched by, kept from being removed while it owns one, and, where the maker has a phone book (lineside vendors VENDOR), the login its book is opened with")
	fl.StringVar(&f.address, "address", "", "IPv4 address that DHCP keeps for it, also while it is away; \"\" is whichever is free. A phone that has another takes it at its next renewal or restart")
	fl.StringArrayVar(&f.lines, "line", nil, "SIP account, once per line key: "+lineForm+"; a value with a semicolon in quotes: "+quotedForm)
	fl.StringVar(&f.passwordFile, "password-file", "", "file (- reads standard input) with the passwords of the lines that name none, one a line")
	fl.StringVar(&f.adminPasswordFile, "admin-password-file", "", "file with the password of the phone's own menu")
	fl.StringArrayVar(&f.overrides, "override", nil, "parameter in the vendor's own name, NAME=VALUE; \"NAME=\" takes it away")
	fl.BoolVar(&f.plainTFTP, "plain-tftp", false, "let this device's secrets cross the LAN by TFTP")
	_ = cmd.RegisterFlagCompletionFunc("vendor", completeVendors)
	_ = cmd.MarkFlagFilename("password-file")
	_ = cmd.MarkFlagFilename("admin-password-file")
}

// input is what was said, and only that: a flag not given leaves a device's
// field as it is.
func (f *deviceFlags) input(p *program, cmd *cobra.Command) (admin.DeviceInput, error) {
	var in admin.DeviceInput
	given := cmd.Flags().Changed
	for _, t := range []struct {
		flag, value string
		to          *admin.Field[string]
	}{{"model", f.model, &in.Model}, {"label", f.label, &in.Label}, {"owner", f.owner, &in.Owner}} {
		if given(t.flag) {
			*t.to = admin.Set(t.value)
		}
	}
	if given("vendor") {
		v, err := vendors.All().Parse(f.vendor)
		if err != nil {
			return in, shell.Usagef(cmd, "%v", err)
		}
		in.Vendor = admin.Set(string(v))
	}
	if given("plain-tftp") {
		in.PlainTFTP = admin.Set(f.plainTFTP)
	}
	if given("address") {
		var a netip.Addr
		if err := a.UnmarshalText([]byte(f.address)); err != nil {
			return in, shell.Usagef(cmd, "--address %.40q is no address; write one such as 10.20.0.60", f.address)
		}
		in.Address = admin.Set(a)
	}
	if given("override") {
		o, err := parseOverrides(f.overrides)
		if err != nil {
			return in, shell.Usagef(cmd, "%v", err)
		}
		in.Overrides = admin.Set(o)
	}
	return in, f.secrets(p, cmd, &in)
}

// secrets adds lines and passwords.
func (f *deviceFlags) secrets(p *program, cmd *cobra.Command, in *admin.DeviceInput) error {
	if f.adminPasswordFile != "" {
		words, err := p.readSecrets(f.adminPasswordFile)
		if err != nil {
			return err
		}
		in.AdminPassword = admin.Set(words[0])
	}
	if !cmd.Flags().Changed("line") {
		if f.passwordFile != "" {
			return shell.Usagef(cmd, "--password-file belongs to --line, and no --line is given")
		}
		return nil
	}
	var passwords []string
	if f.passwordFile != "" {
		var err error
		if passwords, err = p.readSecrets(f.passwordFile); err != nil {
			return err
		}
	}
	lines, err := lineInputs(f.lines, passwords)
	if err != nil {
		return shell.Usagef(cmd, "%v", err)
	}
	in.Lines = admin.Set(lines)
	return nil
}

// lineInputs reads the lines, handing passwords in order to those that have
// none.
func lineInputs(texts, passwords []string) ([]admin.LineInput, error) {
	lines := make([]admin.LineInput, 0, len(texts))
	for _, text := range texts {
		l, err := parseLine(text)
		if err != nil {
			return nil, err
		}
		in := admin.LineInput{
			Registrar: l.Registrar, Port: l.Port, Transport: l.Transport, OutboundProxy: l.OutboundProxy,
			User: l.User, AuthID: l.AuthID, DisplayName: l.DisplayName, Label: l.Label,
		}
		switch {
		case !l.Password.IsZero():
			in.Password = admin.Set(l.Password.Reveal())
		case len(passwords) > 0:
			in.Password = admin.Set(passwords[0])
			passwords = passwords[1:]
		}
		lines = append(lines, in)
	}
	if len(passwords) > 0 {
		return nil, fmt.Errorf("%d passwords are left over: every line has one already", len(passwords))
	}
	return lines, nil
}

func parseOverrides(texts []string) (map[string]*string, error) {
	out := make(map[string]*string, len(texts))
	for _, text := range texts {
		name, value, ok := cutOverride(text)
		if !ok || name == "" {
			return nil, fmt.Errorf("override %.40q is not NAME=VALUE", text)
		}
		out[name] = nil
		if value != "" {
			out[name] = &value
		}
	}
	return out, nil
}

// cutOverride takes NAME=VALUE apart. An equals sign between brackets is part of
// the name, as in sipLines/line[button=1]/proxy.
func cutOverride(text string) (name, value string, ok bool) {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			depth--
		case '=':
			if depth <= 0 {
				return text[:i], text[i+1:], true
			}
		}
	}
	return "", "", false
}

func (p *program) deviceAddCommand() *cobra.Command {
	var f deviceFlags
	cmd := &cobra.Command{
		Use: "add MAC", Short: "Set up a device", Args: shell.ExactArgs("MAC"),
		Example: "  lineside device add 00:15:65:4a:a9:37 --model T46G --label Reception \\\n      --line 'alice@sip.example.net;transport=tls;display=Alice' --password-file alice.password",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.writeDevice(cmd, args, &f, func(ctx context.Context, c *admin.Client, mac phone.MAC, in admin.DeviceInput) (admin.Device, error) {
				in.MAC = admin.Set(mac)
				return c.AddDevice(ctx, in)
			})
		},
	}
	f.register(cmd)
	return cmd
}

func (p *program) deviceEditCommand() *cobra.Command {
	var f deviceFlags
	cmd := &cobra.Command{
		Use: "edit MAC", Short: "Change a device; what is not named stays", Args: shell.ExactArgs("MAC"), ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().NFlag() == 0 {
				return shell.Usagef(cmd, "nothing to change is named")
			}
			return p.writeDevice(cmd, args, &f, (func(ctx context.Context, c *admin.Client, mac phone.MAC, in admin.DeviceInput) (admin.Device, error) {
				return c.EditDevice(ctx, mac, f.rev, in)
			}))
		},
	}
	f.register(cmd)
	cmd.Flags().Uint64Var(&f.rev, "rev", 0, "change only if the device is still at this revision")
	return cmd
}

// writeDevice is what add, edit and claim share.
func (p *program) writeDevice(cmd *cobra.Command, args []string, f *deviceFlags,
	do func(context.Context, *admin.Client, phone.MAC, admin.DeviceInput) (admin.Device, error)) error {
	macs, err := macArgs(cmd, args)
	if err != nil {
		return err
	}
	in, err := f.input(p, cmd)
	if err != nil {
		return err
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	d, err := do(cmd.Context(), c, macs[0], in)
	if err != nil {
		return err
	}
	p.warn(d)
	if in.Owner.Given {
		p.warnBookless(d)
	}
	return p.showDevice(cmd.Context(), c, d)
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
