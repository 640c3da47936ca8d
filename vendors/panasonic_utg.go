package vendors

import (
	"strconv"
	"time"

	"github.com/lineside/lineside/phone"
)

// Branches of a KX-UTG config. Without a perm attribute a parameter can be
// changed on the phone, and is set again by the next config unless it was.
const (
	panasonicUTGSystem = "Device/System/"
	panasonicUTGProv   = panasonicUTGSystem + "Prov/"
	panasonicUTGHTTP   = "Device/Network/HTTP/"
)

func panasonicUTGBuild(ps *params, in Input) error {
	own := in.fetchURL() + panasonicUTGOwn + "{MAC}.cfg"
	if in.File.Kind == Common {
		ps.set("Initial/CfgFiles/CFG_STANDARD_FILE_PATH", own)
	}
	ps.set(panasonicUTGSystem+"Syslog/SYSLOG_SERVER_ENABLE", "N")
	for _, p := range []struct{ key, value string }{
		{"PROVISION_ENABLE", "Y"},
		{"OPTION160_ENABLE", "Y"},
		{"OPTION159_ENABLE", "Y"},
		{"OPTION66_ENABLE", "Y"},
		{"SIPPNP_ENABLE", "N"},
		{"CFG_RESYNC_FROM_SIP", "check-sync"},
		{"USR_PROV_SVR_URL", own},
	} {
		ps.set(panasonicUTGProv+p.key, p.value)
	}
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("Device/Network/NTP/NTP_ADDR", ntp)
	}
	if in.File.Kind == Common {
		return nil
	}
	c, err := in.clock()
	if err != nil {
		return err
	}
	panasonicClock(ps, panasonicUTGSystem+"SysTime/", c)
	ps.set("Device/Phone/Telephone/DEFAULT_LANGUAGE", panasonicLanguage(in.Site))
	panasonicUTGLogin(ps, in)
	panasonicUTGHotline(ps, in)
	lines := linesOf(in)
	for i, l := range lines {
		panasonicUTGLine(ps, in, i+1, l)
	}
	for n := len(lines) + 1; n <= panasonicUTGLines; n++ {
		sip := panasonicUTGAt(n) + "Sip/"
		ps.set(sip+"LINE_ENABLE", "No")
		ps.set(sip+"SIP_PASS", "")
	}
	return nil
}

func panasonicUTGLogin(ps *params, in Input) {
	user, password := in.Login.User, in.Login.Password.Reveal()
	ps.set(panasonicUTGProv+"USR_PROV_SVR_AUTH_ID", user)
	ps.set(panasonicUTGProv+"USR_PROV_SVR_AUTH_PASSWORD", password)
	ps.set(panasonicUTGHTTP+"HTTP_AUTH_ID", user)
	ps.set(panasonicUTGHTTP+"HTTP_AUTH_PASSWORD", password)
	minutes := int(resyncEvery(in) / time.Minute)
	ps.set(panasonicUTGProv+"CFG_CYCLIC", "Y")
	ps.set(panasonicUTGProv+"CFG_CYCLIC_INTVL", strconv.Itoa(minutes))
	ps.set(panasonicUTGProv+"CFG_RTRY_INTVL", strconv.Itoa(min(minutes, 30)))
	if password := in.Device.AdminPassword.Reveal(); password != "" && in.Stage == Full {
		ps.set(panasonicUTGSystem+"LoginAcc/ADMIN_ID", "admin")
		ps.set(panasonicUTGSystem+"LoginAcc/ADMIN_PASS", password)
	}
}

func panasonicUTGHotline(ps *params, in Input) {
	number := ""
	if in.Stage == Holding {
		number = in.Hold.Hotline
	}
	const at = "Device/Phone/HotLine/"
	ps.set(at+"HOT_LINE_ENABLE", panasonicYes(number != ""))
	ps.set(at+"HOT_LINE_NUMBER", number)
	ps.set(at+"HOT_LINE_DELAY_TIME", strconv.Itoa(int(hotlineDelay/time.Second)))
}

func panasonicUTGAt(n int) string { return "Device/Lines/Line[idx=" + strconv.Itoa(n) + "]/" }

func panasonicUTGLine(ps *params, in Input, n int, l phone.Line) {
	at := panasonicUTGAt(n)
	port := strconv.Itoa(portOf(l.Port, l.Transport))
	host, proxyPort := l.Proxy()
	for _, p := range []struct{ key, value string }{
		{"Voip/DTMF_MODE", "1"}, // RFC 4733
		{"Voip/DTMF_RELAY", "N"},
		{"Voip/TELEVENT_PAYLOAD", "101"},
		{"CallCtrl/DISPLAY_NAME", displayName(l)},
		{"CallCtrl/DIAL_PLAN", panasonicPlan(in)},
		{"CallCtrl/DIAL_PLAN_NOT_MATCH_ENABLE", "Y"},
		{"Sip/LINE_ENABLE", "Yes"},
		{"Sip/PHONE_NUMBER", l.User},
		{"Sip/SIP_URI", "sip:" + l.User + "@" + uriHost(l.Registrar)},
		{"Sip/SIP_AUTHID", l.Auth()},
		{"Sip/SIP_PASS", l.Password.Reveal()},
		{"Sip/SIP_SRC_PORT", panasonicSource(n)},
		{"Sip/SIP_PRXY_ADDR", l.Registrar},
		{"Sip/SIP_PRXY_PORT", port},
		{"Sip/SIP_RGSTR_ADDR", l.Registrar},
		{"Sip/SIP_RGSTR_PORT", port},
		{"Sip/SIP_SVCDOMAIN", l.Registrar},
		{"Sip/SIP_OUTPROXY_ADDR", host},
		{"Sip/SIP_OUTPROXY_PORT", strconv.Itoa(portOf(proxyPort, l.Transport))},
		{"Sip/SIP_TRANSPORT", panasonicTransport(l.Transport)},
	} {
		ps.set(at+p.key, p.value)
	}
	for i, codec := range []string{"G722", "PCMA", "PCMU"} {
		ps.set(at+"Voip/CODEC_ENABLE_"+codec, "Y")
		ps.set(at+"Voip/CODEC_PRIORITY_"+codec, strconv.Itoa(i+1))
	}
}
