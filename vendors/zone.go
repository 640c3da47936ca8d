package vendors

import (
	"fmt"
	"time"
)

// clock is a time zone as phones take it: an offset of standard time, and two
// rules between which the clock is put forward.
type clock struct {
	offset      time.Duration // of standard time, east of Greenwich
	save        time.Duration // put forward in summer; 0 is no summer time
	start, stop change        // of summer time
}

// change is the moment a clock is changed, as wall-clock time before it.
type change struct {
	month   time.Month
	week    int // 1 to 4, or 5 for the last in the month
	weekday time.Weekday
	hour    int
}

// clock is the site's. Where nobody has read the zone yet, it is read here, from
// its file, which takes a good part of a render's time.
func (in Input) clock() (clock, error) {
	if in.Zone != nil && in.Zone.String() == in.Site.Zone {
		return clockOf(in.Zone, in.Year)
	}
	loc, err := time.LoadLocation(in.Site.Zone)
	if err != nil {
		return clock{}, fmt.Errorf("time zone %.60q: %w; write an IANA name such as Europe/Berlin", in.Site.Zone, err)
	}
	return clockOf(loc, in.Year)
}

// clockOf reads the rules of a zone for one year. Phones know at most two changes
// a year: a year with another number of them is given the offset it ends with.
//
// Standard time is the smaller offset whatever the zone database calls it:
// Dublin's "standard" time is its summer's, and no phone can write that down.
func clockOf(loc *time.Location, year int) (clock, error) {
	if year < 1970 || year > 9999 {
		return clock{}, fmt.Errorf("time zone %s: year %d is out of range", loc, year)
	}
	changes, offsets := changesIn(loc, year)
	if len(changes) != 2 || offsets[0] != offsets[2] || offsets[0] == offsets[1] {
		return clock{offset: offsets[len(offsets)-1]}, nil
	}
	if offsets[0] < offsets[1] {
		return clock{offset: offsets[0], save: offsets[1] - offsets[0], start: changes[0], stop: changes[1]}, nil
	}
	return clock{offset: offsets[1], save: offsets[0] - offsets[1], start: changes[1], stop: changes[0]}, nil
}

// changesIn lists the changes of a year, and the offsets before, between and
// after them.
func changesIn(loc *time.Location, year int) (changes []change, offsets []time.Duration) {
	t := time.Date(year, 1, 1, 0, 0, 0, 0, loc)
	end := time.Date(year+1, 1, 1, 0, 0, 0, 0, loc)
	offsets = append(offsets, offsetAt(t))
	for range 8 {
		_, next := t.ZoneBounds()
		if next.IsZero() || !next.Before(end) {
			break
		}
		before, after := offsets[len(offsets)-1], offsetAt(next)
		if before != after {
			changes = append(changes, changeAt(next.UTC().Add(before)))
			offsets = append(offsets, after)
		}
		t = next
	}
	return changes, offsets
}

func offsetAt(t time.Time) time.Duration {
	_, sec := t.Zone()
	return time.Duration(sec) * time.Second
}

// changeAt names a moment by its place in the month. A day in the last seven
// is called the last: rules of law say "last Sunday" far oftener than "fourth".
func changeAt(wall time.Time) change {
	week := (wall.Day()-1)/7 + 1
	if wall.AddDate(0, 0, 7).Month() != wall.Month() {
		week = 5
	}
	return change{month: wall.Month(), week: week, weekday: wall.Weekday(), hour: wall.Hour()}
}

// mondayFirst counts a weekday from Monday = 1 to Sunday = 7.
func mondayFirst(d time.Weekday) int {
	if d == time.Sunday {
		return 7
	}
	return int(d)
}
