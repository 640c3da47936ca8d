package vendors

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// avayaBuild writes the phone's own file. These phones keep what a later file
// leaves out, so defaults are written out too.
func avayaBuild(ps *params, in Input) error {
	if err := avayaSite(ps, in); err != nil {
		return err
	}
	if err := avayaTime(ps, in); err != nil {
		return err
	}
	if err := avayaLine(ps, in); err != nil {
		return err
	}
	avayaDialling(ps, in)
	if f, ok := in.upgrade(); ok {
		ps.set("APPNAME", f.File)
	}
	web := false
	if in.Stage == Full {
		avayaLanguage(ps, in)
		ps.set("DOWNLOADABLE_DIRECTORY", in.Book.address())
		web = avayaAdmin(ps, in)
	}
	ps.set("ENABLE_WEBSERVER", zeroOne(web))
	return nil
}

// avayaSite is where the phone fetches from, with its login, and what turns it
// into a plain SIP phone. The maker's enrolment service is switched off; so is
// whatever would leave the phone in the maker's own call server's hands.
func avayaSite(ps *params, in Input) error {
	s, err := avayaServerOf(in.fetchURL())
	if err != nil {
		return err
	}
	// The one not used is emptied: the phone tries TLSSRVR before HTTPSRVR.
	used, other := "HTTP", "TLS"
	if s.secure {
		used, other = other, used
	}
	ps.set(used+"SRVR", s.host)
	ps.set(used+"PORT", s.port)
	ps.set(used+"DIR", s.dir)
	ps.set(other+"SRVR", "")
	if in.Login.User != "" {
		ps.set("FORCE_HTTP_AUTH_USERNAME", in.Login.User)
		ps.set("FORCE_HTTP_AUTH_PASSWORD", in.Login.Password.Reveal())
	}
	ps.set("DES_STAT", "1")
	ps.set("ENABLE_AVAYA_ENVIRONMENT", "0")
	ps.set("DISCOVER_AVAYA_ENVIRONMENT", "0")
	ps.set("ENABLE_IPOFFICE", "0")
	ps.set("ENABLE_3PCC_ENVIRONMENT", "1")
	ps.set("3PCC_SERVER_MODE", "0")
	// A NOTIFY outside a dialogue is ignored as shipped.
	ps.set("ENABLE_OOD_RESET_NOTIFY", "1")
	ps.set("ENABLE_OOD_MSG_TLS_ONLY", "0")
	ps.set("AUTOMATIC_UPDATE_POLICY", "1")
	ps.set("AUTOMATIC_UPDATE_WINDOW", avayaWindow(in))
	ps.set("LOGSRVR", "")
	ps.set("SYSLOG_ENABLED", "0")
	if in.Box.CAURL != "" {
		ps.set("TRUSTCERTS", in.Box.CAURL)
		ps.set("ENABLE_PUBLIC_CA_CERTS", "1")
	}
	return nil
}

// avayaWindow is the hours within which the phone picks its moment of the day:
// the night for enrolled phones, since it restarts, and any for one on hold.
func avayaWindow(in Input) string {
	if in.Stage == Holding {
		return "0,0"
	}
	return "1,5"
}

func avayaTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("SNTPSRVR", ntp)
	}
	ps.set("TIMEZONE", "")
	ps.set("GMTOFFSET", avayaOffset(c.offset))
	// DSTOFFSET counts whole hours: half an hour cannot be said.
	if c.save < time.Hour {
		ps.set("DAYLIGHT_SAVING_SETTING_MODE", "0")
		return nil
	}
	ps.set("DAYLIGHT_SAVING_SETTING_MODE", "2")
	ps.set("DSTOFFSET", strconv.Itoa(int(c.save/time.Hour)))
	ps.set("DSTSTART", avayaChange(c.start))
	ps.set("DSTSTOP", avayaChange(c.stop))
	return nil
}

// avayaOffset writes "1:00", "-5:00", "5:30".
func avayaOffset(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%d:%02d", sign, d/time.Hour, d%time.Hour/time.Minute)
}

// avayaChange writes "LSunMar2L": the week, or L for the last, then day, month
// and hour, and L for local time.
func avayaChange(c change) string {
	week := strconv.Itoa(c.week)
	if c.week == 5 {
		week = "L"
	}
	return fmt.Sprintf("%s%s%s%dL", week, c.weekday.String()[:3], c.month.String()[:3], c.hour)
}

// avayaPassword is the longest SIP password the guides name, in bytes. It is
// held where an operator entered one; the box's own of the holding account is
// longer by one, and goes out all the same.
const avayaPassword = 31

// avayaLine writes the one account there is in open SIP mode: of several lines
// the first. A registrar without ";transport=" would be asked by TLS.
func avayaLine(ps *params, in Input) error {
	lines := labelledLines(in)
	if len(lines) == 0 {
		lines = []phone.Line{{}}
	}
	l := lines[0]
	password := l.Password.Reveal()
	if in.Stage == Full && len(password) > avayaPassword {
		return fmt.Errorf("value of FORCE_SIP_PASSWORD %w", errLong)
	}
	ps.set("FORCE_SIP_USERNAME", l.User)
	ps.set("FORCE_SIP_EXTENSION", l.Auth())
	ps.set("FORCE_SIP_PASSWORD", password)
	ps.set("ENABLE_SIP_USER_ID", "1")
	ps.set("PRIMARY_LINE_EXTENSION", l.Shown())
	ps.set("DISPLAY_NAME", displayName(l))
	ps.set("SIPDOMAIN", l.Registrar)
	ps.set("SIP_CONTROLLER_LIST", avayaController(l))
	ps.set("ENABLE_UDP_TRANSPORT", "1")
	srtp := "9" // none
	if l.Transport == phone.TLS {
		srtp = "1,9"
	}
	ps.set("MEDIAENCRYPTION", srtp)
	ps.set("CODEC_PRIORITY", "G722,G711A,G711U")
	ps.set("ENABLE_G722", "1")
	for _, codec := range []string{"G726", "G729", "OPUS"} {
		ps.set("ENABLE_"+codec, "0")
	}
	ps.set("SEND_DTMF_TYPE", "2") // RFC 4733
	ps.set("DTMF_PAYLOAD_TYPE", "101")
	return nil
}

// avayaController is the one server the phone speaks SIP with, the outbound
// proxy where there is one.
func avayaController(l phone.Line) string {
	host, port := l.Proxy()
	if host == "" {
		host, port = l.Registrar, l.Port
	}
	if host == "" {
		return ""
	}
	transport := l.Transport
	if transport == "" {
		transport = phone.UDP
	}
	return hostPort(host, portOf(port, transport)) + ";transport=" + string(transport)
}

// avayaDialling: HOTLINE stays empty, since with one every lifted handset dials
// it at once and nothing else can be called, 112 neither.
func avayaDialling(ps *params, in Input) {
	ps.set("HOTLINE", "")
	numbers := in.Site.Emergency
	ps.set("DIALPLAN", strings.Join(numbers, "|"))
	first, more := "", ""
	if len(numbers) > 0 {
		first, more = numbers[0], strings.Join(numbers[1:], ",")
	}
	ps.set("PHNEMERGNUM", first)
	ps.set("PHNMOREEMERGNUMS", more)
}

// avayaLanguage names the texts by file; the phone fetches all but English from
// its server, and stays with English where that has none.
func avayaLanguage(ps *params, in Input) {
	file := "Mlf_English.xml"
	if german(in.Site) {
		file = "Mlf_J169_J179_German.xml"
		if in.Device.Model == "J129" {
			file = "Mlf_J129_German.xml"
		}
	}
	ps.set("SYSTEM_LANGUAGE", file)
}

// avayaFormat is "SET name value"; any line that begins otherwise is a comment,
// a jump or a condition.
var avayaFormat = keyValue{before: "SET ", between: " ", names: avayaName, escape: avayaValue}

// avayaName holds names that begin with a digit too, as in 3PCC_SERVER_MODE.
func avayaName(s string) bool {
	for _, r := range s {
		if !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_') {
			return false
		}
	}
	return s != ""
}

// avayaMacros are what the phone puts its own facts in the place of.
var avayaMacros = regexp.MustCompile(`(?i)\$(?:MODEL[46]|GROUP|MACADDR|IPADD|SUBNET|HWVERS|SIG_IN_USE|SERIALNO)`)

// avayaValue refuses the phone's macros: it would write something else.
func avayaValue(b []byte, s string) ([]byte, error) {
	if strings.Contains(s, "$") && avayaMacros.MatchString(s) {
		return nil, errWord
	}
	return quotedIfNeeded(b, s)
}
