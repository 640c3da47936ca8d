package integration

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/internal/golden"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/vendors"
)

// stand is one way the box stands on a LAN, or what stands there in its place.
type stand struct {
	name, title string
	// alone starts the other server as it is without the box; nil: there is none.
	alone func(l *modeLab)
	// both starts the other server and the box.
	both func(l *modeLab)
	// byInform says that phones hear of the box only when they ask by INFORM.
	byInform bool
	// moved says that the other server is elsewhere once the box is there, so its
	// own address in the answers is another.
	moved bool
	// snippet says that the other server leads the phones, and the box is silent.
	snippet bool
}

// stands are the four modes, the last one with each server that snippets are
// loaded into here.
func stands() []stand {
	beside := func(start func(*testing.T, *netlab.Host, string), text string) func(*modeLab) {
		return func(l *modeLab) { start(l.t, l.lab.Host("other", "10.77.0.2/24"), text) }
	}
	list := []stand{
		{name: "server", title: `dhcp.mode "server": the box alone`, both: func(l *modeLab) {
			pool, err := dhcpopt.ParsePool("10.77.0.20-10.77.0.99")
			if err != nil {
				l.t.Fatal(err)
			}
			l.serve(dhcpopt.Config{Pool: pool, Router: netip.MustParseAddr("10.77.0.254")})
		}},
		{name: "relay", title: `dhcp.mode "relay": before a dnsmasq at 10.78.0.2`, moved: true, alone: beside(dnsmasqWith, ""), both: func(l *modeLab) {
			other := l.lab.Host("other", "")
			l.lab.Link("uplink", l.box, "10.78.0.1/24", other, "10.78.0.2/24")
			other.Route("10.77.0.0/24", "10.78.0.1")
			dnsmasqWith(l.t, other, "")
			l.serve(dhcpopt.Config{Mode: dhcpopt.ModeRelay, Upstream: []netip.AddrPort{netip.MustParseAddrPort("10.78.0.2:67")}})
		}},
		{name: "inform", title: `dhcp.mode "inform": beside a dnsmasq at 10.77.0.2`, byInform: true, alone: beside(dnsmasqWith, ""), both: func(l *modeLab) {
			beside(dnsmasqWith, "")(l)
			l.serve(dhcpopt.Config{Mode: dhcpopt.ModeInform})
		}},
	}
	for _, f := range []struct {
		to    dhcpopt.Foreign
		start func(*testing.T, *netlab.Host, string)
	}{{dhcpopt.Dnsmasq, dnsmasqWith}, {dhcpopt.Kea, startKea}, {dhcpopt.ISC, startISC}} {
		list = append(list, stand{
			name: "off-" + string(f.to), snippet: true, title: fmt.Sprintf(`dhcp.mode "off": %s at 10.77.0.2 with the snippet`, f.to),
			alone: beside(f.start, ""),
			both: func(l *modeLab) {
				text, err := dhcpopt.Snippet(f.to, vendors.All(), vendors.Box{URL: dhcpURL, Addr: netip.MustParseAddr("10.77.0.1"), SIPPort: 5060}, nil)
				if err != nil {
					l.t.Fatal(err)
				}
				beside(f.start, text)(l)
			},
		})
	}
	return list
}

func dnsmasqWith(t *testing.T, h *netlab.Host, text string) { startDnsmasq(t, h, foreignRange+text) }

// cell is what one client got as one machine.
type cell struct{ client, addr, lead string }

// shown is what a stand's machines got.
type shown struct {
	cells map[string][]cell // by machine
	notes map[string]string
	// leads is what each phone heard of the box, by whatever it asked.
	leads map[string]string
}

// TestLAN prints what real clients get as phones of ten vendors and as a laptop,
// in each mode: phones hear the same of the box everywhere, and the laptop gets
// byte for byte what it gets without the box.
func TestLAN(t *testing.T) {
	all := stands()
	results := make([]shown, len(all))
	t.Run("stands", func(t *testing.T) {
		for i, s := range all {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel() // clients mostly wait, each in a network of its own
				results[i] = s.show(t)
			})
		}
	})
	var b strings.Builder
	for i, s := range all {
		if results[i].cells != nil {
			results[i].write(&b, s.title)
		}
	}
	t.Log("what was shown\n" + b.String())
}

// show runs every client as every machine.
func (s stand) show(t *testing.T) shown {
	t.Helper()
	alone := s.laptopAlone(t)
	l := newModeLab(t)
	s.both(l)
	g := shown{cells: make(map[string][]cell), notes: make(map[string]string), leads: make(map[string]string)}
	for _, m := range append([]machine{laptop}, tenPhones...) { // the laptop first, as it was alone
		for _, c := range dhcpClients {
			ack := c.run(t, l.client, l.seen, m)
			g.cells[m.name] = append(g.cells[m.name], cell{c.name, ack.YourIPAddr.String(), lead(ack)})
			if m == laptop && s.alone != nil {
				g.notes[m.name] += s.same(t, c.name, alone[c.name], l.exchange())
			}
		}
	}
	if s.byInform {
		s.informs(t, l, &g)
	}
	s.check(t, l, &g)
	return g
}

// exchange is the OFFER and the ACK that the laptop was sent last.
func (l *modeLab) exchange() [2]heard {
	return [2]heard{l.seen.last(laptop.mac, dhcpv4.MessageTypeOffer), l.seen.last(laptop.mac, dhcpv4.MessageTypeAck)}
}

// laptopAlone is what each client gets as the laptop without the box.
func (s stand) laptopAlone(t *testing.T) map[string][2]heard {
	t.Helper()
	if s.alone == nil {
		return nil
	}
	l := newModeLab(t)
	s.alone(l)
	told := make(map[string][2]heard)
	for _, c := range dhcpClients {
		c.run(t, l.client, l.seen, laptop)
		told[c.name] = l.exchange()
	}
	return told
}

// same compares the laptop's answers byte for byte with those it got alone, but
// for what belongs to the exchange, and says how many bytes that were.
func (s stand) same(t *testing.T, client string, alone, now [2]heard) string {
	t.Helper()
	for i, name := range []string{"OFFER", "ACK"} {
		if alone[i].m == nil || now[i].m == nil {
			t.Errorf("%s by %s was not seen", name, client)
			return ""
		}
		if want, got := s.masked(alone[i]), s.masked(now[i]); !bytes.Equal(want, got) {
			t.Errorf("the laptop's %s by %s: got\n%x, want as without the box\n%x", name, client, got, want)
		}
	}
	return fmt.Sprintf(" %s %d+%d", client, len(now[0].raw), len(now[1].raw))
}

// masked is an answer less what is another in every exchange: the transaction's
// number and the seconds it took. Where the server has moved behind the box, its
// own address, the relay's, and the hops are others too.
func (s stand) masked(h heard) []byte {
	b := bytes.Clone(h.raw)
	clear(b[4:10]) // xid, secs
	if s.moved {
		b[3] = 0        // hops
		clear(b[20:28]) // siaddr, giaddr
		if i := bytes.Index(b[240:], append([]byte{54, 4}, h.m.ServerIPAddr.To4()...)); i >= 0 {
			clear(b[240+i+2:][:4])
		}
	}
	return b
}

// informs has every phone, and the laptop, ask for options with the address set.
func (s stand) informs(t *testing.T, l *modeLab, g *shown) {
	t.Helper()
	for _, m := range tenPhones {
		g.leads[m.name] = lead(m.inform(t, l.client, l.seen, "10.77.0.1"))
		g.notes[m.name] = "INFORM by dhcpcd: " + g.leads[m.name]
	}
	laptop.inform(t, l.client, l.seen, "10.77.0.2")
	var second []heard
	waitUntil(t, "a second offer", func() bool {
		second = l.seen.from("10.77.0.1", dhcpv4.MessageTypeOffer)
		return len(second) > 0
	})
	for _, h := range second {
		if mac := h.m.ClientHWAddr.String(); mac != machineNamed("mitel").mac {
			t.Errorf("a second offer went to %s, want to the Mitel phone only", mac)
		}
	}
	g.notes["mitel"] += "\nsecond OFFER: " + lead(second[0].m)
}

func machineNamed(name string) machine {
	return tenPhones[slices.IndexFunc(tenPhones, func(m machine) bool { return m.name == name })]
}

// check wants phones led as everywhere, and the laptop not at all.
func (s stand) check(t *testing.T, l *modeLab, g *shown) {
	t.Helper()
	for _, m := range tenPhones {
		for _, c := range g.cells[m.name] {
			if s.byInform {
				if c.lead != "" {
					t.Errorf("%s by %s: got %s with the address, want nothing", m.name, c.client, c.lead)
				}
				continue
			}
			if g.leads[m.name] = c.lead; c.lead != g.cells[m.name][0].lead {
				t.Errorf("%s by %s: got %s, want what %s got, %s", m.name, c.client, c.lead, g.cells[m.name][0].client, g.cells[m.name][0].lead)
			}
		}
	}
	var lines strings.Builder
	for _, m := range tenPhones {
		fmt.Fprintf(&lines, "%-12s %s\n", m.name, g.leads[m.name])
	}
	golden.Check(t, "testdata/lan-leads.golden", []byte(lines.String()))
	for _, c := range g.cells[laptop.name] {
		if c.lead != "" {
			t.Errorf("the laptop by %s was told %s, want nothing", c.client, c.lead)
		}
	}
	if s.snippet {
		s.checkSnippet(t, l, g)
	}
	for _, kind := range []dhcpv4.MessageType{dhcpv4.MessageTypeOffer, dhcpv4.MessageTypeAck, dhcpv4.MessageTypeNak} {
		for _, h := range l.seen.from("10.77.0.1", kind) {
			toLaptop := s.alone != nil && h.m.ClientHWAddr.String() == laptop.mac
			if s.snippet || toLaptop || kind == dhcpv4.MessageTypeNak {
				t.Errorf("the box sent a %s to %s, want none", kind, h.m.ClientHWAddr)
			}
		}
	}
}

// checkSnippet runs a phone without a class, which the server finds by its
// hardware address, and one whose class has another maker's model in it (dnsmasq
// looks for "405", an AudioCodes phone, anywhere); and a PC that boots by the
// network, whose card a maker of phones made.
func (s stand) checkSnippet(t *testing.T, l *modeLab, g *shown) {
	t.Helper()
	for like, m := range map[string]machine{
		"yealink":     {"bare", "00:15:65:00:02:01", "udhcp"},
		"grandstream": {"gxp1405", "00:0b:82:00:02:02", "GXP1405"},
	} {
		if got := lead(m.run(t, l.client, l.seen)); got != g.leads[like] {
			t.Errorf("%s, class %q, was told\n  %s, want what %s is told\n  %s", m.name, m.class, got, like, g.leads[like])
		}
	}
	pc := machine{"bootpc", "00:15:65:00:02:03", "PXEClient:Arch:00000:UNDI:002001"}
	if got := lead(pc.run(t, l.client, l.seen)); got != "" {
		t.Errorf("a PC on a phone maker's network card was told %s, want nothing", got)
	}
}

// write is a line for each machine: the address each client took, and what it
// was told, once where all were told the same.
func (g shown) write(b *strings.Builder, title string) {
	fmt.Fprintf(b, "\n%s\n%-12s", title, "")
	for _, c := range dhcpClients {
		fmt.Fprintf(b, "%-14s", c.name)
	}
	b.WriteString("told\n")
	for _, m := range append(slices.Clone(tenPhones), laptop) {
		fmt.Fprintf(b, "%-12s", m.name)
		var told []string
		for _, c := range g.cells[m.name] {
			fmt.Fprintf(b, "%-14s", c.addr)
			if !slices.Contains(told, c.lead) {
				told = append(told, c.lead)
			}
		}
		text := strings.Join(told, " | ")
		if text == "" {
			text = "-"
		}
		if m == laptop && g.notes[m.name] != "" {
			text += ", as without the box; bytes of OFFER+ACK:" + g.notes[m.name]
		}
		b.WriteString(text + "\n")
		if m != laptop && g.notes[m.name] != "" {
			for line := range strings.Lines(g.notes[m.name]) {
				fmt.Fprintf(b, "%-54s%s\n", "", strings.TrimSpace(line))
			}
		}
	}
}
