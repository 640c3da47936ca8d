package dhcpopt

import (
	"time"

	"github.com/lineside/lineside/phone"
)

// When a device that was put off counts as one that comes back. Clients ask again
// after 4, 8, 16, 32 and 64 seconds (RFC 2131 section 4.1), udhcpc after 20; who
// makes up hardware addresses does not, unless it remembers them.
const (
	backAfter = 8 * time.Second
	backLife  = 65 * time.Second // remembered so long at least, and twice as long at most
	backMost  = 1 << 16          // in each half of the table: a thousand new ones a second
)

// returns remembers when hardware addresses were first put off. The table has
// two halves: the older is forgotten as a whole when the younger one is old. In a
// half that is full no more are noted, and who was noted before stays.
type returns struct {
	began       time.Time // when the younger half was begun
	young, old  map[phone.MAC]time.Time
	first, last time.Time // of a run of being put off, for the alarm
}

// note takes into account that mac is to be put off now, and reports whether it
// was so long enough ago to be one that comes back.
func (r *returns) note(mac phone.MAC, now time.Time) (back bool) {
	r.turn(now)
	first, ok := r.young[mac]
	if !ok {
		if first, ok = r.old[mac]; !ok {
			first = now
		}
		if len(r.young) < backMost {
			r.young[mac] = first
		}
	}
	return now.Sub(first) >= backAfter
}

// turn begins a new half where it is time, also where the clock was set back.
func (r *returns) turn(now time.Time) {
	age := now.Sub(r.began)
	if r.young != nil && age >= 0 && age < backLife {
		return
	}
	r.old, r.young = r.young, make(map[phone.MAC]time.Time)
	if age < 0 || age >= 2*backLife {
		r.old = nil
	}
	r.began = now
}

// waits notes for the alarm that somebody was put off.
func (r *returns) waits(now time.Time) {
	if gap := now.Sub(r.last); gap > waitGap || gap < 0 {
		r.first = now
	}
	r.last = now
}

// serve forgets a device that has an address now, so that its name is good for
// one.
func (r *returns) serve(mac phone.MAC) {
	delete(r.young, mac)
	delete(r.old, mac)
}
