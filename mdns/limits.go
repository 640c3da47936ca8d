package mdns

import "time"

// How much is read and said in a second. A LAN of a thousand machines asks a few
// times a second for anything at all.
const (
	heardASecond = 300
	saidASecond  = 20
)

// How soon a record is multicast again (RFC 6762 section 6): a defence against
// somebody who wants the name cannot wait as long.
const (
	repeatAfter  = time.Second
	defendAfter  = 250 * time.Millisecond
	conflictsMax = 15 // in an hour, before the box takes its time (section 8.1)
	conflictRest = time.Minute
)

// budget is so many a second.
type budget struct {
	most  int
	since time.Time
	spent int
}

// take spends one; where none is left it says how long until there is.
func (b *budget) take(now time.Time) (wait time.Duration) {
	if age := now.Sub(b.since); age >= time.Second || age < 0 {
		b.since, b.spent = now, 0
	}
	if b.spent >= b.most {
		return b.since.Add(time.Second).Sub(now)
	}
	b.spent++
	return 0
}

// repeats remembers when each of the box's records was multicast last.
type repeats map[*record]time.Time

// due leaves out what was multicast a moment ago, and notes the rest as said.
func (r repeats) due(list []*record, now time.Time, after time.Duration) []*record {
	var out []*record
	for _, rec := range list {
		if last, said := r[rec]; said && now.Sub(last) < after {
			continue
		}
		r[rec] = now
		out = append(out, rec)
	}
	return out
}

// conflicts counts how often the name was lost within an hour.
type conflicts struct {
	since time.Time
	n     int
}

// rest notes one more and says how long to wait before the next name.
func (c *conflicts) rest(now time.Time) time.Duration {
	if now.Sub(c.since) > time.Hour {
		*c = conflicts{since: now}
	}
	if c.n++; c.n > conflictsMax {
		return conflictRest
	}
	return 0
}
