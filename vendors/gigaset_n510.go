package vendors

import (
	"fmt"
	"strconv"
	"time"

	"github.com/lineside/lineside/phone"
)

// gigasetN510 serves the DECT base N510 IP PRO, six handsets.
func gigasetN510() Maker {
	m := gigasetMaker(gigasetN510Vendor, "Gigaset N510", gigasetN510Models)
	m.Options = gigasetHostOptions
	m.Fetch.By = []Protocol{HTTP}
	m.Sequence = func(mac phone.MAC, _ string) []string {
		return []string{"master.bin", "baselines.bin", upperHex(mac) + ".xml"}
	}
	m.ContentType = "text/xml"
	m.Rehome = gigasetFrameRehome("BS_IP_Data1.aucS_DATA_SERVER[0]")
	m.Resync = Resync{Event: "check-sync;reboot=false"}
	m.Redirect = gigasetRedirect(gigasetPlainFile)
	m.Shows = Shows{Text: true, NoMAC: macHandset}
	m.Book = gigasetBook("gigaset-n510-book.xml")
	m.Upgrade = UpgradeByURL
	m.build = gigasetN510Build
	m.settle = gigasetSettle
	m.format = newGigasetFrame("N510", "N510.xsd")
	m.Unverified = append(m.Unverified, gigasetFrameUnverified...)
	m.Unverified = append(m.Unverified,
		"only an admin password of four digits can be a system PIN; others are not written",
		"no parameter for the SIP transport: a line that is not on UDP registers by UDP all the same",
		"ucI_OUTBOUND_PROXY_MODE 0 is always, 2 never, as on N870",
		"aucS_USER_FIRMWARE_URL is the whole URL of a file without its scheme",
		"zones that are not whole hours have no code and stay as they are",
		"how many letters of a handset's name the screen holds",
	)
	return m
}

var gigasetFrameUnverified = []string{
	"columns of the redirect service's sheet, and that its URL may hold a login",
	"ucAuthPossibilities 0 is a phone book without a login, whose URL may hold a token",
	"character references in values, which stand for letters beyond ASCII",
	"how often it looks for a new profile by itself; the box cannot set it",
	"S_PROV_USERNAME and S_PROV_PASSWORD beside S_CONFIGFILE_URL as elements of their own",
	"N510 before 245 and N720 look at option 114 alone",
}

func gigasetFrameRehome(server string) Rehome {
	return Rehome{URL: []string{"S_CONFIGFILE_URL", server}, User: []string{"S_PROV_USERNAME"}, Password: []string{"S_PROV_PASSWORD"}}
}

// gigasetFrameHead is what both bases begin with: whose file it is, where the
// next one comes from, and with which login.
func gigasetFrameHead(ps *params, in Input, server string) {
	ps.set(gigasetMAC, upperHex(in.File.MAC))
	ps.set("S_CONFIGFILE_URL", in.fetchURL()+upperHex(in.File.MAC)+".xml")
	if in.Login.User != "" {
		ps.set("S_PROV_USERNAME", in.Login.User)
		ps.set("S_PROV_PASSWORD", in.Login.Password.Reveal())
	}
	if host, ok := gigasetHost(in.fetchURL()); ok {
		ps.set(server, host)
	}
	ps.setNumber("BS_IP_Data.ucB_AUTO_UPDATE_PROFILE", "0x1")
}

// gigasetPIN sets the system PIN, four digits in two bytes.
func gigasetPIN(ps *params, in Input, key string) {
	pin := in.Device.AdminPassword.Reveal()
	if in.Stage != Full || len(pin) != 4 {
		return
	}
	if _, err := strconv.ParseUint(pin, 10, 16); err != nil {
		return
	}
	ps.setNumber(key, "0x"+pin[:2]+",0x"+pin[2:])
}

const (
	n510IP   = "BS_IP_Data1."
	n510Most = 6 // accounts and handsets
)

func gigasetN510Build(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	gigasetFrameHead(ps, in, "BS_IP_Data1.aucS_DATA_SERVER[0]")
	ps.setNumber("BS_IP_Data3.ucI_ONESHOT_PROVISIONING_MODE_1", "0x1")
	ps.setNumber(n510IP+"ucB_ACCEPT_FOREIGN_SUBNET", "0x0")
	if code, ok := gigasetZone(c.offset); ok {
		ps.setNumber(n510IP+"uiI_TIME_TIMEZONE", hexNumber(code))
	}
	ps.setNumber(n510IP+"ucB_TIME_USE_AUTOMATIC_DST", "0x"+zeroOne(c.save != 0))
	if ntp := in.Site.NTP; ntp != "" {
		ps.set(n510IP+"aucS_TIME_NTP_SERVER", ntp)
	}
	language, tones := 0x1, 0
	if german(in.Site) {
		language, tones = 0x2, 12
	}
	ps.setNumber(n510IP+"ucI_HTTPLANGUAGE", hexNumber(language))
	ps.setNumber("BS_AE_SwConfig.ucCountryCodeTone", hexNumber(tones))
	// No country's dialling rules: numbers go out as they are keyed in.
	ps.setNumber(n510IP+"ucI_DIALING_PLAN_COUNTRY_ID", "0xff")
	ps.setNumber(n510IP+"ucB_DTMF_TX_MODE_AUTO", "0x0")
	ps.setNumber(n510IP+"ucI_DTMF_TX_MODE_BITS", "0x2") // RFC 4733
	ps.setNumber("BS_LM_AppCfg.bit.bHasIdleTextInternalName", "0x1")
	lines := linesOf(in)
	for i, l := range lines {
		n510Line(ps, i+1, l, len(lines) == 1)
	}
	for n := len(lines) + 1; n <= n510Most; n++ {
		ps.setNumber(n510IP+"ucB_SIP_ACCOUNT_IS_ACTIVE_"+strconv.Itoa(n), "0x0")
		ps.set(n510IP+"aucS_SIP_PASSWORD"+n510End(n), "")
	}
	n510Names(ps, lines)
	if f, ok := in.upgrade(); ok {
		ps.set(n510IP+"aucS_USER_FIRMWARE_URL", f.bareFolder()+"/"+f.File)
	}
	gigasetFrameBook(ps, in, "")
	gigasetPIN(ps, in, "BS_CUSTOM.aucKdsPin[0]")
	return nil
}

// hexNumber is how N510 and N720 take numbers.
func hexNumber(n int) string { return fmt.Sprintf("0x%x", n) }

// n510End is how most parameters end that belong to account n.
func n510End(n int) string {
	if n == 1 {
		return ""
	}
	return "_" + strconv.Itoa(n)
}

// n510Line gives account n to handset n, and a single account to all handsets.
func n510Line(ps *params, n int, l phone.Line, alone bool) {
	end := n510End(n)
	text := func(key, value string) { ps.set(key+end, value) }
	text(n510IP+"aucS_SIP_DISPLAYNAME", displayName(l))
	text("BS_IP_Data3.aucS_SIP_LOGIN_ID", l.Auth())
	text(n510IP+"aucS_SIP_PASSWORD", l.Password.Reveal())
	text(n510IP+"aucS_SIP_USER_ID", l.User)
	text(n510IP+"aucS_SIP_DOMAIN", l.Registrar)
	text(n510IP+"aucS_SIP_SERVER", l.Registrar)
	text(n510IP+"aucS_SIP_REGISTRAR", l.Registrar)
	host, proxyPort := l.Proxy()
	text(n510IP+"aucS_OUTBOUND_PROXY", host)
	mode := "0x2"
	if host != "" {
		mode = "0x0"
	}
	port := hexNumber(portOf(l.Port, l.Transport))
	ps.setNumber(n510IP+"uiI_SIP_SERVER_PORT"+end, port)
	ps.setNumber(n510IP+"uiI_SIP_REGISTRAR_PORT"+end, port)
	ps.setNumber(n510IP+"ucI_OUTBOUND_PROXY_MODE"+end, mode)
	ps.setNumber(n510IP+"uiI_OUTBOUND_PROXY_PORT"+end, hexNumber(portOf(proxyPort, l.Transport)))
	ps.setNumber(n510IP+"ucB_SIP_USE_STUN"+end, "0x0")
	ps.setNumber(n510IP+"ucI_SIP_PREFERRED_VOCODER"+end, gigasetCodecs)
	ps.set(n510IP+"aucS_SIP_ACCOUNT_NAME_"+strconv.Itoa(n), l.Shown())
	ps.setNumber(n510IP+"ucB_SIP_ACCOUNT_IS_ACTIVE_"+strconv.Itoa(n), "0x1")
	mask := hexNumber(1 << (n - 1))
	if alone {
		mask = hexNumber(1<<n510Most - 1)
	}
	account := "BS_Accounts.astAccounts[" + strconv.Itoa(n-1) + "]."
	ps.set(account+"aucAccountName[0]", l.Shown())
	ps.setNumber(account+"uiSendMask", mask)
	ps.setNumber(account+"uiReceiveMask", mask)
}

// gigasetCodecs are G.722, PCMA and PCMU.
const gigasetCodecs = "0x05,0x01,0x00"

// n510Names are what handsets show when idle: their line's label, or that of
// the only one.
func n510Names(ps *params, lines []phone.Line) {
	for i := range n510Most {
		name := ""
		switch {
		case i < len(lines):
			name = lines[i].Shown()
		case len(lines) == 1:
			name = lines[0].Shown()
		default:
			name = "INT " + strconv.Itoa(i+1) // as it is called when new
		}
		ps.set("BS_AE_Subscriber.stMtDat["+strconv.Itoa(i)+"].aucTlnName", name)
	}
}

// gigasetZones are the codes of whole hours from GMT-12 to GMT+10.
var gigasetZones = [...]int{
	0x00, 0x01, 0x02, 0x03, 0x04, 0x07, 0x09, 0x0d, 0x0f, 0x15, 0x16, 0x18,
	0x1a, 0x1b, 0x20, 0x28, 0x2b, 0x2e, 0x33, 0x37, 0x3a, 0x3d, 0x43,
}

func gigasetZone(d time.Duration) (int, bool) {
	hour := int(d/time.Hour) + 12
	if d%time.Hour != 0 || hour < 0 || hour >= len(gigasetZones) {
		return 0, false
	}
	return gigasetZones[hour], true
}
