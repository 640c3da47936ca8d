package vendors

import (
	"fmt"
	"strconv"
	"time"

	"github.com/lineside/lineside/phone"
)

// gigasetMaxwell serves the desk phones Maxwell Basic, 2, 3, 4 and C.
func gigasetMaxwell() Maker {
	m := gigasetMaker(gigasetMaxwellVendor, "Gigaset Maxwell", gigasetMaxwellModels)
	m.Classes = classPrefixes("Gigaset_Maxwell", "Gigaset Maxwell", "Maxwell")
	m.Options = gigasetMacroOptions
	m.Sequence = func(mac phone.MAC, _ string) []string { return []string{"provisioning.xml", upperHex(mac) + ".xml"} }
	m.Rehome = Rehome{
		URL:      []string{"System.Provision.ProvisioningServer"},
		User:     []string{"System.Security.HttpAuthUsername"},
		Password: []string{"System.Security.HttpAuthPassword"},
	}
	m.Resync = Resync{Event: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"}
	m.Redirect = gigasetRedirect(gigasetMacroFile)
	m.NoBook = bookLDAP
	m.Shows = Shows{Text: true, HotlineKey: true, MAC: true}
	m.build = gigasetMaxwellBuild
	m.expands = gigasetMacros
	m.Upgrade = UpgradeByVersion
	m.format = gigasetFormat{
		pairXML: pairXML{element: "param", name: "name", value: "value", escape: xmlText},
		root:    `<provisioning version="1.1">`,
	}
	m.Unverified = append(m.Unverified,
		"how much of an account's name the idle screen has room for: on hold the state and the MAC stand in it",
		"columns of the redirect service's sheet, and that its URL may hold a login",
		"FirmwareManagment.AutomaticCheckForUpdates 0 does not keep it from the firmware of its own file",
		"a missing provisioning.xml sends the phone on to <MAC>.xml",
		"SIP.TransportProtocol is 1 for UDP, 2 for TLS and 0 for TCP; it is one for all accounts, the first line's",
		"the zone is GMT, the hours and an IANA name: GMT+1.Europe/Berlin",
		"languages de-de and tones DEU",
		"OutboundProxy.Mode 0 is always, 2 never, as on N870",
		"parameters of emergency numbers",
		"the Maxwell 10 reads the same document; its name is not recognised",
		"how many accounts each model takes; four are switched off on all",
		"a hotline: none is known, so a function key dials the PIN service",
		"System.Security.AcceptAllCertificates is how it is made to take the box's own CA; it is left alone",
	)
	return m
}

// gigasetAccounts is how many accounts are switched off when no line fills them.
const gigasetAccounts = 4

func gigasetMaxwellBuild(ps *params, in Input) error {
	gigasetFirmware(ps, in)
	// DHCP stays on, so that the phone follows when the box moves.
	ps.set("System.Provision.ProvisioningServer", in.fetchURL()+"%MACD.xml")
	ps.set("System.Provision.Period", strconv.Itoa(int(resyncEvery(in)/time.Minute)))
	if in.Login.User != "" {
		ps.set("System.Security.HttpAuthUsername", in.Login.User)
		ps.set("System.Security.HttpAuthPassword", in.Login.Password.Reveal())
	}
	ps.set("FirmwareManagment.AutomaticCheckForUpdates", "0") // the maker spells it so
	if err := gigasetMaxwellTime(ps, in); err != nil {
		return err
	}
	lines := labelledLines(in)
	transport := phone.UDP
	if len(lines) > 0 {
		transport = lines[0].Transport
	}
	code := map[phone.Transport]string{phone.TCP: "0", phone.TLS: "2"}[transport]
	if code == "" {
		code = "1"
	}
	ps.set("SIP.TransportProtocol", code)
	ps.set("SIP.Security.SRTP", zeroOne(transport == phone.TLS))
	ps.set("SIP.Security.AcceptNonSRTPCalls", "1")
	for i, l := range lines {
		gigasetMaxwellLine(ps, i, l)
	}
	for i := len(lines); i < gigasetAccounts; i++ {
		a := "SIP.Account." + strconv.Itoa(i) + "."
		ps.set(a+"Active", "0")
		ps.set(a+"AuthPassword", "")
	}
	gigasetMaxwellKey(ps, in)
	if password := in.Device.AdminPassword.Reveal(); password != "" && in.Stage == Full {
		ps.set("WebUI.AdminPassword", password)
	}
	return nil
}

func gigasetMaxwellTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	ps.set("System.DateAndTime.TimeZone", gigasetGMT(c.offset)+"."+in.Site.Zone)
	dst := "AutomatedDaylightSavingDisabled"
	if c.save != 0 {
		dst = "AutomatedDaylightSavingEnabled"
	}
	ps.set("System.DateAndTime.AutoAdjustClockForDST", dst)
	service := "NTPServiceDHCP"
	if in.Site.NTP != "" {
		service = "NTPServiceEnabled"
		ps.set("System.DateAndTime.TimeServer", in.Site.NTP)
	}
	ps.set("System.DateAndTime.AutoAdjustTime", service)
	language, tones := "en-us", "INT"
	if german(in.Site) {
		language, tones = "de-de", "DEU"
	}
	ps.set("PhoneUI.Settings.Language", language)
	ps.set("WebUI.Language", language)
	ps.set("Telephony.ToneScheme", tones)
	return nil
}

// gigasetGMT writes "GMT+1", "GMT", "GMT-3:30".
func gigasetGMT(d time.Duration) string {
	if d == 0 {
		return "GMT"
	}
	s := fmt.Sprintf("GMT%+d", int(d/time.Hour))
	if m := int(d.Abs() % time.Hour / time.Minute); m != 0 {
		s += fmt.Sprintf(":%02d", m)
	}
	return s
}

func gigasetMaxwellLine(ps *params, i int, l phone.Line) {
	a := "SIP.Account." + strconv.Itoa(i) + "."
	port := strconv.Itoa(portOf(l.Port, l.Transport))
	host, proxyPort := l.Proxy()
	mode := "2"
	if host != "" {
		mode = "0"
	}
	for _, p := range []struct{ key, value string }{
		{"AccountName", l.Shown()},
		{"Active", "1"},
		{"Username", l.User},
		{"AuthName", l.Auth()},
		{"AuthPassword", l.Password.Reveal()},
		{"DisplayName", displayName(l)},
		{"Domain", l.Registrar},
		{"ProxyServer.Address", l.Registrar},
		{"ProxyServer.Port", port},
		{"RegistrationServer.Address", l.Registrar},
		{"RegistrationServer.Port", port},
		{"OutboundProxy.Mode", mode},
		{"OutboundProxy.Address", host},
		{"OutboundProxy.Port", strconv.Itoa(portOf(proxyPort, l.Transport))},
		{"DTMFTransmission", "1"}, // RFC 4733
		{"FailoverServer.Enabled", "0"},
		{"STUN.Enabled", "0"},
	} {
		ps.set(a+p.key, p.value)
	}
}

// gigasetMaxwellKey puts the PIN service on the first function key on hold, and
// a line afterwards.
func gigasetMaxwellKey(ps *params, in Input) {
	const key = "PhoneUI.Keys.FunctionKeys.0."
	kind, number, label := "0", "", ""
	if in.Stage == Holding && in.Hold.Hotline != "" {
		kind, number, label = "3", in.Hold.Hotline, "PIN"
	}
	ps.set(key+"Type", kind)
	ps.set(key+"PhoneNumber", number)
	ps.set(key+"DisplayName", label)
}
