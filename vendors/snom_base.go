package vendors

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

const snomBaseVendor phone.Vendor = "snom-dect"

// snomBase serves the DECT bases M300 to M900: one config for all handsets,
// line n on handset n. What a handset is paired with is the base's own to ask.
func snomBase() Maker {
	return Maker{
		Vendor:      snomBaseVendor,
		Brand:       snomVendor,
		Name:        "snom DECT",
		OUIs:        [][3]byte{{0x00, 0x04, 0x13}, {0x00, 0x08, 0x7b}},
		Models:      snomBaseModels,
		Class:       snomBaseClass,
		Classes:     classModels("snom", snomBaseModels),
		Agent:       snomBaseAgent,
		SIPAgent:    snomBaseSIPAgent,
		File:        func(name string) (File, bool) { return snomAnyFile(snomBaseVendor, name) },
		Options:     snomOptions,
		Sequence:    snomBaseSequence,
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic},
		CertMAC:     wholeCN,
		ContentType: "text/xml; charset=utf-8",
		Rehome: Rehome{
			URL: []string{"setting_server"}, User: []string{"http_client_user"}, Password: []string{"http_client_password", "http_client_pass"},
		},
		// Settings count only after a reboot.
		Resync:   Resync{Event: "check-sync;reboot=true", Reboots: true, Reboot: "check-sync;reboot=true"},
		Book:     &Book{File: "snom-dect-book.xml", ContentType: "text/xml; charset=utf-8", Write: ipPhoneDirectory("SnomIPPhoneDirectory"), Token: true},
		Shows:    Shows{NoMAC: macHandset},
		Redirect: snomRedirect(),
		build:    snomBaseBuild,
		settle:   snomSettle,
		expands:  snomMacros,
		format: flatXML{
			head:  "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<settings>\n<phone-settings e=\"2\">\n",
			foot:  "</phone-settings>\n</settings>\n",
			index: "idx", escape: xmlText,
		},
		Unverified: []string{
			"columns of the SRAPS import sheet, and which name of the password it takes for bases",
			"http_client_password and http_client_pass: sources know the one or the other",
			"auto_resync_polling takes enabled, and auto_resync_period minutes",
			"the zone's code brings the summer-time rules of the law; zones go by their offset alone",
			"keyboard_lock_emergency, as desk phones have it; a handset that is not locked dials every number",
			"what a handset shows of its account's name; no text is promised",
			"user_srtp takes optional",
			"a CA in a certificates section; none is given",
			"the pairing code of one handset (subscr_dect_ac_code): all pair with the base's own",
			"option 43 with the sub-options of desk phones",
			"phonebook_server_location 3 is a server that answers as for desk phones, and phonebook_location its whole URL",
			"accounts of the M900, and of bases that are joined; a device here has at most sixteen",
			"the factory certificate's CN is the MAC, as on desk phones",
			"the older M3: another language, recognised as a desk phone and given what one gets",
		},
	}
}

func snomBaseClass(class []byte) (Ident, bool) {
	if len(class) < 8 || len(class) > 32 || !strings.EqualFold(string(class[:4]), "snom") {
		return Ident{}, false
	}
	// The string may go on behind the model.
	return snomIdent(snomBaseVendor, Ident{Model: strings.ToUpper(string(class[4:8]))})
}

func snomBaseAgent(agent string) (Ident, bool) {
	id, ok := snomAnyAgent(agent)
	if !ok {
		return Ident{}, false
	}
	return snomIdent(snomBaseVendor, id)
}

func snomBaseSIPAgent(agent string) (Ident, bool) {
	id, ok := snomAnySIPAgent(agent)
	if !ok {
		return Ident{}, false
	}
	return snomIdent(snomBaseVendor, id)
}

func snomBaseSequence(mac phone.MAC, model string) []string {
	m, ok := snomBaseModels.Of(model)
	if !ok {
		m.Name = "M900"
	}
	return []string{"snom" + m.Name + ".htm", "snom" + m.Name + "-" + upperHex(mac) + ".htm"}
}

func snomBaseBuild(ps *params, in Input) error {
	snomBaseSite(ps, in)
	if in.File.Kind == Common {
		return nil
	}
	if in.Login.User != "" {
		ps.set("http_client_user", in.Login.User)
		ps.set("http_client_password", in.Login.Password.Reveal())
		ps.set("http_client_pass", in.Login.Password.Reveal())
	}
	ps.set("auto_resync_polling", "enabled")
	ps.set("auto_resync_period", strconv.Itoa(int(resyncEvery(in)/time.Minute)))
	if err := snomBaseTime(ps, in); err != nil {
		return err
	}
	if err := snomBaseLines(ps, in); err != nil {
		return err
	}
	if in.Stage == Full {
		snomBaseOwn(ps, in)
	}
	return nil
}

// snomBaseSite is what every base of the site shares; no secret is in it.
func snomBaseSite(ps *params, in Input) {
	// First in the file, or the base waits for somebody to restart it.
	ps.set("auto_reboot_on_setting_change", onOff(true))
	ps.set("setting_server", in.fetchURL())
	ps.set("dhcp_option_pnp", onOff(true))
	ps.set("pnp_config", onOff(false))
	ps.set("network_id_port", "5060")
	ps.set("syslog_server", "")
	ps.set("network_sip_log_server", "")
	ps.set("voip_sip_auto_upload", onOff(false))
	ps.set("dialplan_enabled", onOff(false))
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("ntp_server", ntp)
		ps.set("ntp_refresh_timer", "3600")
	}
	if len(in.Site.Emergency) > 0 {
		ps.set("keyboard_lock_emergency", strings.Join(in.Site.Emergency, " "))
	}
}

// snomBaseZones are the bases' codes by the offset of standard time in
// minutes: of a country with summer time where there is one.
var snomBaseZones = map[int]string{
	-600: "USA-10", -540: "USA-9", -480: "USA-8", -420: "USA-7", -360: "USA-6", -300: "USA-5", -240: "CAN-4", -210: "CAN-3.5",
	-180: "ARG-3", -120: "BRA-2", -60: "PRT-1", 0: "GBR-0", 60: "GER+1", 120: "FIN+2", 180: "RUS+3", 210: "IRN+3.5", 240: "RUS+4",
	300: "RUS+5", 330: "IND+5.5", 360: "RUS+6", 420: "RUS+7", 480: "SGP+8", 540: "JPN+9", 570: "AUS2+9.5", 600: "AUS+10",
	660: "NCL+11", 720: "NZL+12", 780: "TON+13",
}

// snomBaseTime leaves the summer-time rules to the zone's code: how a base
// numbers the weeks of rules of its own is not known.
func snomBaseTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	if code, ok := snomBaseZones[int(c.offset/time.Minute)]; ok {
		ps.set("timezone_by_country_region", onOff(false))
		ps.set("timezone", code)
	}
	ps.set("dst_by_country_region", onOff(true))
	ps.set("dst_enable", map[bool]string{true: "auto", false: "off"}[c.save != 0])
	language, tones := "English", "GBR"
	if german(in.Site) {
		language, tones = "Deutsch", "GER"
	}
	ps.set("language", language)
	ps.set("web_language", language)
	ps.set("tone_scheme", tones)
	return nil
}

// snomBaseServers is how many servers a base knows.
const snomBaseServers = 10

// snomBaseLines writes the servers and the accounts, which name one of them,
// and switches the other accounts off.
func snomBaseLines(ps *params, in Input) error {
	lines := linesOf(in)
	servers, of := serversOf(lines)
	if len(servers) > snomBaseServers {
		return fmt.Errorf("the lines name %d different registrars, transports or proxies; a base holds %d", len(servers), snomBaseServers)
	}
	for i, s := range servers {
		snomBaseServer(ps, i+1, s)
	}
	for i, l := range lines {
		n := i + 1
		ps.setAt("user_active", n, onOff(true))
		ps.setAt("user_name", n, l.User)
		ps.setAt("user_pname", n, l.Auth())
		ps.setAt("user_pass", n, l.Password.Reveal())
		ps.setAt("user_realname", n, displayName(l))
		ps.setAt("subscr_sip_line_name", n, l.Shown())
		ps.setAt("subscr_sip_hs_idx", n, strconv.Itoa(n))
		ps.setAt("subscr_sip_ua_data_server_id", n, strconv.Itoa(of[i]+1))
	}
	for n := len(lines) + 1; n <= unusedUpTo(in, snomBaseModels); n++ {
		ps.setAt("user_active", n, onOff(false))
		ps.setAt("user_pass", n, "")
	}
	return nil
}

func snomBaseServer(ps *params, n int, s phone.Line) {
	host := s.Registrar
	if s.Port != 0 {
		host = hostPort(host, s.Port)
	}
	proxy, port := s.Proxy()
	if proxy != "" {
		proxy = hostPort(proxy, portOf(port, s.Transport))
	}
	srtp := "off"
	if s.Transport == phone.TLS {
		srtp = "optional"
	}
	ps.setAt("srv_sip_server_alias", n, s.Registrar)
	ps.setAt("user_host", n, host)
	ps.setAt("user_outbound", n, proxy)
	ps.setAt("srv_sip_transport", n, string(s.Transport))
	ps.setAt("user_srtp", n, srtp)
	ps.setAt("srv_srtp_auth", n, onOff(false))
	ps.setAt("codec_priority_list", n, "g722,pcma,pcmu")
	ps.setAt("user_dtmf_info", n, onOff(false)) // by telephone-event, RFC 4733
	ps.setAt("srv_dtmf_payload_type", n, "101")
	ps.setAt("srv_sip_show_ext_name_in_hs", n, onOff(true))
}

// snomBaseOwn sets phone book and password.
func snomBaseOwn(ps *params, in Input) {
	if in.Book.URL != "" {
		ps.set("phonebook_server_location", "3")
		ps.set("phonebook_location", in.Book.address())
	}
	if password := in.Device.AdminPassword.Reveal(); password != "" {
		ps.set("http_user", "admin")
		ps.set("http_pass", password)
		ps.set("admin_mode_password", password)
	}
}
