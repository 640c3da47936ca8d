package vendors

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// polyLeastPeriod is the shortest polling period in seconds: the phone wants
// more than 3600. A holding phone so long comes back late if the NOTIFY after
// its PIN was lost; switching it off and on is the quicker way.
const polyLeastPeriod = 3601

func polyRender(in Input) ([]byte, error) {
	ps := make(params, 0, 256)
	switch in.File.Kind {
	case Boot:
		return polyMaster(in.File.MAC.Hex())
	case Common:
		return polyCommon(ps, in)
	case Config:
	default:
		return nil, fmt.Errorf("a Poly phone has no file of kind %d", in.File.Kind)
	}
	if err := checkConfig(in); err != nil {
		return nil, err
	}
	if err := polySite(&ps, in); err != nil {
		return nil, err
	}
	ps.set("prov.quickSetup.enabled", zeroOne(in.Stage == Holding))
	polyLogin(&ps, in)
	if err := polyTime(&ps, in); err != nil {
		return nil, err
	}
	polyLines(&ps, in)
	if in.Stage == Holding {
		polyHolding(&ps, in)
		return polyFormat(ps)
	}
	if p := in.Device.AdminPassword.Reveal(); p != "" {
		ps.device("auth.localAdminPassword", p)
	}
	if err := ps.override(polyExtra(in.Device.Overrides)); err != nil {
		return nil, err
	}
	return polyFormat(ps)
}

// polyMaster names the phone's own parameters before the shared ones: of a
// parameter in both the first counts.
func polyMaster(mac string) ([]byte, error) {
	return []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<APPLICATION APP_FILE_PATH="" CONFIG_FILES="` + mac + polyOwn + ", " + polyShared + `" MISC_FILES="" LOG_FILE_DIRECTORY="" OVERRIDES_DIRECTORY="" CONTACTS_DIRECTORY="" LICENSE_DIRECTORY="" USER_PROFILES_DIRECTORY="" CALL_LISTS_DIRECTORY="" COREFILE_DIRECTORY=""/>
`), nil
}

// polyCommon is the master file of phones that were refused one of their own,
// which the phone fills with its own MAC, or the shared parameters. Those show
// a key to type in user name and password: it is the only file a phone has
// while its own is refused. The phone's own file says when to take it away.
func polyCommon(ps params, in Input) ([]byte, error) {
	if !strings.EqualFold(in.File.Name, polyShared) {
		return polyMaster("[PHONE_MAC_ADDRESS]")
	}
	if err := polySite(&ps, in); err != nil {
		return nil, err
	}
	ps.set("prov.quickSetup.enabled", "1")
	return polyFormat(ps)
}

// device writes a parameter kept in flash. Without its .set beside it, and one
// device.set for all, the phone ignores it silently.
func (ps *params) device(key, value string) {
	ps.set("device."+key+".set", "1")
	ps.set("device."+key, value)
}

// polySite is what every phone of the site shares, without secrets. DHCP stays
// the first place a phone looks: fixing the server in flash would strand it
// when the box moves. The box's CA is not in it: these phones take a
// certificate as text and from no URL.
func polySite(ps *params, in Input) error {
	scheme, host, path, err := splitURL(in.Box.URL)
	if err != nil {
		return err
	}
	ps.set("device.set", "1")
	ps.device("prov.serverType", strings.ToUpper(scheme))
	ps.device("prov.serverName", host+"/"+path)
	ps.device("prov.ztpEnabled", "0")
	ps.device("prov.tagSerialNo", "1")
	ps.set("prov.quickSetup.limitServerDetails", "1")
	ps.set("prov.autoConfigUpload.enabled", "0")
	ps.set("feature.logUpload.enabled", "0")
	ps.set("voIpProt.SIP.specialEvent.checkSync.alwaysReboot", "0")
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("tcpIpApp.sntp.address", ntp)
		ps.set("tcpIpApp.sntp.address.overrideDHCP", "1")
	}
	return nil
}

func polyLogin(ps *params, in Input) {
	if in.Login.User != "" {
		ps.device("prov.user", in.Login.User)
		ps.device("prov.password", in.Login.Password.Reveal())
	}
	period := max(int(resyncEvery(in)/time.Second), polyLeastPeriod)
	ps.set("prov.polling.enabled", "1")
	ps.set("prov.polling.mode", "rel")
	ps.set("prov.polling.period", strconv.Itoa(period))
}

func polyTime(ps *params, in Input) error {
	c, err := clockOf(in.Site.Zone, in.Year)
	if err != nil {
		return err
	}
	ps.set("tcpIpApp.sntp.gmtOffset", strconv.Itoa(int(c.offset/time.Second)))
	ps.set("tcpIpApp.sntp.gmtOffset.overrideDHCP", "1")
	ps.set("tcpIpApp.sntp.daylightSavings.enable", zeroOne(c.save != 0))
	if c.save != 0 {
		ps.set("tcpIpApp.sntp.daylightSavings.fixedDayEnable", "0")
		polyChange(ps, "start", c.start)
		polyChange(ps, "stop", c.stop)
	}
	language := "English_United_States"
	if german(in.Site) {
		language = "German_Germany"
	}
	ps.set("lcl.ml.lang", language)
	return nil
}

// polyChange names the week by the first day it can begin on, 1, 8, 15 or 22,
// and counts weekdays from Sunday as 1.
func polyChange(ps *params, which string, c change) {
	k := "tcpIpApp.sntp.daylightSavings." + which + "."
	ps.set(k+"month", strconv.Itoa(int(c.month)))
	ps.set(k+"date", strconv.Itoa(min(c.week-1, 3)*7+1))
	ps.set(k+"dayOfWeek", strconv.Itoa(int(c.weekday)+1))
	ps.set(k+"dayOfWeek.lastInMonth", zeroOne(c.week == 5))
	ps.set(k+"time", strconv.Itoa(c.hour))
}

func polyLines(ps *params, in Input) {
	lines := linesOf(in)
	for i, l := range lines {
		polyLine(ps, i+1, l)
	}
	for n := len(lines) + 1; n <= unusedUpTo(in, polyVendor); n++ {
		reg := "reg." + strconv.Itoa(n)
		ps.set(reg+".address", "")
		ps.set(reg+".auth.password", "")
	}
	ps.set("sec.srtp.offer", zeroOne(slices.ContainsFunc(lines, func(l phone.Line) bool { return l.Transport == phone.TLS })))
	for i, codec := range []string{"G722", "G711_A", "G711_Mu"} {
		ps.set("voice.codecPref."+codec, strconv.Itoa(i+1))
	}
	ps.set("tone.dtmf.viaRtp", "1") // RFC 4733
	ps.set("tone.dtmf.rfc2833Control", "1")
	ps.set("tone.dtmf.rfc2833Payload", "101")
	ps.set("voIpProt.SIP.dtmfViaSignaling.rfc2976", "0")
}

func polyLine(ps *params, n int, l phone.Line) {
	reg := "reg." + strconv.Itoa(n) + "."
	transport := map[phone.Transport]string{phone.TCP: "TCPOnly", phone.TLS: "TLS"}[l.Transport]
	if transport == "" {
		transport = "UDPOnly"
	}
	ps.set(reg+"address", l.User)
	ps.set(reg+"auth.userId", l.Auth())
	ps.set(reg+"auth.password", l.Password.Reveal())
	ps.set(reg+"displayName", displayName(l))
	ps.set(reg+"label", l.Shown())
	ps.set(reg+"server.1.address", l.Registrar)
	ps.set(reg+"server.1.port", strconv.Itoa(portOf(l.Port, l.Transport)))
	ps.set(reg+"server.1.transport", transport)
	ps.set(reg+"server.1.register", "1")
	if host, port := l.Proxy(); host != "" {
		ps.set(reg+"outboundProxy.address", host)
		ps.set(reg+"outboundProxy.port", strconv.Itoa(portOf(port, l.Transport)))
		ps.set(reg+"outboundProxy.transport", transport)
	}
}

// polyExtra gives overrides of device.* their .set, which operators forget and
// without which the phone passes over them.
func polyExtra(extra map[string]string) map[string]string {
	more := maps.Clone(extra)
	for k := range extra {
		if !strings.HasPrefix(k, "device.") || strings.HasSuffix(k, ".set") {
			continue
		}
		if _, said := extra[k+".set"]; !said {
			more[k+".set"] = "1"
		}
	}
	return more
}

// polyFormat writes one element that carries every parameter as an attribute;
// the phone does not look at element names.
func polyFormat(ps params) ([]byte, error) {
	b := make([]byte, 0, 56*len(ps)+256)
	b = append(b, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<polycomConfig>\n<lineside"...)
	for _, p := range ps {
		if err := p.check(); err != nil {
			return nil, err
		}
		b = append(append(b, "\n  "...), p.key...)
		b = append(b, "=\""...)
		b = append(appendXML(b, p.value), '"')
	}
	return append(b, "/>\n</polycomConfig>\n"...), nil
}
