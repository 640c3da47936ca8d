package vendors

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/lineside/lineside/phone"
)

// siteClock is of a zone nobody has read.
func siteClock(zone string, year int) (clock, error) {
	return Input{Site: phone.Site{Zone: zone}, Year: year}.clock()
}

// TestClockOfZone: a zone that was read is taken for the site's zone, and for no
// other's.
func TestClockOfZone(t *testing.T) {
	// A zone of Berlin's name that no database has tells which of the two was read.
	in := Input{Site: phone.Site{Zone: "Europe/Berlin"}, Zone: time.FixedZone("Europe/Berlin", 7*3600), Year: 2026}
	if got, err := in.clock(); err != nil || got != (clock{offset: 7 * time.Hour}) {
		t.Errorf("got %+v and %v, want the zone that was given", got, err)
	}
	in.Site.Zone = "Asia/Tokyo"
	if got, err := in.clock(); err != nil || got != (clock{offset: 9 * time.Hour}) {
		t.Errorf("got %+v and %v, want Tokyo's", got, err)
	}
}

func TestClockOf(t *testing.T) {
	const h = time.Hour
	tests := []struct {
		zone string
		year int
		want clock
	}{
		{"Europe/Berlin", 2026, clock{h, h, change{3, 5, 0, 2}, change{10, 5, 0, 3}}},
		{"Europe/London", 2026, clock{0, h, change{3, 5, 0, 1}, change{10, 5, 0, 2}}},
		{"Europe/Dublin", 2026, clock{0, h, change{3, 5, 0, 1}, change{10, 5, 0, 2}}},
		{"America/New_York", 2026, clock{-5 * h, h, change{3, 2, 0, 2}, change{11, 1, 0, 2}}},
		{"America/St_Johns", 2026, clock{-3*h - h/2, h, change{3, 2, 0, 2}, change{11, 1, 0, 2}}},
		{"Australia/Sydney", 2026, clock{10 * h, h, change{10, 1, 0, 2}, change{4, 1, 0, 3}}},
		{"Pacific/Auckland", 2026, clock{12 * h, h, change{9, 5, 0, 2}, change{4, 1, 0, 3}}},
		{"Australia/Lord_Howe", 2026, clock{10*h + h/2, h / 2, change{10, 1, 0, 2}, change{4, 1, 0, 2}}},
		{"America/Santiago", 2026, clock{-4 * h, h, change{9, 1, 0, 0}, change{4, 1, 0, 0}}},
		{"Asia/Kolkata", 2026, clock{offset: 5*h + h/2}},
		{"Asia/Tokyo", 2026, clock{offset: 9 * h}},
		{"Atlantic/Reykjavik", 2026, clock{}},
		{"UTC", 2026, clock{}},
		// One change in the year, and it stayed.
		{"Europe/Istanbul", 2016, clock{offset: 3 * h}},
	}
	for _, tt := range tests {
		got, err := siteClock(tt.zone, tt.year)
		if err != nil {
			t.Errorf("%s: %v", tt.zone, err)
		}
		if got != tt.want {
			t.Errorf("%s in %d: got %+v, want %+v", tt.zone, tt.year, got, tt.want)
		}
	}
}

// TestClockTellsTheTime sets a clock by the rules and compares it with the zone
// through whole years.
func TestClockTellsTheTime(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Santiago", "Pacific/Auckland", "Asia/Tokyo", "America/Havana"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for year := 2024; year < 2034; year++ {
			c, err := clockOf(loc, year)
			if err != nil {
				t.Fatal(err)
			}
			for at := time.Date(year, 1, 2, 0, 30, 0, 0, time.UTC); at.Year() == year && at.YearDay() < 364; at = at.Add(time.Hour) {
				_, want := at.In(loc).Zone()
				if got := c.offsetFor(at); got != time.Duration(want)*time.Second {
					t.Fatalf("%s at %s: got %s, want %ds by %+v", zone, at, got, want, c)
				}
			}
		}
	}
}

// offsetFor is what a phone would do with the rules.
func (c clock) offsetFor(at time.Time) time.Duration {
	if c.save == 0 {
		return c.offset
	}
	start := c.start.moment(at.Year()).Add(-c.offset)
	stop := c.stop.moment(at.Year()).Add(-c.offset - c.save)
	summer := !at.Before(start) && at.Before(stop)
	if stop.Before(start) {
		summer = !at.Before(start) || at.Before(stop)
	}
	if summer {
		return c.offset + c.save
	}
	return c.offset
}

// moment is the wall clock of the change, as if it were UTC.
func (c change) moment(year int) time.Time {
	day := time.Date(year, c.month, 1, c.hour, 0, 0, 0, time.UTC)
	for day.Weekday() != c.weekday {
		day = day.AddDate(0, 0, 1)
	}
	for range c.week - 1 {
		if next := day.AddDate(0, 0, 7); next.Month() == c.month {
			day = next
		}
	}
	return day
}

func TestClockOfRefuses(t *testing.T) {
	for _, zone := range []string{"Europe/Nowhere", "../../etc/passwd", "Europe/Berlin\n"} {
		if c, err := siteClock(zone, 2026); err == nil {
			t.Errorf("%q: got %+v, want an error", zone, c)
		}
	}
	if c, err := siteClock("Europe/Berlin", 0); err == nil {
		t.Errorf("year 0: got %+v, want an error", c)
	}
}
