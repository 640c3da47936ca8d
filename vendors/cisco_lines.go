package vendors

import (
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// lines writes the accounts and switches the others off.
func (c ciscoFlat) lines(ps *params, in Input) {
	lines := linesOf(in)
	for i, l := range lines {
		c.line(ps, i+1, l)
		ciscoDialling(ps, in, i+1)
	}
	for n := len(lines) + 1; n <= min(unusedUpTo(in, c.models), c.most); n++ {
		at := "_" + strconv.Itoa(n) + "_"
		ps.set("Line_Enable"+at, "No")
		// Without this the phone keeps the password of a line it lost.
		ps.set("Password"+at, "")
		if c.keys {
			ps.set("Extension"+at, "Disabled")
			ps.set("Short_Name"+at, "")
		}
	}
	ps.set("AVT_Dynamic_Payload", "101")
}

func (c ciscoFlat) line(ps *params, n int, l phone.Line) {
	at := "_" + strconv.Itoa(n) + "_"
	ps.set("Line_Enable"+at, "Yes")
	ps.set("Display_Name"+at, displayName(l))
	ps.set("User_ID"+at, l.User)
	ps.set("Auth_ID"+at, l.Auth())
	if c.authSwitch {
		ps.set("Use_Auth_ID"+at, "Yes")
	}
	ps.set("Password"+at, l.Password.Reveal())
	ps.set("Proxy"+at, hostPort(l.Registrar, portOf(l.Port, l.Transport)))
	proxy := ""
	if host, port := l.Proxy(); host != "" {
		proxy = hostPort(host, portOf(port, l.Transport))
	}
	ps.set("Outbound_Proxy"+at, proxy)
	if c.proxySwitch {
		ps.set("Use_Outbound_Proxy"+at, ciscoYes(proxy != ""))
	}
	ps.set("Use_DNS_SRV"+at, "No")
	ps.set("SIP_Transport"+at, ciscoTransport(l.Transport))
	ps.set("Register"+at, "Yes")
	// A phone that lost its registration must still try to reach 112.
	ps.set("Make_Call_Without_Reg"+at, "Yes")
	ps.set("Auth_Resync-Reboot"+at, "Yes")
	ps.set("DTMF_Tx_Method"+at, "AVT") // RFC 4733
	ps.set("Use_Pref_Codec_Only"+at, "No")
	for i, which := range []string{"", "Second_", "Third_"} {
		codec := "Unspecified"
		if i < len(c.codecs) {
			codec = c.codecs[i]
		}
		ps.set(which+"Preferred_Codec"+at, codec)
	}
	if c.keys {
		ps.set("Extension"+at, strconv.Itoa(n))
		ps.set("Short_Name"+at, l.Shown())
	}
}

func ciscoTransport(t phone.Transport) string {
	if t == "" {
		t = phone.UDP
	}
	return strings.ToUpper(string(t))
}

// ciscoDialling writes the line's dial plan. The emergency numbers come first
// and go out with their last digit. A phone on hold dials the hotline when
// nothing was dialled for a while after the handset was lifted; on hold there
// is one line, whose registrar is the box, so every number reaches it.
func ciscoDialling(ps *params, in Input, n int) {
	var plan []string
	if in.Stage == Holding && polyDialable(in.Hold.Hotline) {
		plan = append(plan, "P"+strconv.Itoa(int(hotlineDelay/time.Second))+"<:"+in.Hold.Hotline+">")
	}
	for _, number := range in.Site.Emergency {
		plan = append(plan, number+"S0")
	}
	plan = append(plan, "*xx.", "xx.")
	at := "_" + strconv.Itoa(n) + "_"
	ps.set("Dial_Plan"+at, "("+strings.Join(plan, "|")+")")
	// Calls to these are not barred, and no flash or waiting call breaks them.
	ps.set("Emergency_Number"+at, strings.Join(in.Site.Emergency, ","))
}

// ciscoShown writes what the corner of the idle screen shows: the label of line
// one, or on hold the MAC, which the installer would have to look for in a menu
// (the state's text stands beside the line key).
func ciscoShown(ps *params, in Input, names ...string) {
	shown := upperHex(in.File.MAC)
	if lines := linesOf(in); in.Stage == Full && len(lines) > 0 {
		shown = lines[0].Shown()
	}
	for _, name := range names {
		ps.set(name, shown)
	}
}
