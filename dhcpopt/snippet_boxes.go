package dhcpopt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// writeMikroTik writes RouterOS 7 commands. Its matcher looks for a text
// anywhere in option 60 and knows no hardware addresses, so phones that send no
// class are not found by it.
func writeMikroTik(b *strings.Builder, parts []part) {
	b.WriteString("# MikroTik RouterOS 7.4 or later, in a terminal. Put the name of the phones' DHCP\n# server in the place of dhcp1, and of its pool in the place of pool1. Nobody has\n# tried it on a router yet.\n")
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
		for i, m := range p.Is {
			text := m.Prefix
			if m.Has != "" {
				text = m.Has
			}
			if plain([]byte(text)) {
				fmt.Fprintf(b, "/ip dhcp-server matcher add name=%s-%d server=dhcp1 address-pool=pool1 code=60 matching-type=substring value=\"%s\" option-set=%s\n", p.name, i+1, strings.ReplaceAll(text, "$", `\$`), p.name)
			}
		}
	}
}

// writeWindows writes PowerShell for the DHCP role of Windows Server: a vendor
// class and a policy for each vendor.
func writeWindows(b *strings.Builder, parts []part) {
	b.WriteString("# Windows Server, PowerShell as administrator. Nobody has tried it on a\n# server yet. Put the phones' scope here:\n$Scope = '10.20.0.0'\n")
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

// windowsType is the type an option is defined with: text where all vendors
// have text in it.
func windowsType(code uint8, parts []part) string {
	for _, p := range parts {
		for _, o := range p.options {
			if o.Code == code && !plain(o.Value) {
				return "BinaryData"
			}
		}
	}
	return "String"
}

func windowsValue(code uint8, value []byte, parts []part) string {
	if code != 43 && windowsType(code, parts) == "String" {
		return "'" + string(value) + "'"
	}
	bytes := make([]string, len(value))
	for i, c := range value {
		bytes[i] = fmt.Sprintf("0x%02X", c)
	}
	return strings.Join(bytes, ",")
}
