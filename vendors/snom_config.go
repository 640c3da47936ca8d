package vendors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

func snomBuild(ps *params, in Input) error {
	snomSite(ps, in)
	if in.File.Kind == Common {
		return nil
	}
	snomLogin(ps, in)
	if err := snomTime(ps, in); err != nil {
		return err
	}
	snomLines(ps, in)
	snomHotline(ps, in)
	if in.Stage == Full {
		snomBook(ps, in)
		snomAdmin(ps, in)
		snomUpgrade(ps, in)
	}
	return nil
}

// snomSite is what every phone of the site shares, without secrets: in the
// model's file and, with the same values, in the phone's own, because which of
// the two wins has surprised people.
//
// PnP and DHCP do not change the server the phone has stored. Unless
// setting_server is written it walks the whole chain at each boot, the maker's
// cloud first.
func snomSite(ps *params, in Input) {
	if in.Box.CAURL != "" {
		ps.set(snomCertificate, in.Box.CAURL)
	}
	ps.set("setting_server", in.fetchURL())
	ps.set("pnp_config", onOff(false))
	ps.set("challenge_checksync", onOff(false))
	ps.set("syslog_server", "")
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("ntp_server", ntp)
		ps.set("ntp_refresh_timer", "3600")
	}
	if len(in.Site.Emergency) > 0 {
		ps.set("keyboard_lock_emergency", strings.Join(in.Site.Emergency, " "))
	}
}

// snomLogin is the login the phone offers at the next challenge.
func snomLogin(ps *params, in Input) {
	if in.Login.User != "" {
		ps.set("http_client_user", in.Login.User)
		ps.set("http_client_pass", in.Login.Password.Reveal())
	}
	ps.set("settings_refresh_timer", strconv.Itoa(int(resyncEvery(in)/time.Second)))
}

// snomTime gives offset and rules in figures. The named zones ("GER+1") carry
// rules of the firmware's age, so the name is emptied.
func snomTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	ps.set("timezone", "")
	ps.set("utc_offset", fmt.Sprintf("%+d", int(c.offset/time.Second)))
	dst := ""
	if c.save != 0 {
		dst = fmt.Sprintf("%d %s %s", int(c.save/time.Second), snomChange(c.start), snomChange(c.stop))
	}
	ps.set("dst", dst)
	language := "English"
	if german(in.Site) {
		language = "Deutsch"
		ps.set("tone_scheme", "GER")
	}
	ps.set("language", language)
	ps.set("web_language", language)
	ps.set("time_24_format", onOff(german(in.Site)))
	ps.set("date_us_format", onOff(false))
	return nil
}

// snomChange writes month.week.weekday and the time, with Monday as 01 and the
// last week as 05.
func snomChange(c change) string {
	return fmt.Sprintf("%02d.%02d.%02d %02d:00:00", c.month, c.week, mondayFirst(c.weekday), c.hour)
}

// snomLines writes the identities and switches the others off. The idle
// screen shows the number of an enrolled phone, and the MAC of one that is not:
// the installer needs it and would have to look for it in a menu.
func snomLines(ps *params, in Input) {
	lines := linesOf(in)
	for i, l := range lines {
		number := l.User
		if in.Stage == Holding {
			number = upperHex(in.File.MAC)
		}
		snomLine(ps, i+1, l, number)
	}
	for n := len(lines) + 1; n <= min(unusedUpTo(in, snomModels), snomIdentities); n++ {
		ps.setAt("user_active", n, onOff(false))
		ps.setAt("user_pass", n, "")
	}
}

// snomIdentities is how many accounts the largest snom desk phone has.
const snomIdentities = 12

func snomLine(ps *params, n int, l phone.Line, number string) {
	host := l.Registrar
	if l.Port != 0 {
		host = hostPort(l.Registrar, l.Port)
	}
	ps.setAt("user_active", n, onOff(true))
	ps.setAt("user_name", n, l.User)
	ps.setAt("user_pname", n, l.Auth())
	ps.setAt("user_pass", n, l.Password.Reveal())
	ps.setAt("user_realname", n, displayName(l))
	ps.setAt("user_idle_text", n, l.Shown())
	ps.setAt("user_idle_number", n, number)
	ps.setAt("user_host", n, host)
	ps.setAt("user_outbound", n, snomOutbound(l))
	ps.setAt("user_srtp", n, onOff(l.Transport == phone.TLS))
	ps.setAt("user_dtmf_info", n, onOff(false)) // by telephone-event, RFC 4733
	ps.setAt("codec_priority_list", n, "g722,pcma,pcmu,telephone-event")
}

// snomOutbound carries the transport too: the phone has no other place for it,
// so a line without a proxy that is not on UDP names its registrar there.
func snomOutbound(l phone.Line) string {
	host, port := l.Proxy()
	if host == "" {
		if l.Transport == "" || l.Transport == phone.UDP {
			return ""
		}
		host, port = l.Registrar, l.Port
	}
	transport := l.Transport
	if transport == "" {
		transport = phone.UDP
	}
	return hostPort(host, portOf(port, l.Transport)) + ";transport=" + string(transport)
}

// snomHotline: with a target, an auto_dial of three or more is the seconds a
// lifted handset waits before it dials. Emergency calls of the holding state
// go by the identity, to the box, like every call there: emergency_proxy would
// send them to an SBC that knows no password of this phone.
func snomHotline(ps *params, in Input) {
	if in.Stage == Holding && in.Hold.Hotline != "" {
		ps.set("auto_dial", strconv.Itoa(int(hotlineDelay/time.Second)))
		ps.set("auto_dial_target", in.Hold.Hotline)
		return
	}
	ps.set("auto_dial", onOff(false))
	ps.set("auto_dial_target", "")
}

// snomAdmin sets the password of web page and admin mode, in the spellings of
// old and new firmware.
func snomAdmin(ps *params, in Input) {
	password := in.Device.AdminPassword.Reveal()
	if password == "" {
		return
	}
	ps.set("http_user", "admin")
	ps.set("http_pass", password)
	ps.set("webserver_admin_name", "admin")
	ps.set("webserver_admin_password", password)
	ps.set("admin_mode_password", password)
	ps.set("admin_mode_password_confirm", password)
}

// snomUpgrade names the firmware in the settings themselves, which spares the phone
// a file that names it. As shipped it asks the person at it first. Gigaset's phones
// of this language know that other file only.
func snomUpgrade(ps *params, in Input) {
	if f, ok := in.upgrade(); ok && in.File.Vendor == snomVendor {
		ps.set("firmware", f.URL)
		ps.set("update_policy", "auto_update")
	}
}

// snomBook puts the phone book behind the directory key. The phone would show
// the book's server the login it fetches its settings with, so the book's own is
// in the path.
func snomBook(ps *params, in Input) {
	if in.Book.URL != "" {
		ps.set("dkey_directory", "url "+in.Book.address())
	}
}

// snomSettle takes "user_srtp.2" for the parameter user_srtp of identity 2:
// snom's own names have no dots.
func snomSettle(ps *params) error {
	for i, p := range *ps {
		key, tail, dotted := strings.Cut(p.key, ".")
		if !dotted {
			continue
		}
		idx, err := strconv.Atoi(tail)
		if err != nil || idx < 1 || idx > 999 || strconv.Itoa(idx) != tail {
			return fmt.Errorf("override %.60q: a snom parameter has no dots but before its index, as in user_srtp.1", p.key)
		}
		(*ps)[i].key, (*ps)[i].idx = key, int32(idx)
	}
	return nil
}

// snomCertificate stands for the URL of a CA, which is no setting but an element
// of a section of its own.
const snomCertificate = "certificate"

// snomFormat is the settings document: flat settings, and behind them the CA.
// The empty perm leaves a setting writable on the phone and overwritten at the
// next fetch.
type snomFormat struct{ flatXML }

func (f snomFormat) write(s *scratch, ps params) ([]byte, error) {
	f.head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<settings>\n<phone-settings e=\"2\">\n"
	f.foot = "</phone-settings>\n"
	at := slices.IndexFunc(ps, func(p param) bool { return p.key == snomCertificate })
	if at < 0 {
		f.foot += "</settings>\n"
		return f.flatXML.write(s, ps)
	}
	url, err := f.escape(nil, ps[at].value)
	if err != nil {
		return nil, ps[at].refuse(err)
	}
	f.foot += "<certificates>\n<certificate url=\"" + string(url) + "\"/>\n</certificates>\n</settings>\n"
	return f.flatXML.write(s, slices.Delete(slices.Clone(ps), at, at+1))
}
