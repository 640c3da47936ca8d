package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sipd"
)

// emergencySettings say what becomes of emergency calls of phones on hold.
type emergencySettings struct {
	Mode     sipd.Mode
	SBCs     []sipd.SBC // site.sbc first
	User     string
	Password phone.Secret
	Identity string
}

type rawEmergency struct {
	Mode     any `toml:"mode"`
	SBCs     any `toml:"sbcs"`
	User     any `toml:"user"`
	Password any `toml:"password"`
	Identity any `toml:"identity"`
}

// emergency reads the section. The SBC phones are told, site.sbc, is asked
// first.
func (r *reader) emergency(raw rawEmergency, site phone.Site) emergencySettings {
	e := emergencySettings{
		Mode:     sipd.Mode(r.text("emergency.mode", raw.Mode, string(sipd.Bridge))),
		User:     r.text("emergency.user", raw.User, ""),
		Password: r.secret("emergency.password", raw.Password),
		Identity: r.text("emergency.identity", raw.Identity, ""),
	}
	switch e.Mode {
	case sipd.Bridge, sipd.Redirect, sipd.NoCalls:
	default:
		r.add("emergency.mode", fmt.Sprintf("%.20q is not known; write \"bridge\", \"redirect\", or \"none\" where nobody relies on these phones for help", e.Mode))
	}
	names := r.texts("emergency.sbcs", raw.SBCs, nil)
	if site.SBC != "" && !r.has("site.sbc") {
		names = append([]string{site.SBC}, names...)
	}
	for _, name := range names {
		sbc, err := sipd.ParseSBC(name)
		if err != nil {
			r.add("emergency.sbcs", err.Error())
			continue
		}
		e.SBCs = append(e.SBCs, sbc)
	}
	if len(e.SBCs) > maxSBCs {
		r.add("emergency.sbcs", fmt.Sprintf("%d SBCs are too many: a caller would wait %d s for the last; name at most %d", len(e.SBCs), 3*(len(e.SBCs)-1), maxSBCs))
	}
	if e.Identity != "" && !strings.HasPrefix(e.Identity, "sip:") || strings.ContainsAny(e.Identity, " <>\"") {
		r.add("emergency.identity", fmt.Sprintf("%.60q is no SIP address; write one such as \"sip:+49301234567@example.net\"", e.Identity))
	}
	return e
}

// maxSBCs bounds how long a caller can wait for the last of them.
const maxSBCs = 4

// secret reads a password; where it comes from is shown, the password is not.
func (r *reader) secret(key string, raw any) phone.Secret {
	v, ok := raw.(string)
	if raw != nil && !ok {
		r.add(key, fmt.Sprintf("is %s; write text in quotes", kindOf(raw)))
	}
	s := phone.NewSecret(v)
	r.from(key, s.String(), raw)
	r.mask(key)
	return s
}

// networks reads networks such as "10.30.0.0/16".
func (r *reader) networks(key string, raw any) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range r.texts(key, raw, nil) {
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Bits() < 8 {
			r.add(key, fmt.Sprintf("%.60q is no network of phones; write one such as \"10.30.0.0/16\"", cmp.Or(text, " ")))
			continue
		}
		all = append(all, p.Masked())
	}
	return all
}
