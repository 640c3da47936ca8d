package vendors

import (
	"slices"
	"strconv"
	"strings"
)

// polyHolding sets what only a phone that is not enrolled has.
//
// Its hotline, call.autoOffHook, dials the moment the handset is lifted and
// cannot be delayed: nobody could dial 112. So it is off, and a soft key on
// the idle screen dials instead; any number dialled by hand reaches the box as
// well.
//
// Emergency calls try the box first, which holds the credentials towards the
// SBC, and the SBC itself if the box does not answer. The line's key
// shows the MAC, as does Status, Network; a soft key for it there is not.
func polyHolding(ps *params, in Input) {
	ps.set("call.autoOffHook.1.enabled", "0")
	if polyDialable(in.Hold.Hotline) {
		ps.set("feature.enhancedFeatureKeys.enabled", "1")
		ps.set("softkey.1.enable", "1")
		ps.set("softkey.1.label", "PIN")
		ps.set("softkey.1.action", in.Hold.Hotline+"$Tinvite$")
		ps.set("softkey.1.use.idle", "1")
	}
	polyDialling(ps, in)
	polyEmergencyServer(ps, "1", in.Box.Addr.String(), sipPort(in.Box))
	host, port, second := sbcOf(in.Site)
	if second {
		polyEmergencyServer(ps, "2", host, port)
	}
	for i, number := range in.Site.Emergency {
		k := "dialplan.routing.emergency." + strconv.Itoa(i+1)
		ps.set(k+".value", number)
		ps.set(k+".server.1", "1")
		if second {
			ps.set(k+".server.2", "2")
		}
	}
}

// polyDialling sends emergency numbers without waiting for more digits, in
// every state; as shipped the phone has the digit map of another country.
func polyDialling(ps *params, in Input) {
	ps.set("dialplan.digitmap", strings.Join(append(slices.Clone(in.Site.Emergency), "*xx", "x.T"), "|"))
}

func polyEmergencyServer(ps *params, n, host string, port int) {
	s := "dialplan.routing.server." + n
	ps.set(s+".address", host)
	ps.set(s+".port", strconv.Itoa(port))
	ps.set(s+".transport", "UDPOnly")
}

// polyDialable keeps the soft key's macro language out of the number.
func polyDialable(number string) bool {
	for _, c := range number {
		if !(c >= '0' && c <= '9' || c == '*' || c == '#') {
			return false
		}
	}
	return number != ""
}
