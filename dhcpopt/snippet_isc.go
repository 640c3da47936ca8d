package dhcpopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lineside/lineside/vendors"
)

// iscNames are the options ISC dhcpd has words for; the others it is told of.
var iscNames = map[uint8]string{43: "vendor-encapsulated-options", 66: "tftp-server-name", 67: "bootfile-name"}

func iscName(code uint8) string {
	if name, ok := iscNames[code]; ok {
		return name
	}
	return fmt.Sprintf("lineside-%d", code)
}

// writeISC writes one chain of conditions: dhcpd takes the first that holds, so
// hardware addresses stand last, behind what is no phone and is told nothing.
func writeISC(b *strings.Builder, parts []part, others []vendors.ClassMatch) {
	b.WriteString("# ISC dhcpd: put this into /etc/dhcp/dhcpd.conf outside any subnet, then restart\n# isc-dhcp-server.\n")
	for _, code := range codesOf(parts) {
		if _, known := iscNames[code]; !known {
			fmt.Fprintf(b, "option %s code %d = string;\n", iscName(code), code)
		}
	}
	word := "if"
	write := func(name string, tests []string, options []vendors.Option) {
		if len(tests) == 0 {
			return
		}
		fmt.Fprintf(b, "%s (%s) { # %s\n", word, strings.Join(tests, "\n    or "), name)
		iscOptions(b, options)
		b.WriteString("}\n")
		word = "elsif"
	}
	for _, p := range parts {
		tests := iscMatches(p.Is)
		if len(p.Not) > 0 {
			tests = []string{"(" + strings.Join(tests, " or ") + ") and not (" + strings.Join(iscMatches(p.Not), " or ") + ")"}
		}
		write(p.Maker.Name, tests, p.options)
	}
	write("no phone, whoever made its network card", iscMatches(others), nil)
	for _, p := range parts {
		var tests []string
		for _, o := range p.OUIs {
			tests = append(tests, fmt.Sprintf("substring(hardware, 1, 3) = %s", colons(o[:])))
		}
		write(p.Maker.Name+" by hardware address", tests, p.options)
	}
}

// iscOptions sends what is to be sent unasked by putting it on the client's own
// list, which dhcpd keeps to.
func iscOptions(b *strings.Builder, options []vendors.Option) {
	var always []string
	for _, o := range options {
		fmt.Fprintf(b, "  option %s %s;\n", iscName(o.Code), quoted(o.Value))
		if o.Always {
			always = append(always, fmt.Sprintf("%02x", o.Code))
		}
	}
	if len(always) > 0 {
		fmt.Fprintf(b, "  if exists dhcp-parameter-request-list {\n    option dhcp-parameter-request-list = concat(option dhcp-parameter-request-list, %s);\n  }\n", strings.Join(always, ":"))
	}
}

func iscMatches(list []vendors.ClassMatch) []string {
	var tests []string
	for _, m := range list {
		tests = append(tests, iscMatch(m))
	}
	return tests
}

func iscMatch(m vendors.ClassMatch) string {
	var terms []string
	if m.Prefix != "" {
		terms = append(terms, fmt.Sprintf("substring(option vendor-class-identifier, 0, %d) = %s", len(m.Prefix), quoted([]byte(m.Prefix))))
	}
	if n := len(m.Has); n > 0 {
		terms = append(terms, fmt.Sprintf("(suffix(option vendor-class-identifier, %d) = %s or substring(suffix(option vendor-class-identifier, %d), 0, %d) = %s)", n, quoted([]byte(m.Has)), n+1, n, quoted([]byte(m.Has))))
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return "(" + strings.Join(terms, " and ") + ")"
}

// codesOf lists the options of all parts, each once, in order.
func codesOf(parts []part) []uint8 {
	var codes []uint8
	for _, p := range parts {
		for _, o := range p.options {
			codes = append(codes, o.Code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
