package pages

import (
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// overview is the site at a glance.
type overview struct {
	admin.Overview
	Wrong    []condition
	Chart    ring
	Given    columns // configs, by the hour
	Enrolled columns // phones brought to life, by the day
	Pools    []poolView
}

// poolView is a pool with its meter.
type poolView struct {
	admin.Pool
	Filled string // of 100
	Nearly bool   // full
}

// shownStates are the states of the chart, in the order a phone passes them.
func shownStates() []string { return []string{"successful", "needed", "failed", "blocked"} }

func getOverview(v *visit) error {
	api, err := v.api.Overview(v.ctx())
	if err != nil {
		return err
	}
	data := &overview{Overview: api, Wrong: v.conditions(api.Conditions), Chart: v.states(api.States)}
	zone := v.now.Location()
	data.Given = overTime(v.say("overview.given"), api.Hours, func(h phone.Hour) int { return h.Full },
		func(t time.Time) string { return t.In(zone).Format("15:04") })
	data.Enrolled = overTime(v.say("overview.enrolled"), api.Days, func(h phone.Hour) int { return h.Enrolled },
		func(t time.Time) string { return v.s.day(v.words(), t.In(zone)) })
	for _, p := range api.DHCP.Pools {
		x := poolView{Pool: p}
		if p.Size > 0 {
			x.Filled = decimal(100 * float64(p.Size-p.Free) / float64(p.Size))
			x.Nearly = 10*p.Free < p.Size
		}
		data.Pools = append(data.Pools, x)
	}
	return v.show("overview", data)
}

// states is the chart of where phones stand.
func (v *visit) states(counts map[string]int) ring {
	var slices []slice
	for _, state := range shownStates() {
		slices = append(slices, slice{Key: state, Word: v.word("state", state), Href: "/devices?state=" + state, Count: counts[state]})
	}
	return newRing(v.count("overview.phones", counts["total"]), slices)
}

// overTime is the chart of one of the counts.
func overTime(word string, hours []phone.Hour, count func(phone.Hour) int, when func(time.Time) string) columns {
	counts, labels := make([]int, len(hours)), make([]string, len(hours))
	for i, h := range hours {
		counts[i], labels[i] = count(h), when(h.Start)
	}
	return newColumns(word, counts, labels)
}
