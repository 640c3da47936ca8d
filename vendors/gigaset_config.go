package vendors

import (
	"strconv"

	"github.com/lineside/lineside/phone"
)

// gigasetServer is where the base fetches its file, login included.
const gigasetServer = "Provisioning.global.ProvisioningServer"

// Names of gigasetFormat that are operations and not parameters.
const (
	gigasetAdd    = "add_hs."
	gigasetDelete = "DeleteNotProvisionedHS"
)

// Names of the two halves of the firmware section, which stands before all
// parameters.
const (
	gigasetVersion = "firmware.version"
	gigasetLoad    = "firmware.url"
)

// gigasetFirmware has the device install a file where it runs another version.
func gigasetFirmware(ps *params, in Input) {
	if f, ok := in.upgrade(); ok && f.Version != "" {
		ps.set(gigasetVersion, f.Version)
		ps.set(gigasetLoad, f.URL)
	}
}

func gigasetBuild(ps *params, in Input) error {
	gigasetFirmware(ps, in)
	if in.Stage == Full {
		// Only now: on hold it would sign off handsets of a base that is new to
		// the box and not to its people.
		ps.set(gigasetDelete, "")
	}
	ps.set(gigasetServer, urlWithLogin(in.fetchURL(), in.Login)+in.File.MAC.Hex()+".xml")
	ps.set("SystemSettings.global.SipMulticastEnabled", "0")
	ps.set("SystemSettings.global.CheckSyncRebootEnabled", "0")
	ps.set("DmGlobal.0.HSIdleDisplay", "1") // shows DisplayName
	ps.set("DmGlobal.0.TimeZone", in.Site.Zone)
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("DmGlobal.0.NtpServer", ntp)
	}
	tones := "International"
	if german(in.Site) {
		tones = "Germany"
	}
	ps.set("Telephony.0.ToneScheme", tones)
	gigasetLines(ps, in)
	if in.Stage == Full {
		gigasetOnline(ps, in)
	}
	if password := in.Device.AdminPassword.Reveal(); password != "" && in.Stage == Full {
		ps.set("WebUIAccounts.1.Password", password)
	}
	return nil
}

// gigasetOnline is the phone book, of which handsets keep nothing: they ask the
// server for the part they show.
func gigasetOnline(ps *params, in Input) {
	ps.set("Netdir.1.Activated", zeroOne(in.Book.URL != ""))
	ps.set("XMLDir.1.ServerURL", in.Book.address())
	if in.Book.URL == "" {
		return
	}
	ps.set("XMLDir.1.ProviderName", in.Book.Name)
	ps.set("XMLDir.1.WhitePagesDirName", in.Book.Name)
	ps.set("XMLDir.1.StartWithListWP", "1")
}

// gigasetProvider is what accounts at one server share.
type gigasetProvider struct {
	registrar, proxy string
	port             int
	transport        phone.Transport
}

// gigasetLines gives each line to one handset, and writes each server once.
func gigasetLines(ps *params, in Input) {
	lines := linesOf(in)
	known := map[gigasetProvider]int{}
	for i, l := range lines {
		p := gigasetProvider{l.Registrar, l.OutboundProxy, l.Port, l.Transport}
		n, there := known[p]
		if !there {
			n = len(known)
			known[p] = n
			gigasetServers(ps, n, l)
		}
		hs := gigasetHandset(i + 1)
		ps.set(gigasetAdd+hs, "ToReg")
		account := "SipAccount." + hs + "."
		ps.set(account+"ProviderId", strconv.Itoa(n))
		ps.set(account+"UserName", l.User)
		ps.set(account+"AuthName", l.Auth())
		ps.set(account+"AuthPassword", l.Password.Reveal())
		// What the handset shows when idle, the state's text on hold.
		ps.set(account+"DisplayName", displayName(l))
	}
	for n := len(lines) + 1; n <= unusedUpTo(in, gigasetModels); n++ {
		ps.set("SipAccount."+gigasetHandset(n)+".AuthPassword", "")
	}
}

func gigasetServers(ps *params, n int, l phone.Line) {
	at := "SipProvider." + strconv.Itoa(n) + "."
	port := strconv.Itoa(portOf(l.Port, l.Transport))
	transport := map[phone.Transport]string{phone.TCP: "2", phone.TLS: "3"}[l.Transport]
	if transport == "" {
		transport = "1"
	}
	ps.set(at+"Name", l.Registrar)
	ps.set(at+"Domain", l.Registrar)
	ps.set(at+"ProxyServerAddress", l.Registrar)
	ps.set(at+"ProxyServerPort", port)
	ps.set(at+"RegServerAddress", l.Registrar)
	ps.set(at+"RegServerPort", port)
	ps.set(at+"TransportProtocol", transport)
	ps.set(at+"UseSIPS", "0")
	ps.set(at+"SRTP_Enabled", zeroOne(l.Transport == phone.TLS))
	ps.set(at+"AcceptNonSRTPCalls", "1")
	ps.set(at+"DTMFTransmission", "2") // RFC 4733
	host, proxyPort := l.Proxy()
	mode := "2" // never
	if host != "" {
		mode = "0" // always
	}
	ps.set(at+"OutboundProxyMode", mode)
	ps.set(at+"OutboundProxyAddress", host)
	ps.set(at+"OutboundProxyPort", strconv.Itoa(portOf(proxyPort, l.Transport)))
}
