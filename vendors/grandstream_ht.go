package vendors

import (
	"strconv"
	"time"

	"github.com/lineside/lineside/phone"
)

// grandstreamHT serves the adapters of one or two ports. Each port is a line;
// what is plugged in has no screen.
func grandstreamHT() Maker {
	m := grandstreamMaker(grandstreamHTVendor, "Grandstream HT", grandstreamHTModels)
	m.Shows = Shows{Hotline: true, HotlineDelay: true, NoMAC: macNoScreen}
	m.build = grandstreamAdapter
	m.MaxLines = len(grandstreamBlocks)
	m.Unverified = append(m.Unverified, "codecs of port 2 in P757 to P759, as the profiles of other models have them")
	return m
}

// grandstreamBlock is where a port of an HT, or a profile of a larger unit, has
// its parameters. The two number them alike.
type grandstreamBlock struct {
	active, server, proxy, transport, srtp, payload, plan, delay string
	codecs                                                       [len(grandstreamCodecs)]string
	dtmf                                                         [3]string // first, second and third choice
	user, auth, password, display, hotline                       string    // of a port only
}

var grandstreamBlocks = [...]grandstreamBlock{
	{
		active: "P271", server: "P47", proxy: "P48", transport: "P130", srtp: "P183", payload: "P79", plan: "P4200", delay: "P4045",
		codecs: [...]string{"P57", "P58", "P59"}, dtmf: [...]string{"P850", "P851", "P852"},
		user: "P35", auth: "P36", password: "P34", display: "P3", hotline: "P71",
	},
	{
		active: "P401", server: "P747", proxy: "P748", transport: "P830", srtp: "P443", payload: "P779", plan: "P4201", delay: "P4046",
		codecs: [...]string{"P757", "P758", "P759"}, dtmf: [...]string{"P860", "P861", "P862"},
		user: "P735", auth: "P736", password: "P734", display: "P703", hotline: "P771",
	},
}

func grandstreamAdapter(ps *params, in Input) error {
	if err := grandstreamSite(ps, in); err != nil || in.File.Kind == Common {
		return err
	}
	grandstreamLogin(ps, in, "3")
	if err := grandstreamTime(ps, in); err != nil {
		return err
	}
	lines := linesOf(in)
	for i, b := range grandstreamBlocks {
		ps.set(b.hotline, grandstreamHotline(in, i))
		if i >= len(lines) {
			ps.set(b.active, "0")
			ps.set(b.password, "")
			continue
		}
		l := lines[i]
		ps.set(b.user, l.User)
		ps.set(b.auth, l.Auth())
		ps.set(b.password, l.Password.Reveal())
		ps.set(b.display, displayName(l))
		b.write(ps, in, l)
	}
	return nil
}

// grandstreamHotline is what port i dials by itself: the box's number on the
// first one at Holding. It waits (block.delay), so that 112 can be dialled.
func grandstreamHotline(in Input, i int) string {
	if in.Stage == Holding && i == 0 {
		return in.Hold.Hotline
	}
	return ""
}

// write sets all but the account.
func (b grandstreamBlock) write(ps *params, in Input, l phone.Line) {
	ps.set(b.active, "1")
	ps.set(b.server, grandstreamServer(l))
	ps.set(b.proxy, grandstreamProxy(l))
	ps.set(b.transport, grandstreamTransport(l.Transport))
	ps.set(b.srtp, zeroOne(l.Transport == phone.TLS)) // offered, not demanded
	for i, codec := range grandstreamCodecs {
		ps.set(b.codecs[i], codec)
	}
	for i, method := range [...]string{"101", "102", "100"} { // RFC 4733, INFO, in audio
		ps.set(b.dtmf[i], method)
	}
	ps.set(b.payload, "101")
	ps.set(b.plan, grandstreamDialPlan(in))
	ps.set(b.delay, strconv.Itoa(int(hotlineDelay/time.Second)))
}
