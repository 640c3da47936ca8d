package vendors

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

func fanvilBuild(ps *params, in Input) error {
	if err := fanvilSite(ps, in); err != nil || in.File.Kind == Common {
		return err
	}
	fanvilLogin(ps, in)
	if err := fanvilTime(ps, in); err != nil {
		return err
	}
	fanvilLines(ps, in)
	if in.Stage == Full {
		fanvilBook(ps, in)
		fanvilAdmin(ps, in)
	}
	return nil
}

// fanvilVersion never changes. As shipped the phone applies a file whose
// content is another than last time; one that goes by versions alone takes
// none after the first.
const fanvilVersion = "2.0000000000"

// fanvilSite is what every phone of the site shares; no secret is in it.
func fanvilSite(ps *params, in Input) error {
	scheme, _, _, err := splitURL(in.fetchURL())
	if err != nil {
		return err
	}
	ps.set("Version", fanvilVersion)
	ps.set("ap.FlashServerIP", strings.TrimRight(in.fetchURL(), "/"))
	ps.set("ap.FlashFileName", "$mac.cfg")
	ps.set("ap.FlashProtocol", map[string]string{"tftp": "2", "http": "4", "https": "5"}[scheme])
	ps.set("ap.DownloadCommonConf", "1")
	ps.set("ap.DownloadDeviceConf", "1")
	// A phone that stores what DHCP said, or asks it no more, cannot follow
	// when the box moves.
	ps.set("ap.SaveProvisionInfo", "0")
	ps.set("ap.opt.DHCPOption", "66")
	ps.set("ap.opt.DhcpOption120", "0")
	ps.set("ap.opt.SaveDHCPOpion", "0") // the maker's spelling
	ps.set("ap.pnp.PNPEnable", "0")
	ps.set("tr069.EnableTR069", "0")
	fanvilUpgrade(ps, in)
	ps.set("sip.NotifyReboot", "0")
	ps.set("log.OutputDevice", "stdout")
	ps.set("log.SyslogServer", "0.0.0.0")
	ps.set("mm.DtmfPayloadType", "101")
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("phone.date.EnableSNTP", "1")
		ps.set("phone.date.SNTPServer", ntp)
	}
	if len(in.Site.Emergency) > 0 {
		ps.set("phone.EmergencyCall", strings.Join(in.Site.Emergency, ","))
	}
	return nil
}

// fanvilUpgrade has the phone look once a day for the text that names its
// firmware; without a rule it looks nowhere, not at the maker's either.
func fanvilUpgrade(ps *params, in Input) {
	f, ok := in.upgrade()
	ps.set("fwCheck.EnableAutoUpgrade", zeroOne(ok))
	if ok {
		ps.set("fwCheck.UpgradeServer1", f.folder())
		ps.set("fwCheck.AutoUpgradeInterval", "24")
	}
}

// fanvilLogin is in the phone's own file only. The phone counts whole hours; on
// hold it comes back sooner by NOTIFY.
func fanvilLogin(ps *params, in Input) {
	if in.Login.User != "" {
		ps.set("ap.DefaultUsername", in.Login.User)
		ps.set("ap.DefaultPassword", in.Login.Password.Reveal())
	}
	ps.set("ap.FlashMode", "2")
	ps.set("ap.FlashInterval", strconv.Itoa(int(max(resyncEvery(in), time.Hour)/time.Hour)))
}

// fanvilTime counts the offset in quarters of an hour.
func fanvilTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	const d = "phone.date."
	ps.set(d+"TimeZone", strconv.Itoa(int(c.offset/(15*time.Minute))))
	ps.set(d+"TimeZoneName", fanvilZone(c.offset))
	ps.set(d+"EnableDST", map[bool]string{true: "2", false: "0"}[c.save != 0])
	if c.save != 0 {
		ps.set(d+"DSTFixedType", "2")
		ps.set(d+"DSTMinOffset", strconv.Itoa(int(c.save/time.Minute)))
		fanvilChange(ps, d+"DSTStart", c.start)
		fanvilChange(ps, d+"DSTEnd", c.stop)
	}
	language := "en"
	if german(in.Site) {
		language = "de"
	}
	ps.set("phone.display.DefaultLanguage", language)
	return nil
}

// fanvilZone writes "UTC+1", "UTC-5", "UTC+5:30".
func fanvilZone(d time.Duration) string {
	sign := '+'
	if d < 0 {
		sign, d = '-', -d
	}
	s := fmt.Sprintf("UTC%c%d", sign, int(d/time.Hour))
	if m := int(d % time.Hour / time.Minute); m != 0 {
		s += fmt.Sprintf(":%02d", m)
	}
	return s
}

func fanvilChange(ps *params, prefix string, c change) {
	ps.set(prefix+"Mon", strconv.Itoa(int(c.month)))
	ps.set(prefix+"Week", strconv.Itoa(c.week))
	ps.set(prefix+"Wday", strconv.Itoa(int(c.weekday)))
	ps.set(prefix+"Hour", strconv.Itoa(c.hour))
}

// fanvilLines writes the accounts, switches the others off, and puts what line
// 1 is called on the idle screen. On hold that is the state, and the line's key
// beside it shows the MAC: small screens have no room for both in the title.
func fanvilLines(ps *params, in Input) {
	lines := linesOf(in)
	if in.Stage == Holding {
		lines[0].DisplayName = upperHex(in.File.MAC)
	}
	title := ""
	for i, l := range lines {
		if i == 0 {
			title = l.Shown()
		}
		fanvilLine(ps, in, i+1, l)
	}
	for n := len(lines) + 1; n <= unusedUpTo(in, fanvilModels); n++ {
		line := "sip.line." + strconv.Itoa(n) + "."
		ps.set(line+"EnableReg", "0")
		ps.set(line+"RegisterPswd", "")
		ps.set(line+"ProxyPswd", "")
	}
	ps.set("phone.display.LCDTitle", title)
}

func fanvilLine(ps *params, in Input, n int, l phone.Line) {
	line := "sip.line." + strconv.Itoa(n) + "."
	transport := map[phone.Transport]string{phone.TCP: "1", phone.TLS: "3"}[l.Transport]
	if transport == "" {
		transport = "0"
	}
	ps.set(line+"PhoneNumber", l.User)
	ps.set(line+"DisplayName", displayName(l))
	ps.set(line+"RegisterAddr", l.Registrar)
	ps.set(line+"RegisterPort", strconv.Itoa(portOf(l.Port, l.Transport)))
	ps.set(line+"RegisterUser", l.Auth())
	ps.set(line+"RegisterPswd", l.Password.Reveal())
	ps.set(line+"EnableReg", "1")
	ps.set(line+"Transport", transport)
	fanvilProxy(ps, line, l)
	ps.set(line+"DTMFMode", "1") // RFC 4733
	ps.set(line+"VoiceCodecMap", "G722,PCMA,PCMU")
	// With a time the line is a warm one, which waits for a first digit.
	hotline := ""
	if in.Stage == Holding {
		hotline = in.Hold.Hotline
	}
	ps.set(line+"EnableHotline", zeroOne(hotline != ""))
	ps.set(line+"HotlineNum", hotline)
	ps.set(line+"WarmLineTime", strconv.Itoa(int(hotlineDelay/time.Second)))
}

func fanvilProxy(ps *params, line string, l phone.Line) {
	host, port := l.Proxy()
	number, user, password := "", "", ""
	if host != "" {
		number, user, password = strconv.Itoa(portOf(port, l.Transport)), l.Auth(), l.Password.Reveal()
	}
	ps.set(line+"ProxyAddr", host)
	ps.set(line+"ProxyPort", number)
	ps.set(line+"ProxyUser", user)
	ps.set(line+"ProxyPswd", password)
}

func fanvilBook(ps *params, in Input) {
	if in.Book.URL == "" {
		return
	}
	const book = "phone.xmlContact.1."
	ps.set(book+"Name", in.Book.Name)
	ps.set(book+"Addr", in.Book.URL)
	ps.set(book+"UserName", in.Book.Login.User)
	ps.set(book+"PassWd", in.Book.Login.Password.Reveal())
}

// fanvilAdmin sets the password of the web page and of the phone's menu.
func fanvilAdmin(ps *params, in Input) {
	password := in.Device.AdminPassword.Reveal()
	if password == "" {
		return
	}
	ps.set("phone.MenuPassword", password)
	ps.set("web.account.1.Name", "admin")
	ps.set("web.account.1.Password", password)
	ps.set("web.account.1.Level", "10")
}
