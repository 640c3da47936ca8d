package integration

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// lead is what an answer tells of configs, on one line.
func lead(m *dhcpv4.DHCPv4) string {
	var parts []string
	for _, code := range leadCodes {
		v := m.Options[code]
		if code == 66 || code == 67 {
			v = bytes.TrimSuffix(v, []byte{0}) // dnsmasq adds one
		}
		if len(v) > 0 {
			parts = append(parts, fmt.Sprintf("%d=%s", code, decoded(code, v)))
		}
	}
	return strings.Join(parts, " ")
}

// decoded is an option's value as its readers take it: addresses, a list of
// sub-options, text, and what is none of them as bytes.
func decoded(code uint8, v []byte) string {
	if code == 150 && len(v)%4 == 0 {
		var addrs []string
		for ; len(v) > 0; v = v[4:] {
			addrs = append(addrs, netip.AddrFrom4([4]byte(v)).String())
		}
		return strings.Join(addrs, ",")
	}
	if strings.ContainsFunc(string(v), func(r rune) bool { return r < ' ' || r > '~' }) {
		if list, ok := subOptions(v); code == 43 && ok {
			return "{" + strings.Join(list, " ") + "}"
		}
		return fmt.Sprintf("0x%x", v)
	}
	return string(v)
}

// subOptions takes option 43 apart (RFC 2132 section 8.4).
func subOptions(v []byte) (list []string, ok bool) {
	for len(v) > 0 && v[0] != 255 {
		if len(v) < 2 || len(v) < 2+int(v[1]) {
			return nil, false
		}
		n := 2 + int(v[1])
		list = append(list, fmt.Sprintf("%d=%s", v[0], decoded(v[0], bytes.TrimSuffix(v[2:n], []byte{0}))))
		v = v[n:]
	}
	return list, true
}
