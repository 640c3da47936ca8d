package central

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

// How long things last.
const (
	// vouchFor is how long a phone that was provisioned at a site vouches for
	// the site's address.
	vouchFor = 8 * time.Hour
	// renewGain is what a renewal must gain to be written: when all phones of a
	// site start at once, one of them renews.
	renewGain = 10 * time.Minute
	// clockSlack is how far clocks may be apart and still be taken as right: a
	// box's and the platform's, and those of two processes of the platform.
	clockSlack = 5 * time.Minute
)

// vouched is an address a site's box vouches for: phones there have proved
// themselves.
type vouched struct {
	Prefix netip.Prefix `json:"prefix"`
	// Since is when it began, Until when it ends; By is the kind of the event
	// that was the last to count.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	By    string    `json:"by"`
}

// holds says whether it counts now. One that lasts longer than any can was made
// while the platform's clock was ahead.
func (v vouched) holds(now time.Time) bool {
	return now.Before(v.Until) && !v.Until.After(now.Add(vouchFor+clockSlack))
}

// vouch counts a success at a site, at the time it happened, for the network
// its news came from. It ends 8 h after the success, however late the news
// arrives: told twice or in another order, it comes to the same. changed is
// false where nothing is worth a write.
func vouch(list []vouched, from netip.Prefix, at, now time.Time, by string) (next []vouched, changed bool) {
	until := at.Add(vouchFor).UTC()
	if !now.Before(until) {
		return list, false
	}
	i := slices.IndexFunc(list, func(v vouched) bool { return v.Prefix == from })
	fresh := vouched{Prefix: from, Since: now.UTC(), Until: until, By: by}
	if i >= 0 && list[i].holds(now) {
		if until.Sub(list[i].Until) < renewGain {
			return list, false
		}
		fresh.Since = list[i].Since
	}
	next = slices.Clone(list)
	if i >= 0 {
		next = slices.Delete(next, i, i+1)
	}
	next = append(next, fresh)
	if len(next) > maxAddresses {
		// The one that ends first makes room.
		slices.SortStableFunc(next, func(a, b vouched) int { return b.Until.Compare(a.Until) })
		next = next[:maxAddresses]
	}
	return next, true
}

// happened is when an event happened, by the platform's clock; ok is false
// where that cannot be told or was too long ago to vouch for anything.
//
// A time the box was sure of counts as it stands. If the box's clock is set and
// wrong, or not set at all, what counts is how long ago the event was by that
// same clock. An event stamped while the clock was set, by a box that has lost
// it since, is as old as it says: the box may have been without power for days,
// which its clock does not know. An event stamped while it was not set, by a
// box that has it set now, could have been at any time.
func happened(e wire.Event, p wire.Push, now time.Time) (at time.Time, ok bool) {
	age := now.Sub(e.At)
	switch skew := now.Sub(p.Clock); {
	case e.Unsure && (!p.Unset || p.Clock.IsZero()):
		return time.Time{}, false
	case e.Unsure, !p.Unset && !p.Clock.IsZero() && skew.Abs() > clockSlack:
		age = p.Clock.Sub(e.At)
	}
	if age < -clockSlack || age >= vouchFor {
		return time.Time{}, false
	}
	return now.Add(-max(age, 0)), true
}

// siteBits is how much of an address a site's network has. With IPv6 phones
// have other addresses than their box, and new ones every day (RFC 8981): all
// of a LAN shares its /64 (RFC 4291, 2.5.4), and nobody else has it. A provider
// gives a site more than one, but how many cannot be seen; an operator enters
// the others.
func siteBits(a netip.Addr) int {
	if a.Is4() {
		return 32
	}
	return 64
}

var errUnseen = errors.New("the platform cannot see which address this site comes from: where it stands behind a proxy, its operator has to name that as trusted")

// network is what is whitelisted of a site whose news come from an address; the
// error is a sentence that says why nothing is.
func network(a netip.Addr) (netip.Prefix, error) {
	a = plain(a)
	if !a.IsValid() {
		return netip.Prefix{}, errUnseen
	}
	if what := shared(netip.PrefixFrom(a, a.BitLen())); what != "" {
		return netip.Prefix{}, fmt.Errorf("%s is %s: many networks have such an address, so the platform whitelists it only where its operator enters it", a, what)
	}
	return a.Prefix(siteBits(a))
}

// block is a range of addresses that names no one network.
type block struct {
	prefix netip.Prefix
	what   string
}

// blocks are from IANA's registries of special-purpose addresses (RFC 6890).
// Those kept for documentation are not here: nobody comes from them but tests.
var blocks = []block{
	{netip.MustParsePrefix("0.0.0.0/8"), "no address of a host"},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address"},
	{netip.MustParsePrefix("100.64.0.0/10"), "an address a provider shares among its customers (CGNAT)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address"},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address"},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address"},
	{netip.MustParsePrefix("192.0.0.0/24"), "an address for protocols"},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address"},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for benchmarks"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), "no address of a host"},
	// Of IPv6 only 2000::/3 is given out.
	{netip.MustParsePrefix("::1/128"), "a loopback address"},
	{netip.MustParsePrefix("::/3"), "no address of a host"},          // NAT64 too: its /64 is all of IPv4
	{netip.MustParsePrefix("2001::/23"), "an address for protocols"}, // Teredo: its /64 is a server's
	{netip.MustParsePrefix("2002::/16"), "an address of a tunnel (6to4)"},
	{netip.MustParsePrefix("4000::/2"), "no address of a host"},
	{netip.MustParsePrefix("8000::/2"), "no address of a host"},
	{netip.MustParsePrefix("c000::/3"), "no address of a host"},
	{netip.MustParsePrefix("fc00::/7"), "a private address"},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address"},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address"},
	{netip.MustParsePrefix("e000::/3"), "no address of a host"},
}

// shared says what a range is if any of it is no one network's, else "".
func shared(p netip.Prefix) string {
	for _, b := range blocks {
		if b.prefix.Overlaps(p) {
			return b.what
		}
	}
	return ""
}
