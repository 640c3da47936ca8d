package central

import (
	"crypto/rand"
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AllowRange is an allowed range of addresses.
type AllowRange struct {
	Prefix netip.Prefix `json:"prefix"`
	// Until is when it ends by itself, zero if Permanent.
	Until     time.Time `json:"until,omitzero"`
	Permanent bool      `json:"permanent,omitempty"`
}

// AllowChange is a range that is allowed until another time than before, or, when
// Gone, no more.
type AllowChange struct {
	AllowRange
	Gone bool `json:"gone,omitempty"`
}

// AllowChanges are what a follower of the allow-list lacks.
type AllowChanges struct {
	// Full says that these are all ranges there are: what else the follower
	// holds is no longer allowed.
	Full    bool          `json:"full,omitempty"`
	Changes []AllowChange `json:"changes"`
	// Cursor is what to ask with next.
	Cursor string `json:"cursor"`
}

// keptChanges is how many changes a follower may lag behind before it is told
// everything.
const keptChanges = 16384

// feed numbers the changes of the list. Numbers are of this process: whoever
// followed another is told everything once.
type feed struct {
	id     string
	newest uint64
	// kept are the newest changes, told what they make together.
	kept []AllowChange
	told map[netip.Prefix]AllowRange
	news chan struct{} // closed at the next change
}

func newFeed() feed {
	return feed{id: rand.Text()[:12], told: map[netip.Prefix]AllowRange{}, news: make(chan struct{})}
}

// announce tells what has become of ranges.
func (l *allowlist) announce(ranges iter.Seq[netip.Prefix], now time.Time) {
	f, before := &l.feed, l.feed.newest
	for p := range ranges {
		was, told := f.told[p]
		g, holds := l.best(p, now)
		next := AllowRange{Prefix: p, Until: g.until, Permanent: g.until.IsZero()}
		switch {
		case holds && (!told || next != was):
			f.told[p] = next
			f.add(AllowChange{AllowRange: next})
		case !holds && told:
			delete(f.told, p)
			f.add(AllowChange{AllowRange: AllowRange{Prefix: p}, Gone: true})
		}
	}
	if f.newest != before {
		close(f.news)
		f.news = make(chan struct{})
	}
}

func (f *feed) add(c AllowChange) {
	f.newest++
	if len(f.kept) >= 2*keptChanges {
		f.kept = slices.Clone(f.kept[keptChanges:])
	}
	f.kept = append(f.kept, c)
}

func (f *feed) cursor() string { return fmt.Sprintf("%s-%d", f.id, f.newest) }

// since gives the changes behind a cursor, false if that is not of this feed
// or too old.
func (f *feed) since(cursor string) ([]AllowChange, bool) {
	id, number, _ := strings.Cut(cursor, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || id != f.id || n > f.newest || f.newest-n > uint64(len(f.kept)) {
		return nil, false
	}
	return f.kept[len(f.kept)-int(f.newest-n):], true
}

// FollowAllow gives what changed of the allow-list since a cursor; with an empty
// one, one too old or of another process it gives everything. news is closed
// as soon as there is more.
func (p *Platform) FollowAllow(cursor string) (c AllowChanges, news <-chan struct{}) {
	l := p.allow
	l.mu.RLock()
	defer l.mu.RUnlock()
	c.Cursor = l.feed.cursor()
	changes, ok := l.feed.since(cursor)
	c.Changes = append([]AllowChange{}, changes...)
	if !ok {
		c.Full = true
		for _, r := range l.feed.ranges() {
			c.Changes = append(c.Changes, AllowChange{AllowRange: r})
		}
	}
	return c, l.feed.news
}

// ranges are what is allowed, in the order of their addresses.
func (f *feed) ranges() []AllowRange {
	list := make([]AllowRange, 0, len(f.told))
	for _, r := range f.told {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b AllowRange) int { return a.Prefix.Compare(b.Prefix) })
	return list
}

// expire tells of what has ended by itself, and gives when the next one does,
// zero if none will.
func (l *allowlist) expire(now time.Time) (next time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Those not told now may hold again, when the clock was put right.
	l.announce(maps.Keys(l.ranges), now)
	for _, r := range l.feed.told {
		if !r.Permanent && (next.IsZero() || r.Until.Before(next)) {
			next = r.Until
		}
	}
	return next
}
