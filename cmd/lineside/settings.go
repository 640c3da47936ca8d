package main

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Where the daemon and the operator's verbs look when told nothing else.
const (
	defaultSettings = "/etc/lineside/lineside.toml"
	defaultState    = "/var/lib/lineside"
	defaultSocket   = "/run/lineside/lineside.sock"
)

// maxSettings bounds the file: 10,000 reservations fit in it many times over.
const maxSettings = 4 << 20

// off is what switches a listener or the DHCP server off.
const off = "off"

// settings is what the operator wrote, checked and typed, defaults filled in.
type settings struct {
	Path         string // of the file; empty in the demo, which has none
	NoFile       bool   // there is none at the usual place: a box not set up yet
	Slots        string // folder of updated programs
	State        string
	Site         phone.Site
	FirstContact auth.Factor
	BlockAfter   int  // lock-outs until a device is blocked
	PINOnScreen  bool // a PIN may be typed on the phone's screen
	WrongPINs    int  // an hour, over all phones, that are no alarm
	Listen       listenSettings
	DHCP         dhcpSettings
	Trust        trustSettings
	Emergency    emergencySettings
	SIP          sipSettings
	Central      centralSettings
	Mail         mailSettings
	Level        slog.Level
	// Origin says where each value comes from, for "lineside status".
	Origin []admin.Setting
}

// listenSettings are the box's own addresses. A listener that is "" is off.
type listenSettings struct {
	HTTP, HTTPS, TFTP, Admin string
	SIP                      string // TCP too; empty only where no settings file is: in the demo
	SIPS                     string
	SIPPort                  int
	PnP                      bool           // answer phones that ask by multicast
	MDNS                     bool           // tell the LAN where the box is
	IPv6                     bool           // the doors are open on the LAN's IPv6 addresses too
	Phones                   []netip.Prefix // networks of phones beside the LAN's own
	Socket                   string
	Interface                string // empty: the only one with an IPv4 address
	Address                  netip.Prefix
	URL                      string // what phones are told; empty: own address
}

// trustSettings say what takes the place of a proof. All but FactoryCertificates
// count at the first start only, as FirstContact, BlockAfter and PINOnScreen do.
type trustSettings struct {
	// FactoryCertificates asks phones for the certificate of their maker.
	FactoryCertificates bool
	// Claimed trusts a MAC that nothing on layer 2 speaks for.
	Claimed bool
	// Window is how long the site is open after a right PIN; 0 is never.
	Window time.Duration
	// AutoApprove takes an admin's place where a ticket wants approval.
	AutoApprove bool
}

// rawSettings is the file as it is written. Leaves are of no type yet, so that
// a wrong one is reported with all the others instead of ending the reading.
type rawSettings struct {
	State     any          `toml:"state"`
	Site      rawSite      `toml:"site"`
	Listen    rawListen    `toml:"listen"`
	DHCP      rawDHCP      `toml:"dhcp"`
	Trust     rawTrust     `toml:"trust"`
	Emergency rawEmergency `toml:"emergency"`
	SIP       rawSIP       `toml:"sip"`
	Log       rawLog       `toml:"log"`
	Central   rawCentral   `toml:"central"`
	Mail      rawMail      `toml:"mail"`
}

type rawSite struct {
	Name         any `toml:"name"`
	Timezone     any `toml:"timezone"`
	Language     any `toml:"language"`
	Emergency    any `toml:"emergency"`
	SBC          any `toml:"sbc"`
	NTP          any `toml:"ntp"`
	FirstContact any `toml:"first_contact"`
	BlockAfter   any `toml:"block_after"`
	PINOnScreen  any `toml:"pin_on_screen"`
	WrongPINs    any `toml:"wrong_pins"`
}

type rawListen struct {
	HTTP      any `toml:"http"`
	HTTPS     any `toml:"https"`
	TFTP      any `toml:"tftp"`
	SIP       any `toml:"sip"`
	SIPS      any `toml:"sips"`
	PnP       any `toml:"pnp"`
	MDNS      any `toml:"mdns"`
	IPv6      any `toml:"ipv6"`
	Phones    any `toml:"phones"`
	Admin     any `toml:"admin"`
	Socket    any `toml:"socket"`
	Interface any `toml:"interface"`
	Address   any `toml:"address"`
	URL       any `toml:"url"`
}

type rawTrust struct {
	Allow               any `toml:"allow"`
	Window              any `toml:"window"`
	FactoryCertificates any `toml:"factory_certificates"`
	Claimed             any `toml:"claimed"`
	AutoApprove         any `toml:"auto_approve"`
}

type rawLog struct {
	Level any `toml:"level"`
}

// settings converts section by section; what is wrong gathers in r.
func (r *reader) settings(raw rawSettings) settings {
	s := settings{Path: r.path, NoFile: r.noFile, State: r.absolute("state", raw.State, defaultState)}
	s.Site, s.FirstContact = r.site(raw.Site)
	s.BlockAfter = r.number("site.block_after", raw.Site.BlockAfter, auth.LockOutsToBlock, auth.CheckBlockAfter)
	s.PINOnScreen = r.flag("site.pin_on_screen", raw.Site.PINOnScreen, false)
	s.WrongPINs = r.number("site.wrong_pins", raw.Site.WrongPINs, provision.DefaultWrongPINs, provision.CheckWrongPINs)
	s.Listen = r.listen(raw.Listen)
	s.DHCP = r.dhcp(raw.DHCP)
	s.Trust = r.trust(raw.Trust)
	s.Emergency = r.emergency(raw.Emergency, s.Site)
	s.SIP = r.sip(raw.SIP)
	s.Central = r.central(raw.Central)
	s.Mail = r.mail(raw.Mail)
	s.Level = r.level("log.level", raw.Log.Level)
	if s.Listen.HTTP == "" && s.Listen.URL == "" && !r.has("listen.http") && !r.has("listen.url") {
		r.add("listen.http", `is off, so phones must be told another place; write listen.url = "https://…/cfg/"`)
	}
	if s.DHCP.Mode == dhcpopt.ModeServer && len(s.DHCP.Pool) == 0 && !r.has("dhcp.pool") && !r.has("dhcp.mode") {
		r.add("dhcp.pool", `missing; write the first and last address phones may have, such as "10.20.0.50-10.20.0.250", or set dhcp.mode = "off"`)
	}
	s.Origin = r.origin
	return s
}
