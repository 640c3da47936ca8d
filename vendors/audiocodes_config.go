package vendors

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

func audiocodesBuild(ps *params, in Input) error {
	audiocodesFetch(ps, in)
	if err := audiocodesTime(ps, in); err != nil {
		return err
	}
	audiocodesLines(ps, in)
	ps.set("voip/signalling/sip/digit_map", strings.Join(in.Site.Emergency, "|"))
	ps.set("management/telnet/enabled", "0")
	ps.set("system/syslog/server_address", "")
	if password := in.Device.AdminPassword.Reveal(); in.Stage == Full && password != "" {
		ps.set("system/user_name", "admin")
		ps.set("system/password", password)
	}
	return nil
}

// audiocodesFetch fixes the server in the phone. Left at "dynamic" it would ask
// by multicast whoever answers, and the maker's redirect service, as soon as
// DHCP has no answer.
//
// An enrolled phone comes back after four hours and a random time of at most
// two, which it picks itself.
func audiocodesFetch(ps *params, in Input) {
	ps.set("provisioning/method", "STATIC")
	ps.set("provisioning/configuration/url", in.fetchURL()+in.File.MAC.Hex()+".cfg")
	firmware := ""
	if f, ok := in.upgrade(); ok {
		firmware = f.URL
	}
	ps.set("provisioning/firmware/url", firmware)
	period, spread := "HOURLY", resyncSpread
	if in.Stage == Holding {
		period, spread = "EVERY5MINUTES", 0
	}
	ps.set("provisioning/period/type", period)
	ps.set("provisioning/period/hourly/hours_interval", strconv.Itoa(int(resyncLeast/time.Hour)))
	ps.set("provisioning/random_provisioning_time", strconv.Itoa(int(spread/time.Minute)))
	ps.set("voip/services/notify/check_sync/force_reboot_enabled", "0")
}

func audiocodesTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	ntp := in.Site.NTP
	ps.set("system/ntp/enabled", "1")
	ps.set("network/lan/dhcp/ntp/server_list/enabled", zeroOne(ntp == ""))
	if ntp != "" {
		ps.set("system/ntp/primary_server_address", ntp)
	}
	ps.set("network/lan/dhcp/ntp/gmt_offset/enabled", "0")
	ps.set("system/ntp/gmt_offset", audiocodesOffset(c.offset))
	if c.save == 0 {
		ps.set("system/daylight_saving/activate", "Disable")
	} else {
		ps.set("system/daylight_saving/activate", "Enable")
		ps.set("system/daylight_saving/mode", "DayOfWeek")
		ps.set("system/daylight_saving/offset", strconv.Itoa(int(c.save/time.Minute)))
		audiocodesChange(ps, "start_date", c.start)
		audiocodesChange(ps, "end_date", c.stop)
	}
	language, country := "ENGLISH", ""
	if german(in.Site) {
		language, country = "GERMAN", "Germany"
	}
	ps.set("personal_settings/language", language)
	if country != "" {
		ps.set("voip/regional_settings/selected_country", country)
	}
	return nil
}

// audiocodesOffset writes "+01:00", "-03:00".
func audiocodesOffset(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%02d:%02d", sign, d/time.Hour, d%time.Hour/time.Minute)
}

func audiocodesChange(ps *params, which string, c change) {
	k := "system/daylight_saving/" + which + "/"
	ps.set(k+"month", strconv.Itoa(int(c.month)))
	ps.set(k+"week", strconv.Itoa(c.week))
	ps.set(k+"day_of_week", c.weekday.String())
	ps.set(k+"hour", strconv.Itoa(c.hour))
	ps.set(k+"minute", "0")
}

// audiocodesLines writes one server, that of the first line, for the phone has
// no more, and each line's account at it.
func audiocodesLines(ps *params, in Input) {
	lines := labelledLines(in)
	first := phone.Line{}
	if len(lines) > 0 {
		first = lines[0]
	}
	audiocodesServer(ps, first)
	for i, l := range lines {
		n := "voip/line/" + strconv.Itoa(i) + "/"
		ps.set(n+"enabled", "1")
		ps.set(n+"id", l.User)
		ps.set(n+"description", l.Shown())
		ps.set(n+"auth_name", l.Auth())
		ps.set(n+"auth_password", l.Password.Reveal())
	}
	for i := len(lines); i < unusedUpTo(in, audiocodesModels); i++ {
		n := "voip/line/" + strconv.Itoa(i) + "/"
		ps.set(n+"enabled", "0")
		ps.set(n+"auth_password", "")
	}
}

func audiocodesServer(ps *params, l phone.Line) {
	const sip = "voip/signalling/sip/"
	port := strconv.Itoa(portOf(l.Port, l.Transport))
	transport := l.Transport
	if transport == "" {
		transport = phone.UDP
	}
	ps.set(sip+"transport_protocol", strings.ToUpper(string(transport)))
	ps.set(sip+"use_proxy", "1")
	ps.set(sip+"proxy_address", l.Registrar)
	ps.set(sip+"proxy_port", port)
	ps.set(sip+"use_proxy_ip_port_for_registrar", "1")
	ps.set(sip+"sip_registrar/enabled", "1")
	ps.set(sip+"sip_registrar/addr", l.Registrar)
	ps.set(sip+"sip_registrar/port", port)
	host, at := l.Proxy()
	text := ""
	if host != "" {
		text = strconv.Itoa(portOf(at, l.Transport))
	}
	ps.set(sip+"sip_outbound_proxy/enabled", zeroOne(host != ""))
	ps.set(sip+"sip_outbound_proxy/addr", host)
	ps.set(sip+"sip_outbound_proxy/port", text)
	ps.set("voip/media/dtmf_transport_mode", "RFC2833") // RFC 4733 by its old number
	for i, codec := range []string{"G722_8000", "PCMA", "PCMU"} {
		n := "voip/codec/codec_info/" + strconv.Itoa(i) + "/"
		ps.set(n+"enabled", "1")
		ps.set(n+"name", codec)
		ps.set(n+"ptime", "20")
	}
}

// audiocodesFormat is "path/name=value"; a semicolon begins a comment.
var audiocodesFormat = keyValue{between: "=", names: nameOf("._-/"), escape: oneLine(";")}
