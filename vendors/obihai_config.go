package vendors

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

func obihaiBuild(ps *params, in Input) error {
	obihaiProvisioning(ps, in)
	if in.File.Kind == Common {
		return nil
	}
	if err := obihaiTime(ps, in); err != nil {
		return err
	}
	obihaiLines(ps, in)
	obihaiPorts(ps, in)
	ps.set("X_DeviceManagement.Syslog.Server", "")
	if password := in.Device.AdminPassword.Reveal(); in.Stage == Full && password != "" {
		ps.set("X_DeviceManagement.WebServer.AdminPassword", password)
	}
	return nil
}

// obihaiProvisioning sends the device to the box and away from the maker's
// cloud and firmware. The file of a model holds no secret and nothing of one
// device: it leads on by the device's own macro.
func obihaiProvisioning(ps *params, in Input) {
	name := "$MAC.xml"
	if in.File.Kind == Config {
		name = in.File.MAC.Hex() + ".xml"
	}
	ps.set(obihaiITSP+"Method", "Periodically")
	ps.set(obihaiITSP+"Interval", strconv.Itoa(int(obihaiInterval(in)/time.Second)))
	ps.set(obihaiITSP+"ConfigURL", in.fetchURL()+name)
	if in.File.Kind == Config && in.Login.User != "" {
		ps.set(obihaiITSP+"Username", in.Login.User)
		ps.set(obihaiITSP+"Password", in.Login.Password.Reveal())
	}
	ps.set("X_DeviceManagement.Provisioning.Method", "Disabled")
	obihaiUpgrade(ps, in)
	ps.set("VoiceService.1.X_P2P.1.Enable", "Disabled")
}

// obihaiUpgrade looks for firmware as often as for the config, or never: the maker's
// is not asked for.
func obihaiUpgrade(ps *params, in Input) {
	const update = "X_DeviceManagement.FirmwareUpdate."
	f, ok := in.upgrade()
	if !ok {
		ps.set(update+"Method", "Disabled")
		return
	}
	ps.set(update+"Method", "Periodically")
	ps.set(update+"Interval", strconv.Itoa(int(obihaiInterval(in)/time.Second)))
	ps.set(update+"FirmwareURL", f.URL)
}

// obihaiInterval of the model's file is that of the holding state: the device
// has nothing yet.
func obihaiInterval(in Input) time.Duration {
	if in.File.Kind == Common {
		return resyncHolding
	}
	return resyncEvery(in)
}

func obihaiTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	if in.Site.NTP != "" {
		ps.set("Time.NTPServer1", in.Site.NTP)
	}
	ps.set("Time.LocalTimeZone", obihaiOffset(c.offset))
	ps.set("Time.DaylightSavingTimeEnable", strconv.FormatBool(c.save != 0))
	if c.save != 0 {
		ps.set("Time.DaylightSavingTimeStart", obihaiChange(c.start))
		ps.set("Time.DaylightSavingTimeEnd", obihaiChange(c.stop))
		ps.set("Time.DaylightSavingTimeDiff", strconv.Itoa(int(c.save/time.Hour))+":"+fmt.Sprintf("%02d", c.save%time.Hour/time.Minute))
	}
	return nil
}

// obihaiOffset writes "GMT+01:00".
func obihaiOffset(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("GMT%s%02d:%02d", sign, d/time.Hour, d%time.Hour/time.Minute)
}

// obihaiChange writes "3/-1/7/2": the weekday, Monday as 1, that falls on or
// after the day of the month, or the last one where the day is -1.
func obihaiChange(c change) string {
	day := (c.week-1)*7 + 1
	if c.week == 5 {
		day = -1
	}
	return fmt.Sprintf("%d/%d/%d/%d", c.month, day, mondayFirst(c.weekday), c.hour)
}

// obihaiServices is how many services the largest model has.
const obihaiServices = 8

// obihaiLines writes line n as service n, with a profile of its own, and
// switches off the other services of the largest model.
func obihaiLines(ps *params, in Input) {
	lines := labelledLines(in)
	for i, l := range lines {
		obihaiService(ps, i+1, l, obihaiRings(in, i+1))
		obihaiProfile(ps, i+1, l, in.Site.Emergency)
	}
	for n := len(lines) + 1; n <= obihaiServices; n++ {
		line := obihaiLine(n)
		ps.set(line+"Enable", "Disabled")
		ps.set(line+"SIP.AuthPassword", "")
	}
}

func obihaiLine(n int) string { return "VoiceService.1.VoiceProfile.1.Line." + strconv.Itoa(n) + "." }

// obihaiRings is where service n rings: port n of an adapter, the phone itself
// of a phone.
func obihaiRings(in Input, n int) string {
	if n > 1 && n <= obihaiPortsOf(in) {
		return "ph" + strconv.Itoa(n)
	}
	return "ph"
}

// obihaiPortsOf is how many analogue ports the device has. On hold it is not
// known, and of no matter: only the first service is on.
func obihaiPortsOf(in Input) int {
	if in.Stage == Full {
		if m, ok := obihaiModels.Of(in.Device.Model); ok && m.Form == Adapter {
			return m.Keys
		}
	}
	return 0
}

func obihaiService(ps *params, n int, l phone.Line, rings string) {
	line := obihaiLine(n)
	ps.set(line+"Enable", "Enabled")
	ps.set(line+"X_ServProvProfile", string(rune('A'+n-1)))
	ps.set(line+"X_DisplayLabel", l.Shown())
	ps.set(line+"X_DisplayNumber", l.User)
	ps.set(line+"X_InboundCallRoute", rings)
	ps.set(line+"SIP.AuthUserName", l.Auth())
	ps.set(line+"SIP.AuthPassword", l.Password.Reveal())
	ps.set(line+"SIP.URI", l.User)
	ps.set(line+"CallingFeatures.CallerIDName", displayName(l))
}

func obihaiProfile(ps *params, n int, l phone.Line, emergency []string) {
	profile := "VoiceService.1.VoiceProfile." + strconv.Itoa(n) + "."
	transport := l.Transport
	if transport == "" {
		transport = phone.UDP
	}
	host, port := l.Proxy()
	text := ""
	if host != "" {
		text = strconv.Itoa(portOf(port, l.Transport))
	}
	ps.set(profile+"DigitMap", obihaiMap(emergency, "*x.", "xx.", "[^*#]@@."))
	ps.set(profile+"DTMFMethod", "RFC2833") // RFC 4733 by its old number
	ps.set(profile+"SIP.ProxyServer", l.Registrar)
	ps.set(profile+"SIP.ProxyServerPort", strconv.Itoa(portOf(l.Port, l.Transport)))
	ps.set(profile+"SIP.ProxyServerTransport", strings.ToUpper(string(transport)))
	ps.set(profile+"SIP.OutboundProxy", host)
	ps.set(profile+"SIP.OutboundProxyPort", text)
}

// obihaiMap writes a digit map in which emergency numbers come first and are
// not waited for.
func obihaiMap(emergency []string, rules ...string) string {
	var all []string
	for _, number := range emergency {
		all = append(all, number+"S0")
	}
	return "(" + strings.Join(append(all, rules...), "|") + ")"
}

// obihaiPorts writes what a lifted handset dials by: on each port of an adapter
// and on the phone itself, whichever of them the device has. **n chooses service
// n, *** reads out the device's settings.
//
// On hold the first port dials the hotline by itself, after the delay of a
// digit timer that opens its map, and every port can dial an emergency number.
func obihaiPorts(ps *params, in Input) {
	rules := []string{"***"}
	routes := []string{"{***:aa2}"}
	for n := 1; n <= 4; n++ {
		sp := strconv.Itoa(n)
		rules = append(rules, "**"+sp+"(Msp"+sp+")")
		routes = append(routes, "{(<**"+sp+":>(Msp"+sp+")):sp"+sp+"}")
	}
	rules = append(rules, "(Mpli)")
	routes = append(routes, "{(Mpli):pli}")
	first := rules
	if in.Stage == Holding && in.Hold.Hotline != "" {
		first = append([]string{"<S" + strconv.Itoa(int(hotlineDelay/time.Second)) + ":" + in.Hold.Hotline + ">"}, rules...)
	}
	port := func(object string, service int, rules []string) {
		ps.set(object+"DigitMap", obihaiMap(in.Site.Emergency, rules...))
		ps.set(object+"OutboundCallRoute", strings.Join(routes, ","))
		ps.set(object+"PrimaryLine", "SP"+strconv.Itoa(service)+" Service")
	}
	port("VoiceService.1.Phone.", 1, first)
	port("VoiceService.1.X_FXS.1.", 1, first)
	lines := len(linesOf(in))
	for n := 2; n <= max(2, obihaiPortsOf(in)); n++ {
		service := n
		if n > lines {
			service = 1
		}
		port("VoiceService.1.X_FXS."+strconv.Itoa(n)+".", service, rules)
	}
}
