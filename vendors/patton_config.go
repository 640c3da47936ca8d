package vendors

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// pattonDialect is what the two families call the same things. Names are
// case-sensitive.
type pattonDialect struct {
	head                   string
	router, lan, cs, voice string
	address                string // of lan, from DHCP
	bindLAN, bindSIP       string
	nth                    string // before the first of several: "1 "
	trinity                bool
	names                  []pattonNames // by line, from 0
}

var (
	smartWare = pattonDialect{
		head: "cli version 3.20\n", router: "router", lan: "eth0", cs: "switch", voice: "default", address: "ipaddress dhcp",
		bindLAN: "bind interface eth0 router", bindSIP: "bind interface eth0 port 5060",
	}
	trinity = pattonDialect{
		head: "cli version 4.00\n", router: "ROUTER", lan: "WAN", cs: "SWITCH", voice: "DEFAULT", address: "ipaddress DHCP",
		bindLAN: "bind interface ROUTER WAN", bindSIP: "bind ipaddress ROUTER WAN WAN", nth: "1 ", trinity: true,
	}
)

// pattonLocation is where the device fetches its script from.
const pattonLocation = "profile provisioning LINESIDE/location 1 {}"

// pattonFetch makes the device fetch its script.
const pattonFetch = "provisioning execute LINESIDE"

// build writes everything the device is to have, in the order it wants: things
// are defined, then bound, then switched on. What a script leaves out, such as
// syslog and the ports that carry no line, is off.
func (d pattonDialect) build(ps *params, in Input) error {
	if err := d.clock(ps, in); err != nil {
		return err
	}
	d.box(ps, in)
	d.network(ps)
	lines := linesOf(in)
	d.calls(ps, in, lines)
	for i, l := range lines {
		d.account(ps, &d.names[i], l)
	}
	d.gateway(ps, lines)
	for i := range lines {
		ps.command(d.names[i].encapsulation)
		ps.command(d.names[i].bind)
		ps.command(d.names[i].up)
	}
	return nil
}

// clock sets the zone. SmartWare wants the offset that summer has and the hour
// before the day, Trinity how much is added, the hour after the day, and years.
func (d pattonDialect) clock(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	ps.set("clock local default-offset {}", pattonOffset(c.offset))
	if c.save != 0 {
		rule, shift := "clock local dst-rule LINESIDE ", pattonOffset(c.offset+c.save)
		if d.trinity {
			shift = pattonOffset(c.save)
			rule += fmt.Sprintf("{} from %s %02d:00 2000 until %s %02d:00 2036", pattonDay(c.start), c.start.hour, pattonDay(c.stop), c.stop.hour)
		} else {
			rule += fmt.Sprintf("{} from %02d:00 %s until %02d:00 %s", c.start.hour, pattonDay(c.start), c.stop.hour, pattonDay(c.stop))
		}
		ps.set(rule, shift)
	}
	switch ntp := in.Site.NTP; {
	case ntp == "":
	case d.trinity:
		ps.set("ntp/server {}", ntp)
		ps.command("ntp/no shutdown")
	default:
		ps.command("sntp-client")
		ps.set("sntp-client server primary {}", ntp)
	}
	return nil
}

// pattonOffset writes "+01:00".
func pattonOffset(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%02d:%02d", sign, d/time.Hour, d%time.Hour/time.Minute)
}

// pattonDay writes "mar last sunday".
func pattonDay(c change) string {
	week := []string{"first", "second", "third", "fourth", "last"}[c.week-1]
	return strings.ToLower(c.month.String()[:3] + " " + week + " " + c.weekday.String())
}

// box says where the script comes from, how often it is fetched again, and who
// may log in. The device compares what it fetched and reloads only if it is
// another script, when no call is up.
func (d pattonDialect) box(ps *params, in Input) {
	if d.trinity {
		ps.command("cwmp-client/shutdown") // TR-069
	}
	if password := in.Device.AdminPassword.Reveal(); password != "" && in.Stage == Full {
		ps.set("administrator admin password {}", password)
	}
	voip := "profile voip " + d.voice + "/"
	ps.command(voip + "codec 1 g711alaw64k rx-length 20 tx-length 20")
	ps.command(voip + "codec 2 g711ulaw64k rx-length 20 tx-length 20")
	ps.command(voip + "dtmf-relay rtp") // RFC 4733
	ps.command("profile provisioning LINESIDE/destination configuration")
	ps.set(pattonLocation, in.fetchURL()+in.File.MAC.Hex()+".cfg")
	ps.command("profile provisioning LINESIDE/activation reload graceful")
	minutes := int(resyncEvery(in) / time.Minute)
	ps.command("timer LINESIDE now + 1 minute every {} minutes {}", strconv.Itoa(minutes), pattonFetch)
	// Both this and "notify check-sync accept", or a NOTIFY does nothing.
	ps.command("actions/rule LINESIDE/condition sip gateway:GW NOTIFY_CHECK_SYNC_RELOAD")
	ps.set("actions/rule LINESIDE/action {}", pattonFetch)
}

func (d pattonDialect) network(ps *params) {
	ps.command("context ip " + d.router + "/interface " + d.lan + "/" + d.address)
	const port = "port ethernet 0 0/"
	if !d.trinity {
		ps.command(port + "medium auto")
		ps.command(port + "encapsulation ip")
	}
	ps.command(port + d.bindLAN)
	ps.command(port + "no shutdown")
}

// account is one line: its login, where it registers, and by which transport.
func (d pattonDialect) account(ps *params, at *pattonNames, l phone.Line) {
	port := strconv.Itoa(portOf(l.Port, l.Transport))
	ps.command(at.login, l.Auth(), l.Password.Reveal())
	if d.trinity {
		ps.command(at.domain, l.Registrar, port)
	} else {
		ps.set(at.domain, l.Registrar)
	}
	ps.command(at.authenticate, l.User, l.Auth())
	transport := string(l.Transport)
	if transport == "" {
		transport = string(phone.UDP)
	}
	host, proxyPort := l.Proxy()
	for i := range at.transports {
		if host != "" {
			ps.command(at.proxies[i], l.User, host, strconv.Itoa(portOf(proxyPort, l.Transport)))
		}
		ps.command(at.transports[i], l.User, transport)
	}
	ps.command(at.registrar, l.User, l.Registrar, port)
	ps.command(at.lifetime, l.User)
	ps.command(at.registered, l.User)
}

func (d pattonDialect) gateway(ps *params, lines []phone.Line) {
	const gw = "context sip-gateway GW/"
	ps.command(gw + "interface " + d.lan + "/" + d.bindSIP)
	for _, l := range lines {
		if d.trinity && l.Transport == phone.TLS {
			ps.command(gw + "interface " + d.lan + "/transport-protocol tls 5061")
			break
		}
	}
	for i := range lines {
		ps.command(d.names[i].bound)
	}
	ps.command(gw + "notify check-sync accept")
	ps.command(gw + "no shutdown")
}

// pattonWord is scriptWord that leaves the wildcards of routing tables as they
// are: no example shows them between quotes.
func pattonWord(b []byte, s string) ([]byte, error) {
	for _, r := range s {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-+:@/%", r)
		if !plain {
			return scriptWord(b, s)
		}
	}
	if s == "" {
		return scriptWord(b, s)
	}
	return append(b, s...), nil
}
