package vendors

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// ciscoSEPBuild writes the device document in the order phones are used to. A
// phone that meets an element it cannot read drops the whole file, so nothing is
// in it that was not seen in a working one.
func ciscoSEPBuild(ps *params, in Input) error {
	lines := linesOf(in)
	ps.set("fullConfig", "true")
	ps.set("deviceProtocol", "SIP")
	ciscoSEPAdmin(ps, in)
	if err := ciscoSEPPool(ps, in, lines); err != nil {
		return err
	}
	ciscoSEPProfile(ps, in, lines)
	if password := in.Device.AdminPassword.Reveal(); in.Stage == Full && password != "" {
		ps.set("commonProfile/phonePassword", password)
	}
	load := "" // keeps the firmware it has
	if f, ok := in.upgrade(); ok {
		load = strings.TrimSuffix(f.File, ".loads")
	}
	ps.set("loadInformation", load)
	ciscoSEPLocale(ps, in)
	ps.set("advertiseG722Codec", "1")
	transport := phone.UDP
	if len(lines) > 0 {
		transport = cmp.Or(lines[0].Transport, phone.UDP)
	}
	if url := in.Book.address(); in.Stage == Full && url != "" {
		ps.set("directoryURL", url)
	}
	ps.set("transportLayerProtocol", map[phone.Transport]string{phone.TCP: "1", phone.UDP: "2", phone.TLS: "3"}[transport])
	return nil
}

func ciscoSEPAdmin(ps *params, in Input) {
	if password := in.Device.AdminPassword.Reveal(); in.Stage == Full && password != "" {
		ps.set("sshUserId", "admin")
		ps.set("sshPassword", password)
	}
}

// ciscoSEPPool names the clock and the first server. Phones register with each
// line's own proxy; they go by this one until they have read so far.
func ciscoSEPPool(ps *params, in Input, lines []phone.Line) error {
	const pool = "devicePool/"
	c, err := in.clock()
	if err != nil {
		return err
	}
	template := "D/M/Y"
	if german(in.Site) {
		template = "D.M.Y"
	}
	ps.set(pool+"dateTimeSetting/dateTemplate", template)
	if zone := ciscoSEPZone(c); zone != "" {
		ps.set(pool+"dateTimeSetting/timeZone", zone)
	}
	if in.Site.NTP != "" {
		ps.set(pool+"dateTimeSetting/ntps/ntp/name", in.Site.NTP)
		ps.set(pool+"dateTimeSetting/ntps/ntp/ntpMode", "Unicast")
	}
	if len(lines) == 0 {
		return nil
	}
	const manager = pool + "callManagerGroup/members/member[priority=0]/callManager/"
	ps.set(manager+"ports/sipPort", strconv.Itoa(portOf(lines[0].Port, lines[0].Transport)))
	ps.set(manager+"ports/securedSipPort", "5061")
	ps.set(manager+"processNodeName", lines[0].Registrar)
	return nil
}

// ciscoSEPZones are the maker's names for zones, by minutes from Greenwich:
// without summer time, with it north of the equator, and south of it.
var ciscoSEPZones = map[int][3]string{
	-660: {"Samoa Standard Time"},
	-600: {"Hawaiian Standard Time"},
	-540: {"", "Alaskan Standard/Daylight Time"},
	-480: {"", "Pacific Standard/Daylight Time"},
	-420: {"US Mountain Standard Time", "Mountain Standard/Daylight Time"},
	-360: {"Canada Central Standard Time", "Central Standard/Daylight Time"},
	-300: {"SA Pacific Standard Time", "Eastern Standard/Daylight Time"},
	-240: {"SA Western Standard Time", "Atlantic Standard/Daylight Time"},
	-210: {"", "Newfoundland Standard/Daylight Time"},
	-180: {"SA Eastern Standard Time"},
	-60:  {"", "Azores Standard/Daylight Time"},
	0:    {"Greenwich Standard Time", "GMT Standard/Daylight Time"},
	60:   {"", "Central Europe Standard/Daylight Time"},
	120:  {"South Africa Standard Time", "E. Europe Standard/Daylight Time"},
	180:  {"Saudi Arabia Standard Time"},
	240:  {"Arabian Standard Time"},
	270:  {"Afghanistan Standard Time"},
	300:  {"West Asia Standard Time"},
	330:  {"India Standard Time"},
	360:  {"Central Asia Standard Time"},
	420:  {"SE Asia Standard Time"},
	480:  {"Taipei Standard Time"},
	540:  {"Tokyo Standard Time"},
	570:  {"AUS Central Standard Time", "", "Cen. Australia Standard/Daylight Time"},
	600:  {"E. Australia Standard Time", "", "AUS Eastern Standard/Daylight Time"},
	660:  {"Central Pacific Standard Time"},
	720:  {"Fiji Standard Time", "", "New Zealand Standard/Daylight Time"},
}

// ciscoSEPZone finds the name; empty is a zone these phones have none for, which
// keep what they show.
func ciscoSEPZone(c clock) string {
	kind := 0
	if c.save != 0 {
		kind = 1
		if c.start.month > c.stop.month {
			kind = 2
		}
	}
	return ciscoSEPZones[int(c.offset/time.Minute)][kind]
}

// ciscoSEPLocale names language and tones. Without the files of the maker, which
// operators add, phones stay with English.
func ciscoSEPLocale(ps *params, in Input) {
	if !german(in.Site) {
		return
	}
	ps.set("userLocale/name", "German_Germany")
	ps.set("userLocale/langCode", "de_DE")
	ps.set("networkLocale", "Germany")
}

// ciscoSEPProfile is the SIP part. The outbound proxy of line one counts for
// all: there is one place for it. Emergency calls of a phone on hold go by its
// line to the box like every call there; the SBC knows no password of it, so
// emergencyProxy stays empty.
func ciscoSEPProfile(ps *params, in Input, lines []phone.Line) {
	const profile, proxies = "sipProfile/", "sipProfile/sipProxies/"
	host, port := "", ""
	if len(lines) > 0 {
		if h, p := lines[0].Proxy(); h != "" {
			host, port = h, strconv.Itoa(portOf(p, lines[0].Transport))
		}
	}
	for _, unused := range []string{"backupProxy", "backupProxyPort", "emergencyProxy", "emergencyProxyPort"} {
		ps.set(proxies+unused, "")
	}
	ps.set(proxies+"outboundProxy", host)
	ps.set(proxies+"outboundProxyPort", port)
	ps.set(proxies+"registerWithProxy", "true")
	ps.set(profile+"sipStack/timerRegisterExpires", "3600")
	ps.set(profile+"sipStack/timerRegisterDelta", "5")
	ps.set(profile+"sipStack/remotePartyID", "true")
	ps.set(profile+"natEnabled", "false")
	ps.set(profile+"preferredCodec", "g722")
	ps.set(profile+"dtmfAvtPayload", "101")
	ps.set(profile+"dtmfOutofBand", "avt") // RFC 4733
	label := upperHex(in.File.MAC)
	if in.Stage == Full && len(lines) > 0 {
		label = lines[0].Shown()
	}
	ps.set(profile+"phoneLabel", label)
	ciscoSEPLines(ps, in, lines)
	ps.set(profile+"dialTemplate", ciscoSEPTemplate(in.Site.Emergency))
}

// ciscoSEPLines writes a button for each line, and on hold one more that dials
// the hotline: these phones have no other that leaves time for 112.
func ciscoSEPLines(ps *params, in Input, lines []phone.Line) {
	for i, l := range lines {
		at := ciscoSEPButton(i + 1)
		ps.set(at+"featureID", "9")
		ps.set(at+"featureLabel", l.Shown())
		ps.set(at+"proxy", l.Registrar)
		ps.set(at+"port", strconv.Itoa(portOf(l.Port, l.Transport)))
		ps.set(at+"name", l.User)
		ps.set(at+"displayName", displayName(l))
		ps.set(at+"authName", l.Auth())
		ps.set(at+"authPassword", l.Password.Reveal())
		ps.set(at+"contact", l.User)
		ps.set(at+"sharedLine", "false")
		ps.set(at+"autoAnswer/autoAnswerEnabled", "2")
		ps.set(at+"callWaiting", "3")
		ps.set(at+"maxNumCalls", "4")
		ps.set(at+"busyTrigger", "4")
	}
	if in.Stage == Holding && polyDialable(in.Hold.Hotline) {
		at := ciscoSEPButton(len(lines) + 1)
		ps.set(at+"featureID", "2")
		ps.set(at+"featureLabel", "PIN")
		ps.set(at+"speedDialNumber", in.Hold.Hotline)
	}
}

func ciscoSEPButton(n int) string {
	number := strconv.Itoa(n)
	return "sipProfile/sipLines/line[button=" + number + "][lineIndex=" + number + "]/"
}

// ciscoSEPTemplate is the name of the dial plan. It says which numbers are in it,
// because phones keep a plan they have as long as its name is the same.
func ciscoSEPTemplate(emergency []string) string {
	return strings.Join(append([]string{"dialplan"}, emergency...), "-") + ".xml"
}

// ciscoSEPRaw writes the dial plan: emergency numbers go out with their last
// digit, the rest when nothing more is dialled. What the name asked for says is
// not looked at: the site's numbers are what counts.
func ciscoSEPRaw(in Input) ([]byte, bool) {
	if in.File.Kind != Common {
		return nil, false
	}
	b := []byte("<DIALTEMPLATE>\n")
	for _, number := range in.Site.Emergency {
		if polyDialable(number) {
			b = append(b, `<TEMPLATE MATCH="`+number+`" TIMEOUT="0"/>`+"\n"...)
		}
	}
	return append(b, "<TEMPLATE MATCH=\"*\" TIMEOUT=\"5\"/>\n</DIALTEMPLATE>\n"...), true
}

// ciscoSEPFormat is the device document.
var ciscoSEPFormat = treeXML{head: "<device>\n", foot: "</device>\n", escape: ciscoSEPText}

// ciscoSEPText refuses blanks at the ends of a value, which these phones take as
// part of it.
func ciscoSEPText(b []byte, s string) ([]byte, error) {
	if strings.TrimSpace(s) != s {
		return nil, errEnds
	}
	return xmlText(b, s)
}
