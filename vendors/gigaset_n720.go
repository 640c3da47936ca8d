package vendors

import (
	"strconv"

	"github.com/lineside/lineside/phone"
)

// gigasetN720 serves the DECT manager N720 DM PRO. It hands accounts to its
// handsets in the order they register; binding one to a certain handset takes
// the handset's own number, which the box does not know.
func gigasetN720() Maker {
	m := gigasetMaker(gigasetN720Vendor, "Gigaset N720", gigasetN720Models)
	m.Options = gigasetHostOptions
	m.Fetch.By = []Protocol{HTTP}
	m.Sequence = func(mac phone.MAC, _ string) []string {
		return []string{"master.bin", "baselines.bin", "sifsroot.bin", upperHex(mac) + ".xml"}
	}
	m.ContentType = "text/xml"
	m.Rehome = gigasetFrameRehome("BS_IP_Data.aucS_DATA_SERVER[%]")
	m.Resync = Resync{Event: "check-sync;reboot=false"}
	m.Redirect = gigasetRedirect(gigasetPlainFile)
	m.Shows = Shows{Text: true, NoMAC: macHandset}
	m.Book = gigasetBook("gigaset-n720-book.xml")
	m.build = gigasetN720Build
	m.settle = gigasetSettle
	m.format = newGigasetFrame("N720", "N720_general.xsd")
	m.Unverified = append(m.Unverified, gigasetFrameUnverified...)
	m.Unverified = append(m.Unverified,
		"an admin password of four digits is the system PIN as well",
		"ucSIP_PREFERRED_TRANSPORT_LAYER is the number of the IP protocol, 17 or 6; TLS is none of them and goes as TCP",
		"ucOUTBOUND_PROXY_MODE 0 is always, 2 never, as on N870",
		"a manager takes ten servers; accounts at an eleventh go to the first",
	)
	return m
}

const n720VoIP = "BS_VOIP_Data."

func gigasetN720Build(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	const ip = "BS_IP_Data."
	gigasetFrameHead(ps, in, ip+"aucS_DATA_SERVER[%]")
	ps.setNumber(ip+"ucB_DO_CHECK_FOR_PROFILE_UPDATES", "1")
	ps.setNumber(ip+"ucB_AUTO_UPDATE_FW", "0")
	ps.setNumber(ip+"ucB_ACCEPT_FOREIGN_SUBNET", "0")
	if code, ok := gigasetZone(c.offset); ok {
		ps.setNumber(ip+"uiI_TIME_TIMEZONE", hexNumber(code))
	}
	ps.setNumber(ip+"ucB_TIME_USE_AUTOMATIC_DST", zeroOne(c.save != 0))
	ps.setNumber(ip+"ucB_TIME_USE_AUTOMATIC_NTP_SYN", "1")
	if ntp := in.Site.NTP; ntp != "" {
		ps.set(ip+"aucS_TIME_NTP_SERVER[%]", ntp)
	}
	language := "1"
	if german(in.Site) {
		language = "2"
	}
	ps.setNumber(ip+"ucI_HTTPLANGUAGE", language)
	ps.setNumber(ip+"ucI_DIALING_PLAN_COUNTRY_ID", "0xff")
	ps.setNumber(n720VoIP+"ucB_DTMF_TX_MODE_AUTO", "0")
	ps.setNumber(n720VoIP+"ucI_DTMF_TX_MODE_BITS", "2") // RFC 4733
	ps.setNumber(n720VoIP+"ucI_DTMF_TX_RTP_PAYLOAD_TYPE", "0x65")
	ps.setNumber(n720VoIP+"EnableWideband", "1")
	ps.setNumber(n720VoIP+"NameOnIdleDisplay", "1")
	n720Lines(ps, in)
	gigasetFrameBook(ps, in, "[%]")
	gigasetPIN(ps, in, "BS_CUSTOM.aucKdsPin[%]")
	if password := in.Device.AdminPassword.Reveal(); in.Stage == Full && password != "" {
		ps.set("BS_CUSTOM.WebUIPassword", password)
	}
	return nil
}

// n720Lines writes each account, and each server once.
func n720Lines(ps *params, in Input) {
	lines := linesOf(in)
	known := map[gigasetProvider]int{}
	for i, l := range lines {
		p := gigasetProvider{l.Registrar, l.OutboundProxy, l.Port, l.Transport}
		n, there := known[p]
		if !there && len(known) < 10 {
			n = len(known)
			known[p] = n
			n720Server(ps, n, l)
		}
		a := n720Account(i)
		ps.setNumber(a+"ucVoipProviderIndex", strconv.Itoa(n))
		ps.set(a+"aucS_SIP_DISPLAYNAME[0]", displayName(l))
		ps.set(a+"aucS_SIP_LOGIN_ID[0]", l.Auth())
		ps.set(a+"aucS_SIP_PASSWORD[0]", l.Password.Reveal())
		ps.set(a+"aucS_SIP_USER_ID[0]", l.User)
		ps.setNumber(a+"ucB_SIP_ACCOUNT_IS_ACTIVE_1", "1")
		ps.setNumber(a+"aucI_SIP_PREFERRED_VOCODER[%]", gigasetCodecs)
	}
	for i := len(lines); i < phone.MaxLines; i++ {
		ps.setNumber(n720Account(i)+"ucB_SIP_ACCOUNT_IS_ACTIVE_1", "0")
		ps.set(n720Account(i)+"aucS_SIP_PASSWORD[0]", "")
	}
}

func n720Account(i int) string { return n720VoIP + "astVoipAccounts[" + strconv.Itoa(i) + "]." }

func n720Server(ps *params, n int, l phone.Line) {
	at := n720VoIP + "astVoipProviders[" + strconv.Itoa(n) + "]."
	port := hexNumber(portOf(l.Port, l.Transport))
	host, proxyPort := l.Proxy()
	mode := "2"
	if host != "" {
		mode = "0"
	}
	transport := "17"
	if l.Transport == phone.TCP || l.Transport == phone.TLS {
		transport = "6"
	}
	ps.set(at+"aucSIP_PROVIDER_NAME[%]", l.Registrar)
	ps.set(at+"aucSIP_DOMAIN[%]", l.Registrar)
	ps.set(at+"aucSIP_SERVER[%]", l.Registrar)
	ps.set(at+"aucSIP_REGISTRAR[%]", l.Registrar)
	ps.setNumber(at+"uiSIP_SERVER_PORT", port)
	ps.setNumber(at+"uiSIP_REGISTRAR_PORT", port)
	ps.setNumber(at+"ucOUTBOUND_PROXY_MODE", mode)
	ps.set(at+"aucOUTBOUND_PROXY[%]", host)
	ps.setNumber(at+"uiOUTBOUND_PROXY_PORT", hexNumber(portOf(proxyPort, l.Transport)))
	ps.setNumber(at+"ucSIP_PREFERRED_TRANSPORT_LAYER", transport)
	ps.setNumber(at+"ucSIP_USE_STUN", "0")
	ps.setNumber(at+"ucONESHOT_PROVISIONING_MODE_1", "1")
}
