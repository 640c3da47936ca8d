package vendors

import (
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

func polyBuild(ps *params, in Input) error {
	if err := polySite(ps, in); err != nil {
		return err
	}
	if in.File.Kind == Common {
		// The shared file shows a key to type in user name and password: it is
		// the only file a phone has while its own is refused. The phone's own
		// file says when to take it away.
		ps.set("prov.quickSetup.enabled", "1")
		return nil
	}
	ps.set("prov.quickSetup.enabled", zeroOne(in.Stage == Holding))
	polyLogin(ps, in)
	if err := polyTime(ps, in); err != nil {
		return err
	}
	polyLines(ps, in)
	if in.Stage == Holding {
		polyHolding(ps, in)
		return nil
	}
	polyDialling(ps, in)
	if p := in.Device.AdminPassword.Reveal(); p != "" {
		ps.device("auth.localAdminPassword", p)
	}
	return nil
}

// polyRaw writes the master files: the phone's own, and the one of phones that
// were refused theirs, which the phone fills with its own MAC.
func polyRaw(in Input) ([]byte, bool) {
	switch {
	case in.File.Kind == Boot:
		return polyMaster(in.File.MAC.Hex()), true
	case in.File.Kind == Common && !strings.EqualFold(in.File.Name, polyShared):
		return polyMaster("[PHONE_MAC_ADDRESS]"), true
	}
	return nil, false
}

// polyMaster names the phone's own parameters before the shared ones: of a
// parameter in both the first counts.
func polyMaster(mac string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<APPLICATION APP_FILE_PATH="" CONFIG_FILES="` + mac + polyOwn + ", " + polyShared + `" MISC_FILES="" LOG_FILE_DIRECTORY="" OVERRIDES_DIRECTORY="" CONTACTS_DIRECTORY="" LICENSE_DIRECTORY="" USER_PROFILES_DIRECTORY="" CALL_LISTS_DIRECTORY="" COREFILE_DIRECTORY=""/>
`)
}

// device writes a parameter kept in flash. Without its .set beside it, and one
// device.set for all, the phone ignores it silently.
func (ps *params) device(key, value string) {
	ps.set("device."+key+".set", "1")
	ps.set("device."+key, value)
}

// polySite is what every phone of the site shares, without secrets. DHCP stays
// the first place a phone looks: fixing the server in flash would strand it
// when the box moves. The box's CA is in it as text: these phones take it from
// no URL.
func polySite(ps *params, in Input) error {
	scheme, host, path, err := splitURL(in.fetchURL())
	if err != nil {
		return err
	}
	ps.set("device.set", "1")
	ps.device("prov.serverType", strings.ToUpper(scheme))
	ps.device("prov.serverName", host+"/"+path)
	ps.device("prov.ztpEnabled", "0")
	ps.device("prov.tagSerialNo", "1")
	if in.Box.CA != "" {
		ps.device("sec.TLS.customCaCert1", strings.TrimSpace(in.Box.CA))
		ps.device("sec.TLS.profile.caCertList1", "BuiltinAndPlatform")
	}
	// Kept in flash, so an earlier platform's would go on listening.
	ps.device("syslog.serverName", "")
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
	c, err := in.clock()
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
	lines := labelledLines(in)
	for i, l := range lines {
		polyLine(ps, i+1, l)
	}
	for n := len(lines) + 1; n <= unusedUpTo(in, polyModels); n++ {
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

// polySettle gives device.* parameters of operators their .set, which they
// forget and without which the phone passes over them, and takes the .set of a
// dropped one away.
func polySettle(ps *params) error {
	there := make(map[string]bool, len(*ps))
	for _, p := range *ps {
		there[p.key] = true
	}
	for _, p := range *ps {
		twin := p.key + polySet
		if p.from != nil && strings.HasPrefix(p.key, "device.") && !strings.HasSuffix(p.key, polySet) && !there[twin] {
			*ps = append(*ps, param{key: twin, value: "1", from: p.from})
		}
	}
	*ps = slices.DeleteFunc(*ps, func(p param) bool {
		of, twin := strings.CutSuffix(p.key, polySet)
		return twin && p.from == nil && of != "device" && !there[of]
	})
	return nil
}

// polySet ends the name of the parameter that switches a device.* one on.
const polySet = ".set"

// polyFormat is one element that carries every parameter as an attribute.
var polyFormat = attrXML{
	head:   "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<polycomConfig>\n<lineside",
	foot:   "/>\n</polycomConfig>\n",
	escape: polyValue,
}

// polyValue keeps the line breaks of a certificate and of nothing else.
func polyValue(b []byte, s string) ([]byte, error) {
	if strings.HasPrefix(s, "-----BEGIN CERTIFICATE-----\n") && strings.HasSuffix(s, "\n-----END CERTIFICATE-----") {
		return xmlLines(b, s)
	}
	return xmlText(b, s)
}

// polyBook is the local directory file: a contact for each number.
func polyBook(_ string, entries []Entry) ([]byte, error) {
	b := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<directory>\n<item_list>\n")
	for _, e := range entries {
		for _, number := range e.dialled() {
			var err error
			if b, err = bookXML(append(b, "<item>"...), "fn", e.Name); err != nil {
				return nil, err
			}
			if b, err = bookXML(b, "ct", number); err != nil {
				return nil, err
			}
			b = append(b, "</item>\n"...)
		}
	}
	return append(b, "</item_list>\n</directory>\n"...), nil
}
