package dhcpopt

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Foreign is a DHCP server that snippets can be written for.
type Foreign string

// The servers.
const (
	Dnsmasq  Foreign = "dnsmasq"
	Kea      Foreign = "kea"
	ISC      Foreign = "isc"
	MikroTik Foreign = "mikrotik"
	Windows  Foreign = "windows"
	OPNsense Foreign = "opnsense"
	UniFi    Foreign = "unifi"
)

// Foreigns lists the servers, for error messages and completion.
func Foreigns() []Foreign { return []Foreign{Dnsmasq, Kea, ISC, MikroTik, Windows, OPNsense, UniFi} }

// Snippet is what to paste into a foreign server so that it tells phones, and
// only them, what this box would. An empty list of vendors means all.
func Snippet(f Foreign, table vendors.Table, box vendors.Box, only []phone.Vendor) (string, error) {
	var parts []part
	for _, r := range table.ClassRules() {
		p := part{ClassRule: r, name: "lineside-" + string(r.Maker.Vendor)}
		for _, o := range r.Maker.Leads(box) {
			if !protocolOwn(o) && len(o.Value) > 0 && len(o.Value) <= maxOption {
				p.options = append(p.options, o)
			}
		}
		found := len(r.Is)+len(r.OUIs) > 0 // else nothing tells its phones from others
		if found && len(p.options) > 0 && chosen(only, r.Maker.Vendor) {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return "", fmt.Errorf("no phone is led by DHCP options to %q: set listen.url or listen.address", box.URL)
	}
	var b strings.Builder
	switch f {
	case Dnsmasq, OPNsense:
		writeDnsmasq(&b, f, parts, others(table))
	case Kea:
		writeKea(&b, parts, others(table))
	case ISC:
		writeISC(&b, parts, others(table))
	case MikroTik:
		writeMikroTik(&b, parts)
	case Windows:
		writeWindows(&b, parts)
	case UniFi:
		writeUniFi(&b, parts)
	default:
		return "", fmt.Errorf("%.20q is no server snippets are written for", string(f))
	}
	return b.String(), nil
}

// others are the classes of machines that are no phones, whoever made their network
// cards. They count against a phone maker's hardware address, as they do where the
// box answers itself. Not all servers can look for a text inside the class, so
// dhcpcd on computers is not among them; MikroTik's snippet goes by no hardware
// address, and Windows Server's policies know no "but not".
func others(table vendors.Table) []vendors.ClassMatch {
	return slices.DeleteFunc(table.ForeignClasses(), func(m vendors.ClassMatch) bool { return m.Has != "" })
}

func chosen(only []phone.Vendor, v phone.Vendor) bool {
	for _, o := range only {
		if o == v {
			return true
		}
	}
	return len(only) == 0
}

// part is what one vendor's phones are told, and how they are found.
type part struct {
	vendors.ClassRule
	name    string
	options []vendors.Option
}

// plain reports that a value can be written between quotes in every server's
// file.
func plain(value []byte) bool {
	for _, c := range value {
		if c < ' ' || c > '~' || c == '"' || c == '\'' || c == '\\' {
			return false
		}
	}
	return true
}

// colons is bytes in hexadecimal with a colon between each two.
func colons(b []byte) string {
	return strings.ReplaceAll(fmt.Sprintf("% x", b), " ", ":")
}

// quoted is a value as text where it can be, else as bytes with colons.
func quoted(value []byte) string {
	if plain(value) {
		return `"` + string(value) + `"`
	}
	return colons(value)
}

// writeDnsmasq: dnsmasq looks for a class anywhere in option 60, and gives a tag
// for each one found. A vendor's own tag stands for its class, "-mac" behind it
// for its hardware addresses, lineside-phone for any class of a phone, and
// lineside-other for one of what is none.
func writeDnsmasq(b *strings.Builder, f Foreign, parts []part, others []vendors.ClassMatch) {
	if f == OPNsense {
		b.WriteString("# OPNsense with Dnsmasq: save as /usr/local/etc/dnsmasq.conf.d/lineside.conf,\n# then restart Dnsmasq. (Its Kea takes what --for kea prints in a configuration\n# file of your own only, which its pages manage no more.)\n")
	} else {
		b.WriteString("# dnsmasq: save as /etc/dnsmasq.d/lineside.conf, then restart dnsmasq.\n")
	}
	b.WriteString("\n# no phones, whoever made their network cards\n")
	for _, m := range others {
		fmt.Fprintf(b, "dhcp-vendorclass=set:lineside-other,\"%s\"\n", m.Prefix)
	}
	for _, p := range parts {
		fmt.Fprintf(b, "\n# %s\n", p.Maker.Name)
		for _, m := range p.Is {
			dnsmasqClass(b, p.name, m)
		}
		nots := p.others(parts)
		for _, m := range nots {
			dnsmasqClass(b, p.name+"-not", m)
		}
		for _, o := range p.OUIs {
			fmt.Fprintf(b, "dhcp-mac=set:%s-mac,%s:*:*:*\n", p.name, colons(o[:]))
		}
		for _, o := range p.options {
			word := "dhcp-option"
			if o.Always {
				word = "dhcp-option-force"
			}
			not := ""
			if len(nots) > 0 {
				not = ",tag:!" + p.name + "-not"
			}
			if len(p.Is) > 0 {
				fmt.Fprintf(b, "%s=tag:%s%s,%d,%s\n", word, p.name, not, o.Code, dnsmasqValue(o))
			}
			if len(p.OUIs) > 0 {
				fmt.Fprintf(b, "%s=tag:%s-mac,tag:!lineside-phone,tag:!lineside-other,%d,%s\n", word, p.name, o.Code, dnsmasqValue(o))
			}
		}
	}
}

// others are the classes that have p's texts in them and are not p's: those its
// rule names, and those of other makers where the text does not stand first.
func (p part) others(parts []part) []vendors.ClassMatch {
	list := slices.Clone(p.Not)
	for _, q := range parts {
		for _, other := range q.Is {
			inside := slices.ContainsFunc(p.Is, func(m vendors.ClassMatch) bool { return within(m, other) })
			if q.name != p.name && inside && !slices.Contains(list, other) {
				list = append(list, other)
			}
		}
	}
	return list
}

// dnsmasqValue writes option 150 as addresses, since dnsmasq knows it as such.
// To 66 and 67 it adds a NUL, however they are written; phones have long lived
// with that.
func dnsmasqValue(o vendors.Option) string {
	if o.Code != 150 || len(o.Value) != 4 {
		return quoted(o.Value)
	}
	return netip.AddrFrom4([4]byte(o.Value)).String()
}

// anywhere is the text that servers which cannot tell where it stands look for.
func anywhere(m vendors.ClassMatch) string {
	if m.Has != "" {
		return m.Has
	}
	return m.Prefix
}

func dnsmasqClass(b *strings.Builder, tag string, m vendors.ClassMatch) {
	text := anywhere(m)
	if !plain([]byte(text)) {
		return // a binary class has the maker's name in it as well
	}
	fmt.Fprintf(b, "dhcp-vendorclass=set:%s,\"%s\"\n", tag, text)
	if !strings.HasSuffix(tag, "-not") {
		fmt.Fprintf(b, "dhcp-vendorclass=set:lineside-phone,\"%s\"\n", text)
	}
}

// writeUniFi: a UniFi gateway knows no classes, so all clients of the network
// get what is set.
func writeUniFi(b *strings.Builder, parts []part) {
	b.WriteString("UniFi tells every client of a network the same, so use a network of its own for\nphones, and enter what phones of one maker take (Settings, Networks, the phones'\nnetwork, DHCP Service Management). \"TFTP Server\" is option 66; the others are\nCustom DHCP Options of type Text. Nobody has tried it on a gateway yet.\n")
	for _, p := range parts {
		fmt.Fprintf(b, "\n%s\n", p.Maker.Name)
		for _, o := range p.options {
			if plain(o.Value) {
				fmt.Fprintf(b, "  option %-3d  %s\n", o.Code, o.Value)
			} else {
				fmt.Fprintf(b, "  option %-3d  %s  (type Hex Array)\n", o.Code, colons(o.Value))
			}
		}
	}
}
