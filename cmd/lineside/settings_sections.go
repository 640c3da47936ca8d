package main

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

func (r *reader) site(raw rawSite) (phone.Site, auth.Factor) {
	site := phone.Site{
		Name:      r.text("site.name", raw.Name, "Lineside"),
		Zone:      r.text("site.timezone", raw.Timezone, "UTC"),
		Language:  r.text("site.language", raw.Language, "en"),
		Emergency: r.texts("site.emergency", raw.Emergency, []string{"110", "112", "911"}),
		SBC:       r.text("site.sbc", raw.SBC, ""),
		NTP:       r.text("site.ntp", raw.NTP, ""),
	}
	for _, err := range flatten(site.Validate()) {
		key, text, _ := strings.Cut(err.Error(), ": ")
		r.add(key, text)
	}
	// The domain words its error with the bare name of the key, which is
	// replaced by the place in the file.
	factor, err := auth.ParseFactor(r.text("site.first_contact", raw.FirstContact, string(auth.FactorPIN)))
	if err != nil {
		r.add("site.first_contact", strings.TrimPrefix(err.Error(), "first_contact: "))
	}
	return site, factor
}

func (r *reader) listen(raw rawListen) listenSettings {
	l := listenSettings{
		HTTP:      r.socket("listen.http", raw.HTTP, ":80"),
		HTTPS:     r.socket("listen.https", raw.HTTPS, ":443"),
		TFTP:      r.socket("listen.tftp", raw.TFTP, ":69"),
		Admin:     r.socket("listen.admin", raw.Admin, ":8443"),
		Socket:    r.absolute("listen.socket", raw.Socket, defaultSocket),
		Interface: r.text("listen.interface", raw.Interface, ""),
		URL:       r.url("listen.url", raw.URL),
	}
	if sip := r.socket("listen.sip", raw.SIP, ":5060"); sip != "" {
		l.SIP, l.SIPPort = sip, portOf(sip)
	} else if !r.has("listen.sip") {
		r.add("listen.sip", `cannot be off: phones waiting for their PIN are pointed at this port; write one such as ":5060"`)
	}
	l.SIPS = r.socket("listen.sips", raw.SIPS, off)
	l.PnP = r.flag("listen.pnp", raw.PnP, true)
	l.MDNS = r.flag("listen.mdns", raw.MDNS, true)
	l.IPv6 = r.flag("listen.ipv6", raw.IPv6, true)
	l.Phones = r.networks("listen.phones", raw.Phones)
	if text := r.text("listen.address", raw.Address, ""); text != "" {
		p, err := netip.ParsePrefix(text)
		if err != nil || !p.Addr().Is4() || p.Bits() < 8 || p.Bits() > 30 {
			r.add("listen.address", fmt.Sprintf("%.40q is not this box's IPv4 address with its prefix length; write one such as \"10.20.0.1/24\"", text))
		}
		l.Address = p
	}
	if len(l.Interface) > 15 || strings.ContainsAny(l.Interface, "/ \t\n") {
		r.add("listen.interface", fmt.Sprintf("%.40q is no interface name; \"ip -brief address\" lists them", l.Interface))
	}
	return l
}

// trust reads what phones are believed for. The allow-list is the store's: a file
// that also named it would disagree with it from the first change on.
func (r *reader) trust(raw rawTrust) trustSettings {
	if raw.Allow != nil {
		r.add("trust.allow", "the allow-list is kept by the box, not by this file; take the line out and type: lineside allow add NETWORK")
	}
	return trustSettings{
		FactoryCertificates: r.flag("trust.factory_certificates", raw.FactoryCertificates, true),
		Claimed:             r.flag("trust.claimed", raw.Claimed, false),
		Window:              r.window("trust.window", raw.Window),
		AutoApprove:         r.flag("trust.auto_approve", raw.AutoApprove, false),
	}
}

// window reads a length of time, or "off" or 0 for none.
func (r *reader) window(key string, raw any) time.Duration {
	switch raw {
	case off, "0", int64(0):
		r.from(key, off, raw)
		return 0
	}
	return r.duration(key, raw, auth.SiteWindow, auth.MinWindow, auth.MaxWindow)
}

// socket reads ":69", "10.20.0.1:69" or "off", which is returned as "".
func (r *reader) socket(key string, raw any, def string) string {
	text := r.text(key, raw, def)
	if text == off {
		return ""
	}
	host, port, err := net.SplitHostPort(text)
	n, bad := strconv.Atoi(port)
	if host != "" && err == nil {
		_, err = netip.ParseAddr(host)
	}
	if err != nil || bad != nil || n < 1 || n > 65535 {
		r.add(key, fmt.Sprintf("%.60q is nothing to listen on; write a port such as %q, an address with a port, or \"off\"", text, cmp.Or(def, ":80")))
		return ""
	}
	return text
}

func portOf(socket string) int {
	_, port, _ := net.SplitHostPort(socket)
	n, _ := strconv.Atoi(port)
	return n
}

// url reads what phones are told. It must fit a DHCP option with room for the
// maker's own wrapping.
func (r *reader) url(key string, raw any) string {
	text := r.text(key, raw, "")
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		!slices.Contains([]string{"http", "https"}, u.Scheme) || len(text) > 200 {
		r.add(key, fmt.Sprintf("%.80q is no place phones can fetch from; write one such as \"http://10.20.0.1/cfg/\"", text))
		return ""
	}
	if !strings.HasSuffix(text, "/") {
		text += "/"
	}
	return text
}
