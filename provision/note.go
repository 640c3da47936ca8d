package provision

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// CodeContradicted is the health condition of a caller whose MAC layer 2
// denies.
const CodeContradicted = "mac-contradicted"

// note tells operators of a decision: a step on the phone's timeline, what was
// seen of it, the metrics, and for refusals the audit log.
func (d *Desk) note(now time.Time, ask Ask, c caller, rec auth.Record, known bool, dec auth.Decision) {
	if trace(c, known, rec, dec) {
		d.seen(now, ask, c, known)
	}
	d.count(ask, c, outcomeName(dec.Outcome))
	strange := !known && !d.has(c.file.MAC)
	d.tell(Step{MAC: c.file.MAC, Front: ask.Front, Vendor: c.file.Vendor, Addr: ask.Remote.Addr().Unmap(), Text: story(c, strange, dec)},
		known && (c.verdict == auth.Proven || dec.Outcome == auth.Full))
	switch {
	case known && dec.Outcome == auth.Hold:
		d.onHold.add(now, c.file.MAC, c.by, c.verdict == auth.Proven)
	case known && dec.Outcome == auth.Full:
		d.onHold.forget(c.file.MAC)
	}
	if dec.Outcome == auth.Refuse {
		d.contradiction(now, c)
	}
	refused := dec.Outcome == auth.Refuse || dec.Count || dec.Reason == auth.OTPSpent
	if refused {
		d.refusals.add(actorOf(ask, c), c.file.MAC, dec.Reason, c.file.Name)
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
	return c.verdict == auth.Claimed && rec.Enrolment.Login().IsZero()
}

func (d *Desk) contradiction(now time.Time, c caller) {
	other := "somewhere else on this LAN"
	for _, m := range []phone.MAC{c.layer2, c.ident.MAC} {
		if !m.IsZero() && m != c.file.MAC {
			other = m.String()
			break
		}
	}
	d.tools.Health.Raise(now, health.Condition{
		Code:    CodeContradicted,
		Title:   "a device asked for another phone's config",
		Meaning: "it was given nothing; the phone whose MAC it used is not affected",
		Do:      "find the device by its address and MAC; if it is the phone itself with a changed network card, correct the device: lineside device edit",
		Detail:  d.thieves.add(fmt.Sprintf("%s asked for %s, but is %s", c.by, c.file.Name, other)),
	})
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

// noteOpen and noteAbsent are for files that decide nothing.
func (d *Desk) noteOpen(ask Ask, c caller) {
	d.count(ask, c, "open")
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

func (d *Desk) noteAbsent(ask Ask, c caller) { d.count(ask, c, "absent") }

func (d *Desk) count(ask Ask, c caller, outcome string) {
	d.tools.Metrics.Decisions.WithLabelValues(string(ask.Front), string(c.file.Vendor), outcome).Inc()
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

// story tells a decision in plain words, with the next step where an operator
// has one.
func story(c caller, strange bool, dec auth.Decision) string {
	asked := "asked for " + c.file.Name + ": "
	if strange && dec.Outcome != auth.Refuse {
		return asked + outcomeStory(c, dec) + "; this phone is not set up here, claim it: lineside visitors claim " + c.file.MAC.String()
	}
	return asked + outcomeStory(c, dec)
}

func outcomeStory(c caller, dec auth.Decision) string {
	switch dec.Outcome {
	case auth.Hold:
		return "got the holding config (" + string(dec.Reason) + ")"
	case auth.Full:
		return "got its full config (" + string(dec.Reason) + ")"
	case auth.Refuse:
		return "refused, " + string(dec.Reason) + " (" + c.layer2.String() + ")"
	}
	return "was asked to sign in (" + string(dec.Reason) + ")"
}

// Sighted notes something a door saw.
func (d *Desk) Sighted(s Sighting) {
	d.step(Step{MAC: s.MAC, Front: s.Front, Vendor: s.Ident.Vendor, Addr: s.Addr, Text: s.Text})
	if s.MAC.IsZero() || s.Ident.Vendor == "" {
		return
	}
	now := d.tools.Now().UTC()
	d.faces.add(phone.Seen{
		MAC: s.MAC, At: now, First: now, Addr: s.Addr, Front: string(s.Front), Vendor: s.Ident.Vendor,
		Model: s.Ident.Model, Firmware: s.Ident.Firmware, Agent: s.Agent, Count: 1,
	}, s.Addr.String(), d.has(s.MAC))
}

// seen remembers the phone for operators.
func (d *Desk) seen(now time.Time, ask Ask, c caller, known bool) {
	d.faces.add(phone.Seen{
		MAC: c.file.MAC, At: now.UTC(), First: now.UTC(), Addr: ask.Remote.Addr().Unmap(), Front: string(ask.Front),
		Vendor: c.file.Vendor, Model: c.model(), Firmware: c.ident.Firmware, Agent: printable(ask.Agent), Count: 1,
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
