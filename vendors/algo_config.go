package vendors

import (
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
)

func algoBuild(ps *params, in Input) error {
	if err := algoSite(ps, in); err != nil {
		return err
	}
	if in.File.Kind == Common {
		return nil
	}
	if in.Login.User != "" {
		ps.set("prov.auth.user", in.Login.User)
		ps.set("prov.auth.pwd", in.Login.Password.Reveal())
	}
	algoLines(ps, in)
	if password := in.Device.AdminPassword.Reveal(); in.Stage == Full && password != "" {
		ps.set("admin.pwd", password)
	}
	return nil
}

// algoSite is what all devices of the site share, without secrets. The server
// is fixed in the device: left to DHCP, one that was brought here by hand would
// never come back with its own login.
func algoSite(ps *params, in Input) error {
	scheme, host, path, err := splitURL(in.fetchURL())
	if err != nil {
		return err
	}
	// For its error only: these devices take the name and know the rules.
	if _, err := in.clock(); err != nil {
		return err
	}
	ps.set("prov.use", "1")
	ps.set("prov.ztp.use", "0")
	ps.set("prov.server.method", "static")
	ps.set("prov.server.static", host)
	ps.set("prov.download.method", scheme)
	ps.set("prov.download.cfgpath", strings.TrimSuffix(path, "/"))
	ps.set("prov.download.fwpath", "")
	// The box's certificate is its own CA's, which the device cannot be given.
	ps.set("prov.download.cert", "0")
	ps.set("prov.sync.frequency", "daily")
	ps.set("prov.sync.time", "01:00")
	ps.set("prov.sync.endtime", "05:00")
	ps.set("prov.sync.wdays", "1,2,3,4,5,6,7,")
	ps.set("sip.interop.checksync", "conditional-reboot")
	ps.set("admin.timezone", in.Site.Zone)
	ps.set("admin.web.api", "0")
	ps.set("net.snmp", "0")
	ps.set("log.method", "local")
	ps.set("log.server", "")
	if in.Site.NTP != "" {
		ps.set("net.time1", in.Site.NTP)
		ps.set("net.dhcp.c.ntp", "0")
	}
	return nil
}

// algoAccounts is how many accounts are written.
const algoAccounts = 8

// algoLines writes one server, that of the first line, for the device has no
// more, and each line's account at it.
func algoLines(ps *params, in Input) {
	lines := linesOf(in)
	first := phone.Line{}
	if len(lines) > 0 {
		first = lines[0]
	}
	algoServer(ps, first)
	ps.set("sip.page.use", zeroOne(len(lines) > 0))
	for i, l := range lines {
		u := "sip.u" + strconv.Itoa(i+1) + "."
		ps.set(u+"user", l.User)
		ps.set(u+"auth", l.Auth())
		ps.set(u+"pwd", l.Password.Reveal())
	}
	for n := len(lines) + 1; n <= algoAccounts; n++ {
		u := "sip.u" + strconv.Itoa(n) + "."
		for _, what := range []string{"user", "auth", "pwd"} {
			ps.set(u+what, "")
		}
	}
}

func algoServer(ps *params, l phone.Line) {
	host, port := l.Proxy()
	proxy := ""
	if host != "" {
		proxy = hostPort(host, portOf(port, l.Transport))
	}
	registrar := l.Registrar
	if l.Port != 0 {
		registrar = hostPort(l.Registrar, l.Port)
	}
	transport := l.Transport
	if transport == "" {
		transport = phone.UDP
	}
	ps.set("sip.proxy", registrar)
	ps.set("sip.outbound", zeroOne(host != ""))
	ps.set("sip.obproxy", proxy)
	ps.set("sip.transp", string(transport))
	ps.set("sip.register.use", "1")
	ps.set("phone.dtmf.src", "rtp-telev") // RFC 4733
	ps.set("audio.codec.g722", "1")
}

// algoFormat is "name = value". A # is a comment at the beginning of a line
// only.
var algoFormat = keyValue{between: " = ", escape: oneLine("")}
