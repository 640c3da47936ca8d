package vendors

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

func mitelBuild(ps *params, in Input) error {
	if err := mitelSite(ps, in); err != nil {
		return err
	}
	if in.File.Kind == Common {
		// A phone that was refused its own file offers the Log In key, where
		// somebody can type user and password of a one-time password.
		ps.set(mitelLogInKey, "1")
		return nil
	}
	ps.set(mitelLogInKey, "0")
	if in.Login.User != "" {
		ps.set("http digest username", in.Login.User)
		ps.set("http digest password", in.Login.Password.Reveal())
	}
	mitelResync(ps, in)
	if err := mitelTime(ps, in); err != nil {
		return err
	}
	mitelLines(ps, in)
	mitelHotline(ps, in)
	if f, ok := in.upgrade(); ok {
		ps.set("firmware server", f.folder())
	}
	if in.Stage == Full {
		ps.set("directory script", in.Book.address())
	}
	if password := in.Device.AdminPassword.Reveal(); in.Stage == Full && password != "" {
		ps.set("admin password", password)
	}
	return nil
}

// mitelLogInKey stands in the common files with another value than in the
// phone's own, which is read last.
const mitelLogInKey = "http digest force login"

// mitelSite is what every phone of the site shares; no secret is in it.
func mitelSite(ps *params, in Input) error {
	if err := mitelServer(ps, in); err != nil {
		return err
	}
	ps.set("contact rcs", "0") // the maker's redirection service
	ps.set("dhcp", "1")
	ps.set("log server ip", "0.0.0.0")
	if in.Box.CAURL != "" {
		ps.set("https user certificates", in.Box.CAURL)
	}
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("time server disabled", "0")
		ps.set("time server1", ntp)
	}
	if len(in.Site.Emergency) > 0 {
		ps.set("emergency dial plan", strings.Join(in.Site.Emergency, "|"))
	}
	// The emergency numbers first, each whole, so that nobody waits for the
	// digit timeout; behind them the maker's default.
	ps.set("sip dial plan", strings.Join(append(append([]string{}, in.Site.Emergency...), "x+#", "xx+*"), "|"))
	ps.set("sip dial plan terminator", "1")
	ps.set("sip use basic codecs", "0")
	ps.set("sip customized codec", mitelCodecs)
	ps.set("sip out-of-band dtmf", "1")
	return nil
}

// mitelCodecs are G.722, PCMA and PCMU by their RTP payload types.
const mitelCodecs = "payload=9;ptime=20;silsupp=off,payload=8;ptime=20;silsupp=off,payload=0;ptime=20;silsupp=off"

// mitelServer takes the URL apart: each protocol has parameters of its own. The
// path has no slash at its ends.
func mitelServer(ps *params, in Input) error {
	scheme, host, path, err := splitURL(in.Box.URL)
	if err != nil {
		return err
	}
	ps.set("download protocol", strings.ToUpper(scheme))
	port := map[string]string{"http": "80", "https": "443", "tftp": "69"}[scheme]
	if name, number, err := net.SplitHostPort(host); err == nil {
		host, port = name, number
	}
	ps.set(scheme+" server", strings.Trim(host, "[]"))
	ps.set(scheme+" port", port)
	ps.set(scheme+" path", strings.Trim(path, "/"))
	return nil
}

// mitelResync: the phone knows no interval but a time of day. The hours of the
// interval are taken for it, so a site's phones come between four and six in
// the morning.
func mitelResync(ps *params, in Input) {
	at := resyncEvery(in)
	ps.set("auto resync mode", "1")
	ps.set("auto resync time", fmt.Sprintf("%02d:%02d", int(at/time.Hour), int(at%time.Hour/time.Minute)))
	ps.set("auto resync days", "1")
	ps.set("auto resync max delay", "15") // minutes: on hold all have one time of day
}

// mitelTime counts minutes west of Greenwich, weekdays from Sunday as 1, and
// the last week as -1 (SIP administrator guide 3.2.2, A-63).
func mitelTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	ps.set("time zone name", "Custom")
	ps.set("time zone minutes", strconv.Itoa(-int(c.offset/time.Minute)))
	if c.save == 0 {
		ps.set("dst config", "0")
	} else {
		ps.set("dst config", "3")
		ps.set("dst minutes", strconv.Itoa(int(c.save/time.Minute)))
		ps.set("dst [start|end] relative date", "1")
		mitelChange(ps, "dst start ", c.start)
		mitelChange(ps, "dst end ", c.stop)
	}
	if german(in.Site) {
		// The pack is a file the operator may add; without it the phone stays
		// with English.
		ps.set("language 1", "lang_de.txt")
		ps.set("language", "1")
		ps.set("input language", "German")
		ps.set("tone set", "Germany")
	} else {
		ps.set("language", "0")
	}
	ps.set("time format", zeroOne(german(in.Site))) // 1 is of 24 hours
	return nil
}

func mitelChange(ps *params, prefix string, c change) {
	week := c.week
	if week == 5 {
		week = -1
	}
	ps.set(prefix+"month", strconv.Itoa(int(c.month)))
	ps.set(prefix+"week", strconv.Itoa(week))
	ps.set(prefix+"day", strconv.Itoa(int(c.weekday)+1))
	ps.set(prefix+"hour", strconv.Itoa(c.hour))
}

// mitelLines writes the accounts and empties the others: a line without a user
// does not register.
func mitelLines(ps *params, in Input) {
	lines := linesOf(in)
	transport := phone.UDP
	if len(lines) > 0 {
		transport = lines[0].Transport
	}
	ps.set("sip transport protocol", mitelTransport(transport))
	for i, l := range lines {
		mitelLine(ps, i+1, l)
		mitelBackup(ps, i+1, in)
	}
	// Below the state's text, on hold: which phone this is.
	second := ""
	if in.Stage == Holding {
		second = upperHex(in.File.MAC)
	}
	ps.set("sip line1 screen name 2", second)
	for n := len(lines) + 1; n <= unusedUpTo(in, mitelModels); n++ {
		line := "sip line" + strconv.Itoa(n) + " "
		ps.set(line+"user name", "")
		ps.set(line+"password", "")
	}
}

func mitelTransport(t phone.Transport) string {
	switch t {
	case phone.TCP:
		return "2"
	case phone.TLS:
		return "4"
	}
	return "1"
}

func mitelLine(ps *params, n int, l phone.Line) {
	line := "sip line" + strconv.Itoa(n) + " "
	port := strconv.Itoa(portOf(l.Port, l.Transport))
	ps.set(line+"user name", l.User)
	ps.set(line+"auth name", l.Auth())
	ps.set(line+"password", l.Password.Reveal())
	ps.set(line+"display name", displayName(l))
	ps.set(line+"screen name", l.Shown())
	ps.set(line+"registrar ip", l.Registrar)
	ps.set(line+"registrar port", port)
	ps.set(line+"proxy ip", l.Registrar)
	ps.set(line+"proxy port", port)
	host, number := l.Proxy()
	text := "0"
	if host != "" {
		text = strconv.Itoa(portOf(number, l.Transport))
	}
	ps.set(line+"outbound proxy", host)
	ps.set(line+"outbound proxy port", text)
	ps.set(line+"transport protocol", mitelTransport(l.Transport))
	ps.set(line+"srtp mode", zeroOne(l.Transport == phone.TLS)) // offered, not demanded
	ps.set(line+"dtmf method", "0")                             // RFC 4733
	ps.set(line+"autodial number", "-1")                        // as the whole phone
}

// mitelBackup is the SBC behind the box, on hold, for emergency calls; it
// refuses all others.
func mitelBackup(ps *params, n int, in Input) {
	host, port := "0.0.0.0", 0
	if sbc, at, ok := sbcOf(in.Site); ok && in.Stage == Holding {
		host, port = sbc, at
	}
	line := "sip line" + strconv.Itoa(n) + " "
	ps.set(line+"backup proxy ip", host)
	ps.set(line+"backup proxy port", strconv.Itoa(port))
}

// mitelHotline is a warm line: with a timeout the phone waits for a digit.
func mitelHotline(ps *params, in Input) {
	number := ""
	if in.Stage == Holding {
		number = in.Hold.Hotline
	}
	ps.set("sip autodial number", number)
	ps.set("sip autodial timeout", strconv.Itoa(int(hotlineDelay/time.Second)))
}
