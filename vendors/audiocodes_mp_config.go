package vendors

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

func audiocodesMPBuild(ps *params, in Input) error {
	audiocodesMPFetch(ps, in)
	if err := audiocodesMPTime(ps, in); err != nil {
		return err
	}
	ps.set("DigitMapping", strings.Join(append(append([]string(nil), in.Site.Emergency...), "x.T"), "|"))
	ps.set("HotLineToneDuration", strconv.Itoa(int(hotlineDelay/time.Second)))
	audiocodesMPPorts(ps, in)
	if in.Stage == Holding && in.Hold.Hotline != "" {
		// 2 is the hotline that waits; 1 would dial the moment a handset is lifted.
		ps.set("TargetOfChannel.0.Destination", in.Hold.Hotline)
		ps.set("TargetOfChannel.0.Type", "2")
	}
	return nil
}

// audiocodesMPFetch writes where the file comes from and, since all that it
// leaves out falls back to the maker's default, that the address comes by DHCP.
func audiocodesMPFetch(ps *params, in Input) {
	ps.set("SetDefaultOnIniFileProcess", "1")
	ps.set("DHCPEnable", "1")
	ps.set("IniFileURL", in.fetchURL()+in.File.MAC.Hex()+".ini")
	if in.Login.User != "" {
		ps.set("AUPDDigestUsername", in.Login.User)
		ps.set("AUPDDigestPassword", in.Login.Password.Reveal())
	}
	ps.set("AutoUpdateFrequency", strconv.Itoa(int(resyncEvery(in)/time.Minute)))
	ps.set("AUPDCheckIfIniChanged", "1")
	ps.set("EnableSIPRemoteReset", "1")
	ps.set("EnableSyslog", "0")
	ps.set("TelnetServerEnable", "0")
	ps.set("DisableSNMP", "1")
}

func audiocodesMPTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	if in.Site.NTP != "" {
		ps.set("NTPServerIP", in.Site.NTP)
	}
	ps.set("NTPServerUTCOffset", strconv.Itoa(int(c.offset/time.Second)))
	ps.set("DayLightSavingTimeEnable", zeroOne(c.save != 0))
	if c.save != 0 {
		ps.set("DayLightSavingTimeStart", audiocodesMPChange(c.start))
		ps.set("DayLightSavingTimeEnd", audiocodesMPChange(c.stop))
		ps.set("DayLightSavingTimeOffset", strconv.Itoa(int(c.save/time.Minute)))
	}
	return nil
}

// audiocodesMPChange writes "03:SUN/05:02:00".
func audiocodesMPChange(c change) string {
	return fmt.Sprintf("%02d:%s/%02d:%02d:00", c.month, strings.ToUpper(c.weekday.String()[:3]), c.week, c.hour)
}

// audiocodesMPPorts writes one server, that of the first line, for the gateway
// has no more, and line n as port n.
func audiocodesMPPorts(ps *params, in Input) {
	lines := linesOf(in)
	first := phone.Line{}
	if len(lines) > 0 {
		first = lines[0]
	}
	transport := map[phone.Transport]string{phone.TCP: "1", phone.TLS: "2"}[first.Transport]
	if transport == "" {
		transport = "0"
	}
	host, port := first.Proxy()
	if host == "" {
		host, port = first.Registrar, first.Port
	}
	ps.set("SIPTransportType", transport)
	ps.set("IsProxyUsed", "1")
	ps.set("ProxyName", first.Registrar)
	ps.set("SIPGatewayName", first.Registrar)
	ps.set("IsRegisterNeeded", zeroOne(len(lines) > 0))
	ps.set("AuthenticationMode", "0") // each port with its own login
	ps.set("EnableMediaSecurity", zeroOne(first.Transport == phone.TLS))
	ps.set("FirstTxDTMFOption", "4")
	ps.set("RFC2833PayloadType", "101")
	for i, codec := range []string{"g711Alaw64k", "g711Ulaw64k"} {
		audiocodesMPRow(ps, "CodersGroup0", i, "Name", codec, "pTime", "20", "rate", "0", "PayloadType", "255", "Sce", "0")
	}
	if len(lines) == 0 {
		return
	}
	audiocodesMPRow(ps, "ProxyIp", 0, "IpAddress", hostPort(host, portOf(port, first.Transport)), "TransportType", transport, "ProxySetId", "0")
	for i, l := range lines {
		n := strconv.Itoa(i + 1)
		audiocodesMPRow(ps, "TrunkGroup", i, "TrunkGroupNum", "1", "FirstTrunkId", "0", "LastTrunkId", "0",
			"FirstBChannel", n, "LastBChannel", n, "FirstPhoneNumber", l.User, "ProfileId", "0", "Module", "0")
		audiocodesMPRow(ps, "Authentication", i, "UserId", l.Auth(), "UserPassword", l.Password.Reveal())
	}
}

// audiocodesMPRow sets the cells of one row, given as column and value in turn.
func audiocodesMPRow(ps *params, table string, row int, cells ...string) {
	at := table + "." + strconv.Itoa(row) + "."
	for i := 0; i < len(cells); i += 2 {
		ps.set(at+cells[i], cells[i+1])
	}
}

// audiocodesMPFormat: a comma ends a cell, a semicolon a row or, where it begins
// a line, is a comment; there is no way to write them inside a value.
var audiocodesMPFormat = iniTables{escape: oneLine(`,;'"`)}
