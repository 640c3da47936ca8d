package sipd

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Resolver finds where an SBC's name leads; *net.Resolver serves it.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// find asks DNS for an SBC's addresses, the likeliest first (RFC 3263 section
// 4.2): where no port is given, those of its SRV records, in the order of their
// priority; else, or where it has none, those of its name.
func (g *gateways) find(ctx context.Context, one SBC) ([]netip.AddrPort, error) {
	if a, err := netip.ParseAddr(one.Host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(a.Unmap(), one.port())}, nil
	}
	if one.Port == 0 {
		if all := g.findSRV(ctx, one); len(all) > 0 {
			return all, nil
		}
	}
	addrs, err := g.dep.Resolve.LookupNetIP(ctx, "ip4", one.Host)
	if err != nil || len(addrs) == 0 {
		return nil, errors.Join(errors.New("its name has no address"), err)
	}
	// DNS deals them out in any order; in one of their own a dead one keeps its place.
	slices.SortFunc(addrs, netip.Addr.Compare)
	all := make([]netip.AddrPort, 0, len(addrs))
	for _, a := range addrs {
		all = append(all, netip.AddrPortFrom(a.Unmap(), one.port()))
	}
	return all, nil
}

// findSRV follows the name's SRV records, as far as they are needed.
func (g *gateways) findSRV(ctx context.Context, one SBC) []netip.AddrPort {
	service, proto := "sip", string(one.Transport)
	if one.Transport == phone.TLS {
		service, proto = "sips", "tcp"
	}
	_, records, err := g.dep.Resolve.LookupSRV(ctx, service, proto, one.Host)
	if err != nil {
		return nil
	}
	var all []netip.AddrPort
	for _, r := range records {
		host := strings.TrimSuffix(r.Target, ".")
		if host == "" || len(all) >= maxWays { // "." is a service that is not there (RFC 2782)
			continue
		}
		addrs, err := g.dep.Resolve.LookupNetIP(ctx, "ip4", host)
		if err != nil {
			continue
		}
		for _, a := range addrs {
			all = append(all, netip.AddrPortFrom(a.Unmap(), r.Port))
		}
	}
	return all
}
