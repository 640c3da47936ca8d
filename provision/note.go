package provision

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// note tells operators of a decision: a step on the phone's timeline, what was
// seen of it, the metrics, and for refusals the audit log.
func (d *Desk) note(now time.Time, ask Ask, c caller, rec auth.Record, known bool, dec auth.Decision) {
	if trace(c, known, rec, dec) {
		d.seen(now, ask, c, known)
	}
	d.count(ask, c, outcomeName(dec.Outcome))
	has := d.has(c.file.MAC) // also where it is known: a stranger could time the difference
	ours := known || has
	proven := c.verdict == auth.Proven || dec.Outcome == auth.Full
	text := decisionText(c, !ours, dec)
	d.tell(Step{MAC: c.file.MAC, Front: ask.Front, Vendor: c.file.Vendor, Addr: ask.Remote.Addr().Unmap(), Text: text}, known && proven)
	d.trails.add(c.file.MAC, ours, c.by, Event{
		At: now.UTC(), Front: ask.Front, Addr: ask.Remote.Addr().Unmap(), Kind: kindOf(dec.Outcome), Text: text, Unproven: !proven,
		facts: facts{file: c.file.Name, vendor: c.file.Vendor, shown: c.shown, reason: dec.Reason, login: madeHere(ask.Attempt), other: c.otherMAC()},
	})
	switch x := (holder{by: c.by, proven: c.verdict == auth.Proven, at: now}); {
	case known && dec.Outcome == auth.Hold:
		d.onHold.add(c.file.MAC, x)
	case dec.Outcome == auth.Hold:
		d.faces.hold(c.file.MAC, x)
	case known && dec.Outcome == auth.Full:
		d.onHold.forget(c.file.MAC)
	}
	if dec.Outcome == auth.Refuse {
		d.clash(now, ask, c)
	}
	refused := dec.Outcome == auth.Refuse || dec.Count || dec.Reason.IsReplay() || dec.Reason == auth.OTPUnconfirmed
	if refused {
		d.refused(actorOf(ask, c), c.file.MAC, dec.Reason, c.file.Name)
	}
	if known && dec.Changes {
		d.tools.Log.Info("enrolment changed", "mac", c.file.MAC, "vendor", c.file.Vendor,
			"remote", ask.Remote.Addr(), "decision", outcomeName(dec.Outcome), "reason", string(dec.Reason))
	}
}

// trace reports that a request is good enough to say where the phone is: a
// stranger using an enrolled phone's MAC must not move it on the operator's
// screen.
func trace(c caller, known bool, rec auth.Record, dec auth.Decision) bool {
	if !known || c.verdict == auth.Proven || dec.Outcome == auth.Full {
		return true
	}
	t := rec.Enrolment.Ticket
	if t.State.IsLive() && t.Asked.By != "" && t.Asked.By != c.by { // an admin is to look at the one it is bound to
		return false
	}
	return c.verdict == auth.Claimed && rec.Enrolment.Login().IsZero()
}

// latest keeps the last few different lines, newest first.
type latest struct {
	mu    sync.Mutex
	lines []string
}

// maxLatest bounds how many lines a condition names.
const maxLatest = 8

// add puts line first and gives all.
func (l *latest) add(line string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = slices.DeleteFunc(l.lines, func(x string) bool { return x == line })
	l.lines = append([]string{line}, l.lines[:min(len(l.lines), maxLatest-1)]...)
	return strings.Join(l.lines, "; ")
}

// forget drops all lines.
func (l *latest) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = nil
}

// noteOpen and noteAbsent are for files that decide nothing.
func (d *Desk) noteOpen(ask Ask, c caller) {
	d.count(ask, c, "open")
	d.noteFile(ask, c, KindOpen, fmt.Sprintf("fetched %s, which holds no secret", c.file.Name))
	if c.file.MAC.IsZero() {
		return
	}
	rec, err := d.store.Devices.Device(c.file.MAC)
	if trace(c, err == nil, rec, auth.Decision{}) {
		d.seen(d.tools.Now(), ask, c, err == nil)
	}
	d.tell(Step{MAC: c.file.MAC, Front: ask.Front, Vendor: c.file.Vendor, Addr: ask.Remote.Addr().Unmap(),
		Text: fmt.Sprintf("fetched %s, which holds no secret", c.file.Name)}, err == nil && c.verdict == auth.Proven)
}

func (d *Desk) noteAbsent(ask Ask, c caller) {
	d.count(ask, c, "absent")
	c.file.Name = printable(path.Base(ask.File))
	d.noteFile(ask, c, KindAbsent, fmt.Sprintf("asked for %s, which nobody is given", c.file.Name))
}

// noteFile puts a file that decides nothing on the timeline of whoever asked.
// Such a name often has no MAC: then layer 2 has to say which phone it was, and
// where it does not nothing is noted.
func (d *Desk) noteFile(ask Ask, c caller, kind Kind, text string) {
	now, addr := d.tools.Now(), ask.Remote.Addr().Unmap()
	if c.file.MAC.IsZero() {
		w := d.wire(now, addr.WithZone(""))
		if c.file.MAC = w.mac(); c.file.MAC.IsZero() {
			return
		}
		c.verdict = d.verdict(now, w, c)
	}
	if c.verdict == auth.Contradicted {
		return
	}
	d.trails.add(c.file.MAC, d.has(c.file.MAC), c.by, Event{
		At: now.UTC(), Front: ask.Front, Addr: addr, Kind: kind, Text: text, Unproven: c.verdict != auth.Proven,
		facts: facts{file: c.file.Name},
	})
}

func (d *Desk) count(ask Ask, c caller, outcome string) {
	d.tools.Metrics.Decisions.WithLabelValues(string(ask.Front), string(c.file.Vendor), outcome).Inc()
	if one, ok := counted(outcome); ok {
		d.tally.add(d.tools.Now(), one)
	}
}

func outcomeName(o auth.Outcome) string {
	switch o {
	case auth.Refuse:
		return "refused"
	case auth.Challenge:
		return "challenged"
	case auth.Hold:
		return "holding"
	case auth.Full:
		return "full"
	}
	return "open"
}

// kindOf is the kind of event a decision makes.
func kindOf(o auth.Outcome) Kind {
	switch o {
	case auth.Refuse:
		return KindRefused
	case auth.Hold:
		return KindHold
	case auth.Full:
		return KindFull
	case auth.Serve:
		return KindOpen
	}
	return KindChallenge
}

// decisionText tells a decision in plain words, with the next step where an operator
// has one.
// decisionText does the same work for devices and strangers, or its time would
// tell them apart.
func decisionText(c caller, strange bool, dec auth.Decision) string {
	text := "asked for " + c.file.Name + ": " + outcomeText(c, dec)
	long := text + "; this phone is not set up here, claim it: lineside visitors claim " + c.file.MAC.String()
	if strange && dec.Outcome != auth.Refuse {
		return long
	}
	return long[:len(text)]
}

func outcomeText(c caller, dec auth.Decision) string {
	switch dec.Outcome {
	case auth.Hold:
		return "got the holding config (" + string(dec.Reason) + ")"
	case auth.Full:
		return "got its full config (" + string(dec.Reason) + ")"
	case auth.Refuse:
		if m := c.otherMAC(); !m.IsZero() {
			return "refused, " + string(dec.Reason) + " (" + m.String() + ")"
		}
		return "refused, " + string(dec.Reason)
	}
	return "was asked to sign in (" + string(dec.Reason) + ")"
}

// Sighted notes something a door saw. What is no phone is on the running account
// only and has no timeline.
func (d *Desk) Sighted(s Sighting) {
	now, known := d.tools.Now().UTC(), d.has(s.MAC)
	d.tell(Step{MAC: s.MAC, Front: s.Front, Vendor: s.Ident.Vendor, Addr: s.Addr, Text: s.Text}, known)
	if s.MAC.IsZero() || s.Ident.Vendor == "" {
		return
	}
	by := s.Addr.String()
	d.trails.add(s.MAC, known, by, Event{
		At: now, Front: s.Front, Addr: s.Addr, Kind: cmp.Or(s.Kind, KindSeen), Text: s.Text, facts: facts{lead: s.Lead},
	})
	d.faces.add(phone.Seen{
		MAC: s.MAC, At: now, First: now, Addr: s.Addr, Front: string(s.Front), Vendor: s.Ident.Vendor,
		Model: s.Ident.Model, Firmware: s.Ident.Firmware, Serial: s.Ident.Serial, Agent: s.Agent, Count: 1,
	}, by, known)
}

// seen remembers the phone for operators.
func (d *Desk) seen(now time.Time, ask Ask, c caller, known bool) {
	d.faces.add(phone.Seen{
		MAC: c.file.MAC, At: now.UTC(), First: now.UTC(), Addr: ask.Remote.Addr().Unmap(), Front: string(ask.Front),
		Vendor: c.file.Vendor, Model: c.model(), Firmware: c.ident.Firmware, Serial: c.ident.Serial, Agent: printable(ask.Agent), Count: 1,
	}, c.by, known && c.verdict != auth.Contradicted)
}

// printable keeps what an operator reads free of what a stranger could plant:
// control characters, and length.
func printable(s string) string {
	const max = 160
	clean := make([]rune, 0, min(len(s), max))
	for _, r := range s {
		if len(clean) == max {
			break
		}
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			r = '?'
		}
		clean = append(clean, r)
	}
	return string(clean)
}

func sortSteps(list []Step) {
	slices.SortStableFunc(list, func(a, b Step) int { return a.At.Compare(b.At) })
}
