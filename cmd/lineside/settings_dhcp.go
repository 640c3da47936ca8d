package main

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/phone"
)

// dhcpSettings are how the box takes part in DHCP.
type dhcpSettings struct {
	Mode           dhcpopt.Mode
	Listen         string
	Pool           []dhcpopt.Range
	Lease          time.Duration
	Router         netip.Addr
	DNS, NTP       []netip.Addr
	Domain         string
	Reservations   map[phone.MAC]netip.Addr
	Scopes         []dhcpopt.Scope
	PhonesOnly     bool
	Upstream       []netip.AddrPort
	TrustRelayInfo bool
	VoiceVLAN      int // 0: phones are sent to none
	IPv6           bool
	DNS6, NTP6     []netip.Addr
}

// serves6 reports that phones are answered by DHCPv6: where they are by DHCPv4
// without another server between.
func (d dhcpSettings) serves6() bool {
	return d.IPv6 && (d.Mode == dhcpopt.ModeServer || d.Mode == dhcpopt.ModeInform)
}

// serves reports that the box has the DHCP port.
func (d dhcpSettings) serves() bool { return d.Mode != dhcpopt.ModeOff && d.Mode != "" }

type rawDHCP struct {
	Mode           any                 `toml:"mode"`
	Listen         any                 `toml:"listen"`
	Pool           any                 `toml:"pool"`
	Lease          any                 `toml:"lease"`
	Router         any                 `toml:"router"`
	DNS            any                 `toml:"dns"`
	NTP            any                 `toml:"ntp"`
	Domain         any                 `toml:"domain"`
	PhonesOnly     any                 `toml:"phones_only"`
	VoiceVLAN      any                 `toml:"voice_vlan"`
	IPv6           any                 `toml:"ipv6"`
	DNS6           any                 `toml:"dns6"`
	NTP6           any                 `toml:"ntp6"`
	Upstream       any                 `toml:"upstream"`
	TrustRelayInfo any                 `toml:"trust_relay_info"`
	Reservations   map[string]any      `toml:"reservations"`
	Scopes         map[string]rawScope `toml:"scopes"`
}

type rawScope struct {
	Pool   any `toml:"pool"`
	Router any `toml:"router"`
	DNS    any `toml:"dns"`
	Lease  any `toml:"lease"`
}

func (r *reader) dhcp(raw rawDHCP) dhcpSettings {
	d := dhcpSettings{
		Mode:           r.dhcpMode(raw.Mode),
		Listen:         r.socket("dhcp.listen", raw.Listen, ":67"),
		Pool:           r.pool("dhcp.pool", raw.Pool),
		Lease:          r.duration("dhcp.lease", raw.Lease, dhcpopt.DefaultLease, dhcpopt.MinLease, dhcpopt.MaxLease),
		Router:         r.addr("dhcp.router", raw.Router),
		DNS:            r.addrs("dhcp.dns", raw.DNS),
		NTP:            r.addrs("dhcp.ntp", raw.NTP),
		Domain:         r.text("dhcp.domain", raw.Domain, ""),
		PhonesOnly:     r.flag("dhcp.phones_only", raw.PhonesOnly, false),
		VoiceVLAN:      r.number("dhcp.voice_vlan", raw.VoiceVLAN, 0, checkVLAN),
		IPv6:           r.flag("dhcp.ipv6", raw.IPv6, true),
		DNS6:           r.addrs6("dhcp.dns6", raw.DNS6),
		NTP6:           r.addrs6("dhcp.ntp6", raw.NTP6),
		TrustRelayInfo: r.flag("dhcp.trust_relay_info", raw.TrustRelayInfo, false),
		Reservations:   r.reservations(raw.Reservations),
		Scopes:         r.scopes(raw.Scopes),
	}
	for _, a := range r.addrs("dhcp.upstream", raw.Upstream) {
		d.Upstream = append(d.Upstream, netip.AddrPortFrom(a, 67))
	}
	if d.Listen == "" && !r.has("dhcp.listen") {
		r.add("dhcp.listen", `cannot be off; set dhcp.mode = "off" to switch DHCP off`)
	}
	if len(d.Upstream) > 0 && d.Mode != dhcpopt.ModeRelay {
		r.add("dhcp.upstream", `belongs to dhcp.mode = "relay"; take the line out, or write that mode`)
	}
	if d.Mode == dhcpopt.ModeRelay && len(d.Upstream) == 0 && !r.has("dhcp.upstream") {
		r.add("dhcp.upstream", `missing; dhcp.mode = "relay" needs the addresses of the servers behind it, such as ["10.0.0.5"]`)
	}
	return d
}

func (r *reader) dhcpMode(raw any) dhcpopt.Mode {
	usual := dhcpopt.ModeServer
	if r.noFile { // until somebody chooses, the LAN's own server is not disturbed
		usual = dhcpopt.ModeOff
	}
	mode := dhcpopt.Mode(r.text("dhcp.mode", raw, string(usual)))
	switch mode {
	case dhcpopt.ModeServer, dhcpopt.ModeRelay, dhcpopt.ModeInform, dhcpopt.ModeOff:
		return mode
	}
	r.add("dhcp.mode", fmt.Sprintf("%.20q is not known; write \"server\", \"relay\", \"inform\" or \"off\"", string(mode)))
	return dhcpopt.ModeOff
}

// maxVLAN is the highest number of IEEE 802.1Q; 4095 is kept.
const maxVLAN = 4094

func checkVLAN(n int) error {
	if n < 0 || n > maxVLAN {
		return errors.New("is no VLAN; write 1 to 4094, or 0 for none")
	}
	return nil
}

func (r *reader) pool(key string, raw any) []dhcpopt.Range {
	text := r.text(key, raw, "")
	if text == "" {
		return nil
	}
	pool, err := dhcpopt.ParsePool(text)
	if err != nil {
		r.add(key, err.Error())
	}
	return pool
}

// scopes reads the networks behind relay agents, in order of their names.
func (r *reader) scopes(raw map[string]rawScope) []dhcpopt.Scope {
	var out []dhcpopt.Scope
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		key := "dhcp.scopes." + name
		sc := dhcpopt.Scope{
			Pool:   r.pool(key+".pool", raw[name].Pool),
			Router: r.addr(key+".router", raw[name].Router),
			DNS:    r.addrs(key+".dns", raw[name].DNS),
		}
		if raw[name].Lease != nil {
			sc.Lease = r.duration(key+".lease", raw[name].Lease, dhcpopt.DefaultLease, dhcpopt.MinLease, dhcpopt.MaxLease)
		}
		p, err := netip.ParsePrefix(strings.TrimSpace(name))
		if err != nil || p != p.Masked() {
			r.add(key, fmt.Sprintf("%.40q is no network; write one such as \"10.30.0.0/24\"", name))
			continue
		}
		sc.Net = p
		out = append(out, sc)
	}
	return out
}

func (r *reader) reservations(raw map[string]any) map[phone.MAC]netip.Addr {
	if len(raw) == 0 {
		return nil
	}
	out := make(map[phone.MAC]netip.Addr, len(raw))
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		key := "dhcp.reservations." + name
		mac, err := phone.ParseMAC(name)
		if err != nil {
			r.add(key, err.Error())
			continue
		}
		text, ok := raw[name].(string)
		if !ok {
			r.add(key, `is not an address in quotes; write one such as "10.20.0.60"`)
			continue
		}
		addr, ok := r.addr4(key, text)
		if !ok {
			continue
		}
		if _, twice := out[mac]; twice {
			r.add(key, "is reserved twice, in two spellings; take one line out")
		}
		out[mac] = addr
	}
	return out
}
