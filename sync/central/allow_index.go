package central

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// whyEntered is why an address is allowed that an operator entered.
const whyEntered = "entered"

// grant is one reason why a range is allowed.
type grant struct {
	row     string
	prefix  netip.Prefix
	until   time.Time // zero for good
	why     string
	vouched bool
}

func (g grant) holds(now time.Time) bool {
	if g.vouched {
		return vouched{Until: g.until}.holds(now)
	}
	return g.until.IsZero() || now.Before(g.until)
}

// longer says whether g lasts longer than h.
func (g grant) longer(h grant) bool {
	return !h.until.IsZero() && (g.until.IsZero() || g.until.After(h.until))
}

// allowlist is the allow-list in memory: by range, why each is allowed. An
// address is looked up once for every length of range there is, which are few:
// sites' own addresses have one length each of IPv4 and IPv6.
type allowlist struct {
	// refresh is held while rows are read and set, so that an older reading does
	// not come after a newer one.
	refresh sync.Mutex

	mu     sync.RWMutex // guards all below
	ranges map[netip.Prefix][]grant
	rows   map[string][]netip.Prefix
	// bits are the lengths there are, longest first, of IPv4 and IPv6; count
	// how many ranges have each.
	bits  [2][]int
	count [2][129]int
	feed  feed
}

func newAllowlist() *allowlist {
	return &allowlist{ranges: map[netip.Prefix][]grant{}, rows: map[string][]netip.Prefix{}, feed: newFeed()}
}

// all are the rows there are.
func (l *allowlist) all() map[string]bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	rows := make(map[string]bool, len(l.rows))
	for id := range l.rows {
		rows[id] = true
	}
	return rows
}

func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// check looks an address up.
func (l *allowlist) check(a netip.Addr, now time.Time) Verdict {
	v := Verdict{Address: a}
	if !a.IsValid() {
		return v
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	var best grant
	for _, bits := range l.bits[family(a)] {
		prefix, _ := a.Prefix(bits) // bits are of its family
		g, ok := l.best(prefix, now)
		if ok && (!v.Allowed || g.longer(best)) {
			v.Allowed, best = true, g
		}
	}
	if v.Allowed {
		v.Prefix, v.Until, v.Permanent, v.Why = best.prefix, best.until, best.until.IsZero(), best.why
		if best.row != everySite {
			v.Site = best.row
		}
	}
	return v
}

// best is what holds for longest of a range.
func (l *allowlist) best(p netip.Prefix, now time.Time) (best grant, ok bool) {
	for _, g := range l.ranges[p] {
		if g.holds(now) && (!ok || g.longer(best)) {
			best, ok = g, true
		}
	}
	return best, ok
}

// set puts rows in the place of what they were.
func (l *allowlist) set(rows map[string][]grant, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	touched := map[netip.Prefix]bool{}
	for row, grants := range rows {
		for _, p := range l.rows[row] {
			l.drop(p, row)
			touched[p] = true
		}
		delete(l.rows, row)
		for _, g := range grants {
			l.add(g)
			touched[g.prefix] = true
		}
	}
	l.announce(maps.Keys(touched), now)
}

func (l *allowlist) add(g grant) {
	if len(l.ranges[g.prefix]) == 0 {
		l.counted(g.prefix, 1)
	}
	l.ranges[g.prefix] = append(l.ranges[g.prefix], g)
	l.rows[g.row] = append(l.rows[g.row], g.prefix)
}

func (l *allowlist) drop(p netip.Prefix, row string) {
	had := l.ranges[p]
	left := slices.DeleteFunc(slices.Clone(had), func(g grant) bool { return g.row == row })
	switch {
	case len(left) > 0:
		l.ranges[p] = left
	case len(had) > 0:
		delete(l.ranges, p)
		l.counted(p, -1)
	}
}

func (l *allowlist) counted(p netip.Prefix, by int) {
	f := family(p.Addr())
	l.count[f][p.Bits()] += by
	l.bits[f] = nil
	for bits := 128; bits >= 0; bits-- {
		if l.count[f][bits] > 0 {
			l.bits[f] = append(l.bits[f], bits)
		}
	}
}
