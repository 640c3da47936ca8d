package vendors

import (
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
)

// The most lines of a TGP500 base and of a KX-UTG.
const (
	panasonicTGPLines = 8
	panasonicUTGLines = 6
)

// panasonicTransport is SIP_TRANSPORT.
func panasonicTransport(t phone.Transport) string {
	switch t {
	case phone.TCP:
		return "1"
	case phone.TLS:
		return "2"
	}
	return "0"
}

// panasonicSource is the phone's own SIP port of line n. Two lines on one port
// and the second does not register.
func panasonicSource(n int) string { return strconv.Itoa(5060 + 10*(n-1)) }

// lines are switched off up to the most any model of the language has: a phone
// passes over those it has not.
func (t panasonicText) lines(ps *params, in Input) {
	most := phone.MaxLines
	if t.dect {
		most = panasonicTGPLines
	}
	lines := linesOf(in)
	for i, l := range lines {
		t.line(ps, in, i+1, l)
	}
	for n := len(lines) + 1; n <= most; n++ {
		end := "_" + strconv.Itoa(n)
		ps.set("LINE_ENABLE"+end, "Disabled")
		for _, key := range []string{"PHONE_NUMBER", "SIP_URI", "SIP_AUTHID", "SIP_PASS"} {
			ps.set(key+end, "")
		}
	}
	ps.set("TELEVENT_PAYLOAD", "101")
	if t.dect {
		t.handsets(ps, len(lines))
	}
}

func (t panasonicText) line(ps *params, in Input, n int, l phone.Line) {
	port := strconv.Itoa(portOf(l.Port, l.Transport))
	host, proxyPort := l.Proxy()
	// On hold the SBC stands behind the box for emergency calls; it refuses
	// all others.
	second, secondPort := "", 5060
	if sbc, port, ok := sbcOf(in.Site); ok && in.Stage == Holding {
		second, secondPort = sbc, port
	}
	end := "_" + strconv.Itoa(n)
	for _, p := range []struct{ key, value string }{
		{"LINE_ENABLE", "Enabled"},
		{"PHONE_NUMBER", l.User},
		{"SIP_URI", "sip:" + l.User + "@" + uriHost(l.Registrar)},
		{"LINE_ID", l.User},
		{"DISPLAY_NAME", displayName(l)},
		{"SIP_AUTHID", l.Auth()},
		{"SIP_PASS", l.Password.Reveal()},
		{"SIP_PRXY_ADDR", l.Registrar},
		{"SIP_PRXY_PORT", port},
		{"SIP_RGSTR_ADDR", l.Registrar},
		{"SIP_RGSTR_PORT", port},
		{"SIP_SVCDOMAIN", l.Registrar},
		{"SIP_2NDPROXY_ADDR", second},
		{"SIP_2NDPROXY_PORT", strconv.Itoa(secondPort)},
		{"SIP_2NDRGSTR_ADDR", ""},
		{"SIP_OUTPROXY_ADDR", host},
		{"SIP_OUTPROXY_PORT", strconv.Itoa(portOf(proxyPort, l.Transport))},
		{"SIP_TRANSPORT", panasonicTransport(l.Transport)},
		{"SIP_SRC_PORT", panasonicSource(n)},
		{"DIAL_PLAN", panasonicPlan(in)},
		{"DIAL_PLAN_NOT_MATCH_ENABLE", "Y"},
		{"OUTBANDDTMF", "Y"}, // RFC 4733
		{"TELEVENT_PTYPE", "101"},
	} {
		ps.set(p.key+end, p.value)
	}
	t.codecs(ps, end)
}

// codecs are named by number on phones and spelt out on the TGP500 bases.
func (t panasonicText) codecs(ps *params, end string) {
	if t.dect {
		for i, c := range []struct{ name, payload string }{{"G722", "9"}, {"PCMA", "8"}, {"PCMU", "0"}} {
			n := strconv.Itoa(i) + end
			ps.set("SDP_CODEC"+n, c.name)
			ps.set("SDP_PTYPE"+n, c.payload)
		}
		return
	}
	for i, code := range []string{"0", "1", "4"} {
		ps.set("CODEC_ENABLE"+code+end, "Y")
		ps.set("CODEC_PRIORITY"+code+end, strconv.Itoa(i+1))
	}
	ps.set("CODEC_ENABLE3"+end, "N") // G.729A
}

// handsets gives each line to one handset, and a single line to all of them.
func (t panasonicText) handsets(ps *params, lines int) {
	for n := 1; n <= panasonicTGPLines; n++ {
		at := n
		if lines == 1 && n == 1 {
			at = 0
		}
		ps.set("INCOMING_CALL_GROUP_"+strconv.Itoa(n), panasonicFlags(at, 7))
	}
	for n := 1; n <= 6; n++ {
		line := n
		if lines < n {
			line = 1
		}
		ps.set("OUTGOING_CALL_LINE_HS"+strconv.Itoa(n), panasonicFlags(line, panasonicTGPLines))
		ps.set("DEFAULT_LINE_SELECT_HS"+strconv.Itoa(n), panasonicFlags(line, panasonicTGPLines))
	}
}

// panasonicFlags is a list of noughts with a one at place n, or of ones for 0.
func panasonicFlags(n, length int) string {
	flags := make([]string, length)
	for i := range flags {
		flags[i] = zeroOne(n == 0 || n == i+1)
	}
	return strings.Join(flags, ",")
}
