package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sipd"
)

// minMTU is what phones and their configs are sent in without being cut up.
const minMTU = 1500

// lan looks at the interface the phones are on.
func (d *doctor) lan(context.Context) []finding {
	if d.lost != nil {
		return []finding{{Check: "interface", Result: gradeBad, Found: d.lost.Error(), Notice: "phones reach nothing of this box", Do: "correct listen.interface or listen.address; lineside check says more"}}
	}
	name := d.where.Interface
	if name == "" {
		return []finding{fine("interface", "%s, on loopback: no phones but simulated ones", d.where.Self)}
	}
	text := fmt.Sprintf("%s has %s", name, d.where.Self)
	if id := d.vlan(name); id != "" {
		text += ", VLAN " + id
	}
	mtu := d.word("sys/class/net/" + name + "/mtu")
	if mtu != "" {
		text += ", MTU " + mtu
	}
	if d.word("sys/class/net/"+name+"/carrier") == "0" {
		return []finding{{Check: "interface", Result: gradeBad, Found: text + ", no carrier", Notice: "phones reach nothing of this box", Do: "look at the cable and at the switch's port: ip link show " + name}}
	}
	if n := number(mtu); n > 0 && n < minMTU {
		return []finding{{Check: "interface", Result: gradeWarn, Found: text, Notice: "configs by TFTP and long SIP messages come in pieces, which some phones and switches lose", Do: fmt.Sprintf("ip link set %s mtu %d", name, minMTU)}}
	}
	return []finding{fine("interface", "%s", text)}
}

// word is a file of one word, "" where it cannot be read.
func (d *doctor) word(path string) string {
	text, err := fs.ReadFile(d.root, path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// vlan is the interface's VLAN, "" where it has none of its own.
func (d *doctor) vlan(name string) string {
	_, rest, ok := strings.Cut(d.word("proc/self/net/vlan/"+name), "VID: ")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "\t")
	return strings.Fields(id + " ?")[0]
}

// addressTwice asks whether somebody else has the box's address.
func (d *doctor) addressTwice(ctx context.Context) []finding {
	self := d.where.Self.Addr()
	others, err := dhcpopt.ProbeAddress(ctx, d.where.Interface, self)
	switch {
	case err != nil:
		return []finding{unseen("address", err)}
	case len(others) == 0:
		return []finding{fine("address", "nobody else has %s", self)}
	}
	macs := make([]string, len(others))
	for i, m := range others {
		macs[i] = m.String()
		if name := ownInterface(m); name != "" {
			return []finding{{
				Check: "address", Result: gradeWarn, Found: name + " of this machine answers for " + self.String() + " as well",
				Notice: "two interfaces are on the phones' LAN: what phones send may come by the wrong one, and is dropped",
				Do:     "take " + name + " off that LAN",
			}}
		}
	}
	return []finding{{
		Check: "address", Result: gradeBad, Found: fmt.Sprintf("%s has this box's address %s too", strings.Join(macs, " and "), self),
		Notice: "phones reach the one or the other: configs and registration come and go",
		Do:     "find " + macs[0] + " in the switch's table and give it another address",
	}}
}

// ownInterface names the interface of this machine that has a hardware address.
func ownInterface(m phone.MAC) string {
	list, _ := net.Interfaces()
	for _, i := range list {
		if bytes.Equal(i.HardwareAddr, m[:]) {
			return i.Name
		}
	}
	return ""
}

// dhcpServers asks what a new phone would be offered.
func (d *doctor) dhcpServers(ctx context.Context) []finding {
	const check = "dhcp-servers"
	all, err := dhcpopt.Probe(ctx, d.where.Interface, "yealink")
	if err != nil {
		return []finding{unseen(check, err)}
	}
	var others []dhcpopt.Answer
	for _, a := range all {
		if ownInterface(a.From) == "" && !slices.ContainsFunc(others, func(o dhcpopt.Answer) bool { return o.Server == a.Server && o.From == a.From }) {
			others = append(others, a)
		}
	}
	mode := d.settings.DHCP.Mode
	gives := mode == dhcpopt.ModeServer || mode == dhcpopt.ModeRelay
	if len(others) == 0 && gives {
		return []finding{fine(check, "no other DHCP server answers")}
	}
	if len(others) == 0 {
		return []finding{{Check: check, Result: gradeBad, Found: fmt.Sprintf("no DHCP server answers, and dhcp.mode = %q gives no addresses", mode),
			Notice: "phones get no address and stay without network", Do: `start the LAN's DHCP server, or set dhcp.mode = "server"`}}
	}
	var out []finding
	for _, a := range others {
		out = append(out, d.weigh(check, a, gives))
	}
	return out
}

// feigned says in whose name a machine answers that is not the box, which does
// not hear its own probe: the box's, or that of a server whose answers come to the
// LAN by the box alone; empty where it is its own.
func (d *doctor) feigned(a dhcpopt.Answer) string {
	if a.Server == d.where.Self.Addr() {
		return "this box"
	}
	if d.settings.DHCP.Mode == dhcpopt.ModeRelay && slices.ContainsFunc(d.settings.DHCP.Upstream, func(u netip.AddrPort) bool { return u.Addr() == a.Server }) {
		return "a server of dhcp.upstream"
	}
	return ""
}

// weigh says what it means that a server offers this to phones.
func (d *doctor) weigh(check string, a dhcpopt.Answer, gives bool) finding {
	lead := a.Lead()
	text := fmt.Sprintf("%s offers a phone %s", a.Server, a.Addr)
	if lead != "" {
		text += " and tells it " + lead
	}
	if name := d.feigned(a); name != "" {
		return finding{check, gradeBad, fmt.Sprintf("%s offers a phone %s in the name of %s (%s)", a.From, a.Addr, name, a.Server),
			"phones that believe it get a wrong address or fetch their configs elsewhere",
			fmt.Sprintf("find %s in the switch's table and take it off the network; where it is a router that relays DHCP itself, switch its relay off for this LAN", a.From)}
	}
	here := strings.Contains(lead, d.where.Self.Addr().String()) || d.settings.Listen.URL != "" && strings.Contains(lead, d.settings.Listen.URL)
	switch {
	case gives:
		return finding{check, gradeBad, text, "a phone takes whichever answer comes first, so some never ask this box",
			fmt.Sprintf("switch the DHCP server at %s off for this LAN, or let it give the addresses and set dhcp.mode = \"inform\"", a.Server)}
	case lead != "" && !here:
		return finding{check, gradeBad, text, "phones fetch their configs there, or none",
			fmt.Sprintf("set those options of the server at %s to what `lineside dhcp snippet` prints", a.Server)}
	case lead == "" && d.settings.DHCP.Mode == dhcpopt.ModeOff:
		return finding{check, gradeWarn, text + " and nothing of its configs", "phones do not find this box",
			fmt.Sprintf("set the options on the server at %s: lineside dhcp snippet prints what to paste", a.Server)}
	}
	return fine(check, "%s", text)
}

// pnpServers asks by multicast as a new phone does.
func (d *doctor) pnpServers(ctx context.Context) []finding {
	const check = "pnp-servers"
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(ctx, "udp4", net.JoinHostPort(d.where.Self.Addr().String(), "0"))
	if err != nil {
		return []finding{unseen(check, err)}
	}
	defer func() { _ = conn.Close() }()
	found, err := sipd.ProbePnP(ctx, sipd.PnPProbe{Conn: conn, Wait: d.patience})
	if err != nil && !errors.Is(err, context.Canceled) {
		return []finding{unseen(check, err)}
	}
	if len(found) == 0 {
		return []finding{fine(check, "no other PnP server answers")}
	}
	var out []finding
	for _, s := range found {
		out = append(out, finding{check, gradeBad, s.String(), "phones that ask by multicast may fetch from there instead of from here",
			fmt.Sprintf("switch the PnP server at %s off, or this box's: listen.pnp = false", s.Addr)})
	}
	return out
}
