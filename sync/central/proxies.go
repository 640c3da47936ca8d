package central

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies finds where a request comes from when it may have come through
// proxies of the platform's own. The zero value trusts none.
type Proxies struct {
	// Trusted are the addresses of those proxies: what others say of where a
	// request comes from is not heard.
	Trusted []netip.Prefix
	// Forwarded says that they write Forwarded (RFC 7239) instead of
	// X-Forwarded-For. One of the two is heard and not both: a proxy that writes
	// one passes the other on as a stranger wrote it.
	Forwarded bool
}

// maxHops is how many proxies of the platform's own a request may come through.
const maxHops = 16

// Source is the address a request comes from: that of the connection, or where
// that is a trusted proxy's, the nearest hop it names that is none. It is the
// zero address where that cannot be told; nobody is whitelisted by a guess.
func (p Proxies) Source(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := plain(peer.Addr())
	if !p.trusts(addr) {
		return addr
	}
	name, read := "X-Forwarded-For", hopAddress
	if p.Forwarded {
		name, read = "Forwarded", forwardedFor
	}
	// The values of several lines are one list (RFC 9110, 5.3), and the hop
	// nearest to us is its last.
	list := strings.Join(r.Header.Values(name), ",")
	for range maxHops {
		// No address holds a comma, so one inside a quoted string can only be a
		// stranger's; it makes that part unreadable, not ours.
		i := strings.LastIndexByte(list, ',')
		hop, ok := read(strings.Trim(list[i+1:], " \t"))
		if !ok {
			return netip.Addr{}
		}
		if !p.trusts(hop) {
			return hop
		}
		if i < 0 {
			return netip.Addr{}
		}
		list = list[:i]
	}
	return netip.Addr{}
}

func (p Proxies) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(p.Trusted, func(t netip.Prefix) bool { return t.Contains(a) })
}

// hopAddress reads an address, with a port or without; some proxies write one.
func hopAddress(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return plain(ap.Addr()), true
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		s, ok = strings.CutSuffix(inner, "]")
		if !ok {
			return netip.Addr{}, false
		}
	}
	a, err := netip.ParseAddr(s)
	return plain(a), err == nil
}

// forwardedFor reads the "for" of one element of Forwarded (RFC 7239, 4 and 6).
// "unknown" and obfuscated names are no addresses.
func forwardedFor(element string) (a netip.Addr, ok bool) {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
		if !strings.EqualFold(name, "for") {
			continue
		}
		if ok { // twice
			return netip.Addr{}, false
		}
		if inner, quoted := strings.CutPrefix(value, `"`); quoted {
			if value, quoted = strings.CutSuffix(inner, `"`); !quoted {
				return netip.Addr{}, false
			}
		}
		if a, ok = hopAddress(value); !ok {
			return netip.Addr{}, false
		}
	}
	return a, ok
}
