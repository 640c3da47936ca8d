package dhcpopt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Range is a run of IPv4 addresses, both ends included.
type Range struct{ First, Last netip.Addr }

// ErrRange is wrapped by every error of ParseRange and ParsePool.
var ErrRange = errors.New("not an address range")

// maxRanges bounds how many runs one pool is written with.
const maxRanges = 64

// ParsePool reads one or more ranges separated by commas, such as
// "10.20.0.50-10.20.0.99, 10.20.0.150-10.20.0.250". Whether they fit the LAN
// is Config's to say.
func ParsePool(s string) ([]Range, error) {
	parts := strings.Split(s, ",")
	if len(parts) > maxRanges {
		return nil, fmt.Errorf("%d ranges are too many, at most %d: %w", len(parts), maxRanges, ErrRange)
	}
	pool := make([]Range, 0, len(parts))
	for _, part := range parts {
		r, err := ParseRange(part)
		if err != nil {
			return nil, err
		}
		pool = append(pool, r)
	}
	return pool, nil
}

// ParseRange reads first-last, or a single address.
func ParseRange(s string) (Range, error) {
	first, last, two := strings.Cut(strings.TrimSpace(s), "-")
	if !two {
		last = first
	}
	a, err := parseIPv4(first)
	if err != nil {
		return Range{}, fmt.Errorf("%.60q is %w: %w; write first-last, such as 10.20.0.50-10.20.0.250", s, ErrRange, err)
	}
	b, err := parseIPv4(last)
	if err != nil {
		return Range{}, fmt.Errorf("%.60q is %w: %w; write first-last, such as 10.20.0.50-10.20.0.250", s, ErrRange, err)
	}
	if b.Less(a) {
		return Range{}, fmt.Errorf("%.60q is %w: it ends before it begins; write %s-%s", s, ErrRange, b, a)
	}
	return Range{First: a, Last: b}, nil
}

func parseIPv4(s string) (netip.Addr, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return netip.Addr{}, errors.New("an address is missing")
	}
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return netip.Addr{}, fmt.Errorf("%.40q is no IPv4 address", s)
	}
	return a, nil
}

// String is the form ParseRange reads.
func (r Range) String() string { return r.First.String() + "-" + r.Last.String() }

// Size is how many addresses r has; 0 where r is not valid.
func (r Range) Size() int {
	if !r.First.Is4() || !r.Last.Is4() || r.Last.Less(r.First) {
		return 0
	}
	return int(number(r.Last)-number(r.First)) + 1
}

// Contains reports that a lies in r.
func (r Range) Contains(a netip.Addr) bool {
	return a.Is4() && !a.Less(r.First) && !r.Last.Less(a)
}

// Overlaps reports that r and other share an address.
func (r Range) Overlaps(other Range) bool {
	return !r.Last.Less(other.First) && !other.Last.Less(r.First)
}

// number is an IPv4 address as arithmetic wants it.
func number(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func fromNumber(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}
