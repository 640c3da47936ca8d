package provision

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// Codes of health conditions about the identity and enrolment of phones. The
// condition of one phone has its MAC behind the code: "mac-contradicted:00:15:…".
const (
	// CodeContradicted: a caller's MAC is denied by layer 2.
	CodeContradicted = "mac-contradicted"
	// CodeDoubted: a caller's MAC is at home at another address.
	CodeDoubted = "mac-doubted"
	// CodeStalled: a phone was given its config for an OTP, a ticket or a PIN and
	// never used the login in it. It is a finding's code too.
	CodeStalled = "enrolment-stalled"
)

// maxAlarms bounds the conditions about single phones, of clashes and of
// stalled enrolments each; what is past it is in the condition of all.
const maxAlarms = 24

func codeOf(code string, mac phone.MAC) string { return code + ":" + mac.String() }

// alarms is what of the board is about phones and ends by time. The zero value
// is ready.
type alarms struct {
	mu      sync.Mutex
	clashes map[string]time.Time // code, when it last happened
	stalled map[string]bool      // codes raised
}

// clash tells of a caller that layer 2 speaks against: a condition that names
// what was seen last, and one for each phone concerned that is set up here.
func (d *Desk) clash(now time.Time, ask Ask, c caller) {
	addr, victim, other := ask.Remote.Addr().Unmap(), c.file.MAC, c.otherMAC()
	cond := health.Condition{
		Code:    CodeContradicted,
		Title:   "a device asked for another phone's config",
		Meaning: "it was given nothing; the phone whose MAC it used is not affected",
		Do:      "find the device by its address and MAC; if it is a new phone in the old one's place, set it up as itself: lineside device add MAC",
		Detail:  fmt.Sprintf("%s at %s asked for %s of %s", other, addr, c.file.Name, victim),
	}
	if other.IsZero() {
		cond.Code, cond.Title = CodeDoubted, "a device uses the MAC of a phone that is at home at another address"
		cond.Do = "if the phone was moved, restart it so that it asks for a new lease; else find the device: ip neigh show " + addr.String()
		cond.Detail = fmt.Sprintf("a caller at %s asked for %s of %s%s", addr, c.file.Name, victim, d.home(now, victim, addr))
	}
	line, code := cond.Detail, cond.Code
	cond.Detail = d.thieves.add(line)
	d.alarm(now, cond)
	cond.Detail = line
	for mac, what := range map[phone.MAC]string{
		victim: "somebody else asked for its config", other: "it asked for another phone's config",
	} {
		rec, err := d.store.Devices.Device(mac)
		if err != nil {
			continue
		}
		cond.Code, cond.Title = codeOf(code, mac), named(rec.Device)+": "+what
		d.alarm(now, cond)
		if mac == other {
			d.blame(now, ask, c)
		}
	}
}

// blame puts on the caller's own timeline that it asked as another.
func (d *Desk) blame(now time.Time, ask Ask, c caller) {
	d.trails.add(c.otherMAC(), true, c.by, Event{
		At: now.UTC(), Front: ask.Front, Addr: ask.Remote.Addr().Unmap(), Kind: KindRefused, Unproven: true,
		Text:  fmt.Sprintf("asked for %s of %s and was refused", c.file.Name, c.file.MAC),
		facts: facts{file: c.file.Name, other: c.file.MAC, culprit: true, reason: auth.MACContradicted},
	})
}

// otherMAC is who the caller is by layer 2 or its own word, where that is not
// the phone it asks as; else zero.
func (c caller) otherMAC() phone.MAC {
	for _, m := range []phone.MAC{c.layer2, c.ident.MAC} {
		if !m.IsZero() && m != c.file.MAC {
			return m
		}
	}
	return phone.MAC{}
}

// home says at which other address the box has leased to mac.
func (d *Desk) home(now time.Time, mac phone.MAC, not netip.Addr) string {
	for _, l := range d.store.Leases.LeasesTo(mac) {
		if l.Live(now) && l.Addr != not {
			return ", which is at home at " + l.Addr.String()
		}
	}
	return ", which answers elsewhere on this LAN"
}

// named is a device as operators call it.
func named(dev phone.Device) string {
	if dev.Label == "" {
		return dev.MAC.String()
	}
	return dev.Label + " (" + dev.MAC.String() + ")"
}

// alarm raises a condition that ends clashFor after it last happened.
func (d *Desk) alarm(now time.Time, c health.Condition) {
	a := &d.alarms
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.clashes == nil {
		a.clashes = make(map[string]time.Time)
	}
	_, open := a.clashes[c.Code]
	general := c.Code == CodeContradicted || c.Code == CodeDoubted || c.Code == CodeBookGuessing
	if !open && !general && len(a.clashes) >= maxAlarms {
		return
	}
	a.clashes[c.Code] = now
	d.tools.Health.Raise(now, c)
}

// lookEvery is how often the desk looks at what has become of phones.
const lookEvery = 15 * time.Second

// look takes conditions back that are over, raises those that time brings, and
// tells what it makes of the phones that were lately heard of.
func (d *Desk) look() {
	now := d.tools.Now()
	d.endClashes(now)
	d.findStalled(now)
	// A little longer than the longest wait a rule knows.
	for _, mac := range d.trails.awake(now.Add(-2 * quiet)) {
		for _, f := range d.trails.news(mac, d.Timeline(mac).Findings) {
			if f.Code == codeStranger {
				continue // each of its steps says so
			}
			d.tell(Step{MAC: mac, Front: frontBox, Text: f.Text, Code: f.Code, Do: f.Do}, d.has(mac))
		}
	}
}

// frontBox stands where a step is the box's own conclusion.
const frontBox Front = "box"

func (d *Desk) endClashes(now time.Time) {
	a := &d.alarms
	a.mu.Lock()
	defer a.mu.Unlock()
	for code, at := range a.clashes {
		if now.Sub(at) >= clashFor {
			delete(a.clashes, code)
			d.tools.Health.Clear(code)
		}
	}
	if len(a.clashes) == 0 {
		d.thieves.forget()
	}
}

// findStalled raises a condition for each phone that never came back, the
// longest gone first, and clears those that did.
func (d *Desk) findStalled(now time.Time) {
	var gone []auth.Record
	for _, rec := range d.store.Devices.Records() {
		if until, _ := handedOut(rec.Enrolment); !until.IsZero() && !now.Before(until) {
			gone = append(gone, *rec)
		}
	}
	slices.SortStableFunc(gone, func(a, b auth.Record) int {
		return cmp.Compare(a.Enrolment.Pending.Minted.UnixNano(), b.Enrolment.Pending.Minted.UnixNano())
	})
	wanted := make(map[string]bool)
	for i, rec := range gone {
		c := d.stalledCondition(now, rec)
		if i == maxAlarms {
			c.Code, c.Title = CodeStalled, fmt.Sprintf("%d more phones did not come back after their enrolment", len(gone)-i)
			c.Detail, c.Do = "", "see which: lineside device list --state enrolling"
		}
		if wanted[c.Code] = true; i <= maxAlarms {
			d.tools.Health.Raise(now, c)
		}
		if i == maxAlarms {
			break
		}
	}
	d.clearStalled(wanted)
}

func (d *Desk) clearStalled(wanted map[string]bool) {
	a := &d.alarms
	a.mu.Lock()
	defer a.mu.Unlock()
	for code := range a.stalled {
		if !wanted[code] {
			d.tools.Health.Clear(code)
		}
	}
	a.stalled = wanted
}

func (d *Desk) stalledCondition(now time.Time, rec auth.Record) health.Condition {
	c := health.Condition{
		Code: codeOf(CodeStalled, rec.Device.MAC), Title: named(rec.Device) + " did not come back after its enrolment",
		Meaning: "it was given its config once and may not have stored it; it is asked to sign in and has nothing to show",
		Detail:  "given to " + rec.Enrolment.Pending.By,
	}
	for _, f := range neverCameBack(now, d.story(now, rec.Device.MAC)) {
		c.Detail, c.Do = "it "+f.Text+"; it was given to "+rec.Enrolment.Pending.By, f.Do
	}
	return c
}

// Timeline is what lately happened to one phone and what to make of it, for
// phones set up here and for strangers.
func (d *Desk) Timeline(mac phone.MAC) Timeline {
	now := d.tools.Now()
	proven, claims := d.trails.of(mac)
	events := append(append([]Event{}, proven...), claims...) // never null in JSON
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	for i := range events {
		events[i].File = events[i].facts.file
	}
	s := d.story(now, mac)
	return Timeline{MAC: mac, Known: s.known, Findings: findings(now, s), Events: events, Leases: d.store.Leases.LeasesTo(mac)}
}

// story gathers what findings about one phone are drawn from.
func (d *Desk) story(now time.Time, mac phone.MAC) story {
	rec, err := d.store.Devices.Device(mac)
	p := d.store.Policies.Policy()
	s := story{
		mac: mac, known: err == nil, rec: rec, factor: p.FirstContact, claimed: p.Claimed,
		serves: d.cfg.DHCP, url: d.box(netip.Addr{}).URL, zone: d.zone, origin: d.logins.origin,
	}
	s.brand = d.table.Brand(rec.Device.Vendor)
	s.otp = !d.brandOTP(p, rec.Device.Vendor).Password.IsZero()
	s.lost, s.had = d.logins.lastLost(mac)
	s.leased = slices.ContainsFunc(d.store.Leases.LeasesTo(mac), func(l phone.Lease) bool { return l.Live(now) })
	proven, claims := d.trails.of(mac)
	s.events = proven
	if !slices.ContainsFunc(proven, isFetch) {
		s.events = append(s.events, claims...)
		slices.SortStableFunc(s.events, func(a, b Event) int { return a.At.Compare(b.At) })
	}
	s.clashes = slices.DeleteFunc(claims, func(e Event) bool { return e.Kind != KindRefused && e.facts.reason != auth.TicketBound })
	return s
}

// isFetch reports that the phone asked for a file.
func isFetch(e Event) bool {
	switch e.Kind {
	case KindOpen, KindAbsent, KindHold, KindFull, KindChallenge:
		return true
	}
	return false
}
