package vendors

import (
	"strconv"

	"github.com/lineside/lineside/phone"
)

// pattonSOS is the hunt group of emergency calls at Holding.
const pattonSOS = "HG_SOS"

// calls writes the call router. Each port has a SIP trunk of its own, so that
// its calls leave by its own account.
//
// A dialled number is sent when the longest of its routes is complete: emergency
// numbers at once, all others five seconds after the last digit or by #. There
// is no hotline. It would be a route for no digits at all, and the router does
// not take one while a longer route, an emergency number's, could still be
// dialled (SmartWare guide, "Call router configuration").
func (d pattonDialect) calls(ps *params, in Input, lines []phone.Line) {
	cs := "context cs " + d.cs + "/"
	for i, l := range lines {
		ps.set(cs+"routing-table called-uri RT_IN/route {} dest-interface IF_FXS"+strconv.Itoa(i), "sip:"+l.User+"@.%")
	}
	for i, l := range lines {
		host, port := l.Proxy()
		if host == "" {
			host, port = l.Registrar, l.Port
		}
		d.trunk(ps, "SIP"+strconv.Itoa(i), host, portOf(port, l.Transport))
	}
	if in.Stage == Holding {
		d.hunt(ps, in)
	}
	for i, l := range lines {
		d.port(ps, in, strconv.Itoa(i), l)
	}
	ps.command(cs + "no shutdown")
}

func (d pattonDialect) trunk(ps *params, name, host string, port int) {
	sip := "context cs " + d.cs + "/interface sip IF_" + name + "/"
	ps.command(sip + "bind context sip-gateway GW")
	ps.command(sip + "route call dest-table RT_IN")
	ps.command(sip+"remote {} {}", host, strconv.Itoa(port))
}

// hunt sends emergency calls of the holding state to the box first, which holds
// the credentials, and to the SBC if the box does not answer.
func (d pattonDialect) hunt(ps *params, in Input) {
	group := "context cs " + d.cs + "/service hunt-group " + pattonSOS + "/"
	host, port, second := sbcOf(in.Site)
	if second {
		d.trunk(ps, "SBC", host, port)
	}
	ps.command(group + "timeout 3")
	ps.command(group + "route call dest-interface IF_SIP0")
	if second {
		ps.command(group + "route call dest-interface IF_SBC")
	}
}

// port is one FXS port: its routes and its interface.
func (d pattonDialect) port(ps *params, in Input, n string, l phone.Line) {
	cs := "context cs " + d.cs + "/"
	table := cs + "routing-table called-e164 RT_FXS" + n + "/"
	emergency := "dest-interface IF_SIP" + n
	if in.Stage == Holding {
		emergency = "dest-service " + pattonSOS
	}
	for i, number := range in.Site.Emergency {
		ps.setAt(table+"route {} "+emergency, i+1, number)
	}
	rest := ".T"
	if d.trinity {
		rest = ".%T"
	}
	ps.command(table + "route " + rest + " dest-interface IF_SIP" + n)
	fxs := cs + "interface fxs IF_FXS" + n + "/"
	ps.command(fxs + "route call dest-table RT_FXS" + n)
	ps.command(fxs + "caller-id-presentation mid-ring")
	ps.command(fxs + "message-waiting-indication stutter-dial-tone")
	ps.set(fxs+"subscriber-number {}", l.User)
}
