package vendors

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func yealinkBuild(ps *params, in Input) error {
	yealinkSite(ps, in)
	if in.File.Kind == Common {
		return nil
	}
	yealinkLogin(ps, in)
	if err := yealinkTime(ps, in); err != nil {
		return err
	}
	yealinkLines(ps, in)
	yealinkDialling(ps, in)
	if in.Stage == Full {
		yealinkBook(ps, in)
		yealinkAdmin(ps, in)
		yealinkHandsets(ps, in)
		if f, ok := in.upgrade(); ok {
			ps.static("firmware.url", f.URL)
		}
	}
	return nil
}

// static writes a key both ways: firmware since V81 reads it with "static.",
// V80 and older without and ignores the other one silently.
func (ps *params) static(key, value string) {
	ps.set("static."+key, value)
	ps.set(key, value)
}

// yealinkSite is what every phone of the site shares; no secret is in it. It is
// in the common file and again in the phone's own, with the same values, so
// that it does not matter which a phone reads last or at all.
func yealinkSite(ps *params, in Input) {
	ps.static("auto_provision.server.url", in.fetchURL())
	ps.static("auto_provision.power_on", "1")
	// DHCP stays on: it is how the phones follow when the box moves. PnP and
	// the maker's cloud go off: whoever answers those first would have them.
	ps.static("auto_provision.dhcp_option.enable", "1")
	ps.static("auto_provision.pnp_enable", "0")
	ps.static("zero_touch.enable", "0")
	ps.set("static.auto_provision.user_agent_mac.enable", "1")
	// Uploads are for an operator's template to switch on: on flash they add up.
	for _, what := range []string{"local_log", "local_contact", "local_calllog"} {
		ps.set("static.auto_provision."+what+".backup.enable", "0")
	}
	ps.set("static.syslog.enable", "0")
	ps.set("syslog.server", "") // up to V80, which knows no switch
	if in.Box.CAURL != "" {
		ps.static("trusted_certificates.url", in.Box.CAURL)
		ps.static("security.ca_cert", "2")
	}
	// As shipped the phone reboots at every check-sync.
	ps.set("sip.notify_reboot_enable", "0")
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("local_time.ntp_server1", ntp)
	}
	if len(in.Site.Emergency) > 0 {
		ps.set("phone_setting.emergency.number", strings.Join(in.Site.Emergency, ","))
	}
}

// yealinkLogin is written into the MAC file only: of two files of one run the
// later would replace the login of the earlier.
func yealinkLogin(ps *params, in Input) {
	if in.Login.User != "" {
		ps.static("auto_provision.server.username", in.Login.User)
		ps.static("auto_provision.server.password", in.Login.Password.Reveal())
	}
	minutes := int(resyncEvery(in) / time.Minute)
	ps.static("auto_provision.repeat.enable", "1")
	ps.static("auto_provision.repeat.minutes", strconv.Itoa(minutes))
}

func yealinkTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	ps.set("local_time.dhcp_time", "0")
	ps.set("local_time.time_zone", yealinkOffset(c.offset))
	ps.set("local_time.summer_time", zeroOne(c.save != 0))
	if c.save != 0 {
		ps.set("local_time.dst_time_type", "1")
		ps.set("local_time.start_time", yealinkChange(c.start))
		ps.set("local_time.end_time", yealinkChange(c.stop))
		ps.set("local_time.offset_time", strconv.Itoa(int(c.save/time.Minute)))
	}
	language := "English"
	if german(in.Site) {
		language = "German"
		ps.set("voice.tone.country", "Germany")
	}
	ps.set("lang.gui", language)
	ps.set("lang.wui", language)
	return nil
}

// yealinkOffset writes "+1", "-5", "+5:30".
func yealinkOffset(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	s := sign + strconv.Itoa(int(d/time.Hour))
	if m := int(d % time.Hour / time.Minute); m != 0 {
		s += fmt.Sprintf(":%02d", m)
	}
	return s
}

// yealinkChange writes month/week/weekday/hour with Monday as 1 and the last
// week as 5.
func yealinkChange(c change) string {
	return fmt.Sprintf("%d/%d/%d/%d", c.month, c.week, mondayFirst(c.weekday), c.hour)
}

// yealinkDialling sets hotline and emergency calls. The hotline is the phone's
// delayed one and not the account's auto-dial, which dials at once and would
// take 112 away.
//
// At Holding emergency calls try the box first and the SBC second: the box
// holds the credentials and knows which SBC answers, the SBC is there if the
// box is not. At Full they go by the line like every call, so the routing is
// off, and still written, since a key left out would stay on.
func yealinkDialling(ps *params, in Input) {
	hotline := ""
	if in.Stage == Holding {
		hotline = in.Hold.Hotline
	}
	ps.set("features.hotline_number", hotline)
	ps.set("features.hotline_delay", strconv.Itoa(int(hotlineDelay/time.Second)))
	if !in.Box.Addr.IsValid() {
		ps.set("dialplan.emergency.enable", "0")
		return
	}
	ps.set("dialplan.emergency.enable", zeroOne(in.Stage == Holding))
	yealinkEmergencyServer(ps, "1", in.Box.Addr.String(), sipPort(in.Box))
	priority := "1"
	if host, port, ok := sbcOf(in.Site); ok {
		yealinkEmergencyServer(ps, "2", host, port)
		priority = "1,2"
	}
	for i, number := range in.Site.Emergency {
		n := "dialplan.emergency." + strconv.Itoa(i+1)
		ps.set(n+".value", number)
		ps.set(n+".server_priority", priority)
	}
}

func yealinkEmergencyServer(ps *params, n, host string, port int) {
	s := "dialplan.emergency.server." + n
	ps.set(s+".address", host)
	ps.set(s+".port", strconv.Itoa(port))
	ps.set(s+".transport_type", "0")
}

// yealinkBook is the remote phone book, behind a login of its own.
func yealinkBook(ps *params, in Input) {
	if in.Book.URL == "" {
		return
	}
	ps.set("features.remote_phonebook.enable", "1")
	ps.set("remote_phonebook.data.1.url", in.Book.URL)
	ps.set("remote_phonebook.data.1.name", in.Book.Name)
	ps.set("remote_phonebook.data.1.username", in.Book.Login.User)
	ps.set("remote_phonebook.data.1.password", in.Book.Login.Password.Reveal())
}

func yealinkAdmin(ps *params, in Input) {
	if password := in.Device.AdminPassword.Reveal(); password != "" {
		ps.static("security.user_password", "admin:"+password)
	}
}

// yealinkFormat is "key = value". Without the first line exactly so, the phone
// ignores the whole file; an empty value would keep the old one.
var yealinkFormat = keyValue{
	head:    "#!version:1.0.0.1\n",
	between: " = ",
	empty:   "%NULL%",
	escape:  yealinkValue,
}

// yealinkValue refuses the words that clear a parameter; %NULL% for an empty
// value is the format's own.
func yealinkValue(b []byte, s string) ([]byte, error) {
	if strings.EqualFold(s, "%NULL%") || strings.EqualFold(s, "%EMPTY%") {
		return nil, errWord
	}
	return oneLine("")(b, s)
}
