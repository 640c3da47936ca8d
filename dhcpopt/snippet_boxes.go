package dhcpopt

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/lineside/lineside/vendors"
)

// writeMikroTik writes commands for RouterOS, as its manual has them (DHCP, "Option
// matcher"): options are sent unasked with force=yes alone, and values are taken
// as bytes behind 0x. The matcher looks for a text anywhere in option 60 since
// 7.16 and knows no hardware addresses, so phones that send no class are not
// found. Where two matchers fit it takes any, the manual says.
func writeMikroTik(b *strings.Builder, parts []part) {
	b.WriteString("# MikroTik RouterOS 7.16 or later, in a terminal. Put the name of the phones' DHCP\n# server in the place of dhcp1, and of its pool in the place of pool1. Written by\n# the manual; nobody has tried it on a router yet.\n")
	for _, p := range widestLast(parts) {
		if len(p.Is) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n# %s\n", p.Maker.Name)
		var names []string
		for _, o := range p.options {
			name := fmt.Sprintf("%s-%d", p.name, o.Code)
			names = append(names, name)
			force := ""
			if o.Always {
				force = " force=yes"
			}
			fmt.Fprintf(b, "/ip dhcp-server option add name=%s code=%d%s value=\"0x%x\"\n", name, o.Code, force, o.Value)
		}
		fmt.Fprintf(b, "/ip dhcp-server option sets add name=%s options=%s\n", p.name, strings.Join(names, ","))
		mikroTikMatchers(b, p, parts)
	}
}

// mikroTikMatchers leaves those to the operator whose text phones of another
// maker in the snippet send too.
func mikroTikMatchers(b *strings.Builder, p part, parts []part) {
	for i, m := range p.Is {
		text := anywhere(m)
		if !plain([]byte(text)) {
			continue
		}
		off := ""
		if others := p.alsoIn(m, parts); len(others) > 0 {
			off = "# "
			fmt.Fprintf(b, "# Phones of %s send this text too, and where two matchers fit\n# RouterOS takes any of them: take the # away only where there are none of those.\n", strings.Join(others, ", "))
		}
		fmt.Fprintf(b, "%s/ip dhcp-server matcher add name=%s-%d server=dhcp1 address-pool=pool1 code=60 matching-type=substring value=\"%s\" option-set=%s\n", off, p.name, i+1, strings.ReplaceAll(text, "$", `\$`), p.name)
	}
}

// alsoIn names the makers among parts whose phones have the text of m, one of
// p's, in their class.
func (p part) alsoIn(m vendors.ClassMatch, parts []part) []string {
	var names []string
	for _, q := range parts {
		if q.name != p.name && slices.ContainsFunc(q.Is, func(other vendors.ClassMatch) bool { return within(m, other) }) {
			names = append(names, q.Maker.Name)
		}
	}
	return names
}

// within reports that a text looked for anywhere is in the class other means too.
func within(m, other vendors.ClassMatch) bool {
	text := anywhere(m)
	return strings.Contains(other.Prefix, text) || strings.Contains(other.Has, text)
}

// writeWindows writes PowerShell for the DHCP role of Windows Server: a vendor
// class and a policy for each vendor, as the reference of Add-DhcpServerv4Policy
// has them: -VendorClass takes names of classes, and an asterisk behind one makes
// the class's data the beginning of option 60.
func writeWindows(b *strings.Builder, parts []part) {
	b.WriteString("# Windows Server 2012 or later, PowerShell as administrator. Written by the\n# reference of its DhcpServer module; nobody has tried it on a server yet. Put the\n# phones' scope here:\n$Scope = '10.20.0.0'\n")
	for _, code := range codesOf(parts) {
		if code != 43 && code != 66 && code != 67 {
			fmt.Fprintf(b, "if (-not (Get-DhcpServerv4OptionDefinition -OptionId %d -ErrorAction SilentlyContinue)) { Add-DhcpServerv4OptionDefinition -OptionId %d -Name 'Lineside %d' -Type %s }\n", code, code, code, windowsType(code, parts))
		}
	}
	for _, p := range widestLast(parts) {
		fmt.Fprintf(b, "\n# %s\n", p.Maker.Name)
		var conditions []string
		for i, m := range p.Is {
			if m.Has != "" || !plain([]byte(m.Prefix)) {
				continue // a policy compares beginnings of text only
			}
			class := fmt.Sprintf("%s %d", p.name, i+1)
			fmt.Fprintf(b, "Add-DhcpServerv4Class -Name '%s' -Type Vendor -Data '%s'\n", class, m.Prefix)
			conditions = append(conditions, "'"+class+"*'")
		}
		policy := fmt.Sprintf("Add-DhcpServerv4Policy -ScopeId $Scope -Name '%s' -Condition Or", p.name)
		if len(conditions) > 0 {
			policy += " -VendorClass EQ," + strings.Join(conditions, ",")
		}
		if len(p.OUIs) > 0 {
			policy += " -MacAddress EQ"
			for _, o := range p.OUIs {
				policy += fmt.Sprintf(",'%X*'", o[:])
			}
		}
		fmt.Fprintln(b, policy)
		for _, o := range p.options {
			fmt.Fprintf(b, "Set-DhcpServerv4OptionValue -ScopeId $Scope -PolicyName '%s' -OptionId %d -Value %s\n", p.name, o.Code, windowsValue(o.Code, o.Value, parts))
		}
	}
}

// widestLast puts those whose texts include others' behind them, for servers that
// take the first that fits and know no "but not".
func widestLast(parts []part) []part {
	out := slices.Clone(parts)
	slices.SortStableFunc(out, func(a, b part) int { return cmp.Compare(len(a.Not), len(b.Not)) })
	return out
}

// windowsType is the type an option is defined with: addresses for 150, as others
// who define it do, text where all vendors have text in it, bytes for the rest.
func windowsType(code uint8, parts []part) string {
	if code == 150 {
		return "IPv4Address -MultiValued"
	}
	for _, p := range parts {
		for _, o := range p.options {
			if o.Code == code && !plain(o.Value) {
				return "BinaryData"
			}
		}
	}
	return "String"
}

// windowsValue is bytes as hexadecimal strings, which Set-DhcpServerv4OptionValue
// asks for: without quotes PowerShell makes numbers of them first.
func windowsValue(code uint8, value []byte, parts []part) string {
	switch {
	case code == 150 && len(value) == 4:
		return "'" + netip.AddrFrom4([4]byte(value)).String() + "'"
	case code != 43 && windowsType(code, parts) == "String":
		return "'" + string(value) + "'"
	}
	bytes := make([]string, len(value))
	for i, c := range value {
		bytes[i] = fmt.Sprintf("'0x%02X'", c)
	}
	return strings.Join(bytes, ",")
}
