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
		ps.set(d.names[i].incoming, "sip:"+l.User+"@.%")
	}
	for i, l := range lines {
		host, port := l.Proxy()
		if host == "" {
			host, port = l.Registrar, l.Port
		}
		d.names[i].trunk.set(ps, host, portOf(port, l.Transport))
	}
	if in.Stage == Holding {
		d.hunt(ps, in)
	}
	for i, l := range lines {
		d.names[i].port(ps, in, l)
	}
	ps.command(cs + "no shutdown")
}

func (at pattonTrunk) set(ps *params, host string, port int) {
	ps.command(at.gateway)
	ps.command(at.incoming)
	ps.command(at.remote, host, strconv.Itoa(port))
}

// hunt sends emergency calls of the holding state to the box first, which holds
// the credentials, and to the SBC if the box does not answer.
func (d pattonDialect) hunt(ps *params, in Input) {
	group := "context cs " + d.cs + "/service hunt-group " + pattonSOS + "/"
	host, port, second := sbcOf(in.Site)
	if second {
		d.trunkNames("SBC").set(ps, host, port)
	}
	ps.command(group + "timeout 3")
	ps.command(group + "route call dest-interface IF_SIP0")
	if second {
		ps.command(group + "route call dest-interface IF_SBC")
	}
}

// port is one FXS port: its routes and its interface.
func (at *pattonNames) port(ps *params, in Input, l phone.Line) {
	emergency := at.emergency
	if in.Stage == Holding {
		emergency = at.emergencyHeld
	}
	for i, number := range in.Site.Emergency {
		ps.setAt(emergency, i+1, number)
	}
	ps.command(at.rest)
	ps.command(at.routes)
	ps.command(at.callerID)
	ps.command(at.messageWaiting)
	ps.set(at.shown, l.User)
}
