package integration

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// settle waits until every site has told all it has and holds all it should.
func (c *cluster) settle(fleet []*simSite, all *tally) {
	c.t.Helper()
	for until := time.Now().Add(90 * time.Second); ; {
		late := c.late(fleet, all)
		if late == "" {
			return
		}
		if time.Now().After(until) {
			c.t.Fatalf("the sites do not catch up: %s", late)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// late says who is not done, "" if all are.
func (c *cluster) late(fleet []*simSite, all *tally) string {
	at := map[string]*simSite{}
	for _, s := range fleet {
		at[s.id.Site] = s
		if !s.done() {
			return fmt.Sprintf("site %s has events that wait; its link is %+v", s.id.Site, s.Status())
		}
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	for mac, site := range all.siteOf {
		if !at[site].has(mac) {
			return fmt.Sprintf("site %s does not have %s; its link is %+v", site, mac, at[site].Status())
		}
	}
	return ""
}

// outcome is what became of what a phase acknowledged, at both platforms together.
type outcome struct{ lostEvents, doubled, lostDevices int }

// show compares both platforms with what was acknowledged, and prints the table.
func (c *cluster) show(names []string, fleet []*simSite, all *tally) {
	c.t.Helper()
	got := make([]outcome, len(names))
	for _, client := range c.clients {
		held := devicesOf(c.t, client)
		for mac, phase := range all.deviceIn {
			if held[mac] != all.siteOf[mac] {
				got[phase].lostDevices++
			}
		}
		for _, s := range fleet {
			times := eventsOf(c.t, client, s.id.Site)
			for n := uint64(1); n <= s.acked; n++ {
				phase := all.eventIn[eventKey(s.id.Site, n)]
				got[phase].lostEvents += count(times[n] == 0)
				got[phase].doubled += max(0, times[n]-1)
				delete(times, n)
			}
			if len(times) > 0 {
				c.t.Errorf("site %s: the platform holds %d events that it never had", s.id.Site, len(times))
			}
		}
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "phase\tevents acked\tlost\tdoubled\tchanges acked\tlost\tlongest gap")
	for n, name := range names {
		g := got[n]
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%s\n", name, all.events[n], g.lostEvents, g.doubled, all.devices[n], g.lostDevices, all.longest[n].Round(time.Millisecond))
		if g != (outcome{}) {
			c.t.Errorf("%s: got %+v, want nothing lost or doubled", name, g)
		}
		if all.events[n] == 0 || all.devices[n] == 0 {
			c.t.Errorf("%s: got %d events and %d changes acknowledged, want some of both", name, all.events[n], all.devices[n])
		}
	}
	_ = w.Flush()
	c.t.Logf("what was shown, at both platforms and %d sites:\n%s", len(fleet), b.String())
}
