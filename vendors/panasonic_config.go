package vendors

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// panasonicText is the text language: of the phones, or of the TGP500 bases.
type panasonicText struct {
	own  string // what its per-phone files begin with
	dect bool
}

// panasonicFormat is k="v" on lines that end as in DOS. The first line must be
// head and the last one empty, or the phone ignores the file without a word.
func panasonicFormat(head string) keyValue {
	return keyValue{head: head, foot: "\r\n", between: "=", end: "\r\n", names: nameOf(""), escape: quoted, maxLine: 537}
}

func (t panasonicText) build(ps *params, in Input) error {
	t.site(ps, in)
	if in.File.Kind == Common {
		// The product file's place is the one a phone's own config does not
		// use: whenever the phone reads this file again, it keeps the path
		// with its login, which stands in the standard file's.
		ps.set("CFG_PRODUCT_FILE_PATH", in.fetchURL()+t.own+"{MAC}.cfg")
		return nil
	}
	t.login(ps, in)
	if err := t.time(ps, in); err != nil {
		return err
	}
	t.lines(ps, in)
	t.dialling(ps, in)
	if f, ok := in.upgrade(); ok && f.Version != "" && !t.dect {
		ps.set("FIRM_UPGRADE_ENABLE", "Y")
		ps.set("FIRM_VERSION", f.Version)
		ps.set("FIRM_UPGRADE_AUTO", "Y")
		ps.set("FIRM_FILE_PATH", f.URL)
	}
	if password := in.Device.AdminPassword.Reveal(); password != "" && in.Stage == Full {
		ps.set("ADMIN_ID", "admin")
		ps.set("ADMIN_PASS", password)
	}
	return nil
}

// site is what all phones of the site share. DHCP is asked at every start, so
// that phones follow when the box moves; SIP PnP goes off, for whoever answers
// it first comes before DHCP.
func (t panasonicText) site(ps *params, in Input) {
	ps.set("PROVISION_ENABLE", "Y")
	ps.set("OPTION66_ENABLE", "Y")
	ps.set("OPTION66_REBOOT", "Y")
	if !t.dect {
		ps.set("OPTION159_PROV_ENABLE", "Y")
		ps.set("OPTION160_PROV_ENABLE", "Y")
		ps.set("SIPPNP_PROV_ENABLE", "N")
	}
	ps.set("CFG_RESYNC_FROM_SIP", "check-sync")
	ps.set("CFG_RESYNC_TIME", "")
	ps.set("HTTP_USER_AGENT", "Panasonic_{MODEL}/{fwver} ({mac})")
	ps.set("SYSLOG_ADDR", "")
	verify := "0"
	if in.Box.CAURL != "" {
		verify = "1"
		ps.set("CFG_ROOT_CERTIFICATE_PATH", in.Box.CAURL)
	}
	ps.set("HTTP_SSL_VERIFY", verify)
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("NTP_ADDR", ntp)
	}
}

// login puts the login into the path of the phone's own file, and beside it for
// the paths without one.
func (t panasonicText) login(ps *params, in Input) {
	ps.set("CFG_MASTER_FILE_PATH", "")
	ps.set("CFG_PRODUCT_FILE_PATH", "")
	ps.set("CFG_STANDARD_FILE_PATH", urlWithLogin(in.fetchURL(), in.Login)+t.own+upperHex(in.File.MAC)+".cfg")
	ps.set("HTTP_AUTH_ID", in.Login.User)
	ps.set("HTTP_AUTH_PASSWORD", in.Login.Password.Reveal())
	minutes := int(resyncEvery(in) / time.Minute)
	ps.set("CFG_CYCLIC", "Y")
	ps.set("CFG_CYCLIC_INTVL", strconv.Itoa(minutes))
	ps.set("CFG_RTRY_INTVL", strconv.Itoa(min(minutes, 30)))
}

// urlWithLogin puts a login into a URL, for devices that have no other place for
// it. Without a user, or if raw is no URL, it is raw.
func urlWithLogin(raw string, l Login) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || l.User == "" {
		return raw
	}
	u.User = url.UserPassword(l.User, l.Password.Reveal())
	return u.String()
}

// time counts in minutes, weekdays from Sunday as 0, and calls the last week 5.
func (t panasonicText) time(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	panasonicClock(ps, "", c)
	ps.set("DEFAULT_LANGUAGE", panasonicLanguage(in.Site))
	return nil
}

// panasonicClock serves both languages, whose names are the same.
func panasonicClock(ps *params, before string, c clock) {
	minutes := func(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }
	ps.set(before+"TIME_ZONE", minutes(c.offset))
	if c.save == 0 {
		ps.set(before+"DST_ENABLE", "N")
		return
	}
	ps.set(before+"DST_ENABLE", "Y")
	ps.set(before+"DST_OFFSET", minutes(c.save))
	for _, at := range []struct {
		which string
		change
	}{{"DST_START_", c.start}, {"DST_STOP_", c.stop}} {
		ps.set(before+at.which+"MONTH", strconv.Itoa(int(at.month)))
		ps.set(before+at.which+"ORDINAL_DAY", strconv.Itoa(at.week))
		ps.set(before+at.which+"DAY_OF_WEEK", strconv.Itoa(int(at.weekday)))
		ps.set(before+at.which+"TIME", strconv.Itoa(at.hour*60))
	}
}

func panasonicLanguage(s phone.Site) string {
	if german(s) {
		return "de"
	}
	return "en-US"
}

// dialling sets emergency numbers, which go out at once, and the hotline, which
// waits. All else goes out as it is dialled.
func (t panasonicText) dialling(ps *params, in Input) {
	for i := range 5 {
		number := ""
		if i < len(in.Site.Emergency) {
			number = in.Site.Emergency[i]
		}
		ps.set("EMERGENCY_CALL"+strconv.Itoa(i+1), number)
	}
	if t.dect {
		return
	}
	number := ""
	if in.Stage == Holding {
		number = in.Hold.Hotline
	}
	ps.set("HOT_LINE_ENABLE", panasonicYes(number != ""))
	ps.set("HOT_LINE_NUMBER", number)
	ps.set("HOT_LINE_DELAY_TIME", strconv.Itoa(int(hotlineDelay/time.Second)))
}

func panasonicYes(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}

func panasonicPlan(in Input) string { return strings.Join(in.Site.Emergency, "|") }
