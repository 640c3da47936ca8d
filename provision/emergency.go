package provision

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// UnhelpedCall is a call to an emergency number that nobody took.
type UnhelpedCall struct {
	Number  uint64     `json:"number"` // grows from call to call
	At      time.Time  `json:"at"`
	Address netip.Addr `json:"address"`
	MAC     phone.MAC  `json:"mac,omitzero"` // that layer 2 saw there
	Dialled string     `json:"dialled"`
	Outcome string     `json:"outcome"` // "failed" or "refused"
	Status  int        `json:"status,omitempty"`
	Tried   []string   `json:"tried,omitempty"` // SBCs, in turn
	Said    []string   `json:"said,omitempty"`  // what each said instead
}

// ErrNoUnhelpedCall is returned for acknowledging where there is nothing to.
var ErrNoUnhelpedCall = errors.New("no emergency call waits for an acknowledgement")

// Bounds of what is kept and told of unhelped calls.
const (
	maxUnhelped  = 100 // what is older makes room; the audit log has it
	tellUnhelped = 3
)

// codeUnhelped is the condition of an emergency call that nobody took.
const codeUnhelped = "emergency-failed"

// unhelped are the calls that nobody took and nobody has acknowledged. Their
// numbers are times of the box's clock, which never goes back, so a call after a
// start has a higher one than any before it.
type unhelped struct {
	mu   sync.Mutex
	last uint64
	open []UnhelpedCall // by number
}

// number gives a call that nobody took its number, 0 to any other.
func (u *unhelped) number(now time.Time, e EmergencyCall) uint64 {
	if e.Outcome != "failed" && e.Outcome != "refused" {
		return 0
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last = max(u.last+1, uint64(max(0, now.UnixMilli())))
	return u.last
}

func (u *unhelped) add(c UnhelpedCall) {
	u.mu.Lock()
	defer u.mu.Unlock()
	at, twice := slices.BinarySearchFunc(u.open, c.Number, func(c UnhelpedCall, n uint64) int {
		switch {
		case c.Number < n:
			return -1
		case c.Number > n:
			return 1
		}
		return 0
	})
	if twice {
		return
	}
	u.open = slices.Insert(u.open, at, c)
	u.last = max(u.last, c.Number)
	if len(u.open) > maxUnhelped {
		u.open = slices.Delete(u.open, 0, 1)
	}
}

// upTo gives how many wait up to a number, and the number of the last of them.
func (u *unhelped) upTo(number uint64) (n int, last uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.open {
		if c.Number <= number {
			n, last = n+1, c.Number
		}
	}
	return n, last
}

func (u *unhelped) drop(number uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.open = slices.DeleteFunc(u.open, func(c UnhelpedCall) bool { return c.Number <= number })
}

func (u *unhelped) list() []UnhelpedCall {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.open)
}

// recall takes up an entry of the audit log, in the order of the log.
func (u *unhelped) recall(e audit.Entry) {
	switch e.Kind {
	case audit.EmergencyCalled{}.Kind():
		event, ok := read[audit.EmergencyCalled](e)
		if !ok {
			return
		}
		if c := event.(audit.EmergencyCalled); c.Unhelped > 0 {
			u.add(UnhelpedCall{
				Number: c.Unhelped, At: e.At, Address: e.By.Remote, MAC: e.MAC, Dialled: c.Number, Outcome: c.Outcome, Status: c.Status, Tried: c.Tried, Said: c.Said,
			})
		}
	case audit.EmergencyAcknowledged{}.Kind():
		if event, ok := read[audit.EmergencyAcknowledged](e); ok {
			u.drop(event.(audit.EmergencyAcknowledged).Through)
		}
	}
}

// UnhelpedCalls are the emergency calls that nobody took and no operator has
// acknowledged, the oldest first.
func (d *Desk) UnhelpedCalls() []UnhelpedCall { return d.unhelped.list() }

// AcknowledgeEmergencies says that an operator knows of the calls up to a number,
// and gives how many they are. The error is ErrNoUnhelpedCall where there is none.
func (d *Desk) AcknowledgeEmergencies(ctx context.Context, by audit.Actor, through uint64) (int, error) {
	n, last := d.unhelped.upTo(through)
	if n == 0 {
		return 0, ErrNoUnhelpedCall
	}
	event := audit.EmergencyAcknowledged{Through: last, Calls: n}
	if err := d.store.Recorder.Record(ctx, audit.Record{By: by, Event: event}); err != nil {
		return 0, fmt.Errorf("acknowledge %d emergency calls: %w", n, err)
	}
	d.unhelped.drop(last)
	d.tellUnhelped()
	return n, nil
}

// tellUnhelped raises the condition while a call waits, or clears it.
func (d *Desk) tellUnhelped() {
	open := d.unhelped.list()
	if len(open) == 0 {
		d.tools.Health.Clear(codeUnhelped)
		return
	}
	var said []string
	for i := len(open) - 1; i >= 0 && len(said) < tellUnhelped; i-- {
		said = append(said, d.wordUnhelped(open[i]))
	}
	if more := len(open) - len(said); more > 0 {
		said = append(said, fmt.Sprintf("and %d before", more))
	}
	d.tools.Health.Raise(d.tools.Now(), health.Condition{
		Code: codeUnhelped, Title: "a call to an emergency number was not connected",
		Meaning: "somebody called for help and was told to use a mobile phone",
		Do:      "see to the caller first; then see why: lineside emergency list; then say that you know: lineside emergency acknowledge",
		Detail:  strings.Join(said, ". "),
	})
}

func (d *Desk) wordUnhelped(c UnhelpedCall) string {
	who := c.Address.String()
	if !c.MAC.IsZero() {
		who += " (" + c.MAC.String()
		if rec, err := d.store.Devices.Device(c.MAC); err == nil && rec.Device.Label != "" {
			who += ", " + rec.Device.Label
		}
		who += ")"
	}
	text := fmt.Sprintf("%s called %s at %s: %s", who, c.Dialled, c.At.In(d.zone).Format(time.DateTime), c.Outcome)
	if said := c.Refusals(); said != "" {
		text += ", " + said
	}
	return text
}

// Refusals are the SBCs that did not take the call, each with what it said.
func (c UnhelpedCall) Refusals() string {
	return EmergencyCall{Tried: c.Tried, Said: c.Said}.refusals()
}
