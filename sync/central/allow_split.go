package central

import (
	"net/netip"
	"slices"
)

// disjoint gives ranges of which none holds another and which allow the same
// for as long: an nftables set with intervals takes no others. ranges are in
// the order of their addresses, the wider of two first.
func disjoint(ranges []AllowRange) (out []AllowRange) {
	for len(ranges) > 0 {
		outer := ranges[0]
		n := 1
		for n < len(ranges) && outer.Prefix.Overlaps(ranges[n].Prefix) {
			n++
		}
		out = split(out, outer, ranges[1:n])
		ranges = ranges[n:]
	}
	return out
}

// split appends a range without those inside it that last longer, which come
// instead of it there.
func split(out []AllowRange, outer AllowRange, inside []AllowRange) []AllowRange {
	inside = slices.DeleteFunc(slices.Clone(inside), func(r AllowRange) bool { return !longer(r, outer) })
	if len(inside) == 0 {
		return append(out, outer)
	}
	if inside[0].Prefix == outer.Prefix {
		return split(out, inside[0], inside[1:])
	}
	for _, half := range halves(outer.Prefix) {
		var in []AllowRange
		for _, r := range inside {
			if half.Overlaps(r.Prefix) {
				in = append(in, r)
			}
		}
		out = split(out, AllowRange{Prefix: half, Until: outer.Until, Permanent: outer.Permanent}, in)
	}
	return out
}

func longer(r, than AllowRange) bool {
	return !than.Permanent && (r.Permanent || r.Until.After(than.Until))
}

// halves are the two ranges a range of more than one address is made of.
func halves(p netip.Prefix) [2]netip.Prefix {
	b := p.Addr().AsSlice()
	b[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	upper, _ := netip.AddrFromSlice(b) // as long as it was
	return [2]netip.Prefix{netip.PrefixFrom(p.Addr(), p.Bits()+1), netip.PrefixFrom(upper, p.Bits()+1)}
}
