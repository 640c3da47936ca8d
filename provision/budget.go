package provision

import (
	"fmt"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// Bounds of Config.WrongPINs, the site's budget of wrong PINs within an hour.
// Three tries a device are little against one of a million, and much over a
// thousand devices; beyond the budget an operator is told. Nobody is locked out
// for it: that would be what an attacker wants.
const (
	DefaultWrongPINs = 30
	MaxWrongPINs     = 1000
)

// CheckWrongPINs says what is wrong with n as a site's budget.
func CheckWrongPINs(n int) error {
	if n < 1 || n > MaxWrongPINs {
		return fmt.Errorf("%d is out of range; write 1 to %d wrong PINs an hour", n, MaxWrongPINs)
	}
	return nil
}

// CodeGuessing is the health condition of a site over its budget.
const CodeGuessing = "pin-guessing"

// budget keeps the times of the last wrong PINs, enough to see an excess. What
// is read back after a start may come behind what happened since, so the times
// are in no order.
type budget struct {
	mu    sync.Mutex
	wrong []time.Time // one more than the budget, the oldest makes room
	next  int
}

func newBudget(wrongPINs int) *budget { return &budget{wrong: make([]time.Time, wrongPINs+1)} }

// most is how many wrong PINs an hour are within the budget.
func (b *budget) most() int { return len(b.wrong) - 1 }

// spend counts one wrong PIN.
func (b *budget) spend(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong[b.next] = at
	b.next = (b.next + 1) % len(b.wrong)
}

// over reports that the hour before now saw too many.
func (b *budget) over(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, at := range b.wrong {
		if at.IsZero() || now.Sub(at) > time.Hour {
			return false
		}
	}
	return true
}

// recall counts a wrong PIN of the hour before this start, as the audit log has
// it: a box that is started again goes on counting.
func (b *budget) recall(started time.Time, e audit.Entry) {
	if e.Kind != (audit.PINEntered{}).Kind() || e.At.After(started) || started.Sub(e.At) > time.Hour {
		return
	}
	if event, ok := read[audit.PINEntered](e); ok && event.(audit.PINEntered).Result == pinWrong {
		b.spend(e.At)
	}
}

// calm takes the alarm back once the hour is over.
func (d *Desk) calm() {
	if !d.budget.over(d.tools.Now()) {
		d.tools.Health.Clear(CodeGuessing)
	}
}

// wrongPIN counts a wrong PIN for mac against the site's budget.
func (d *Desk) wrongPIN(mac phone.MAC) {
	d.budget.spend(d.tools.Now())
	d.warnOfGuessing("the last one was for " + mac.String())
}

// warnOfGuessing tells operators of a site over its budget.
func (d *Desk) warnOfGuessing(detail string) {
	now := d.tools.Now()
	if !d.budget.over(now) {
		return
	}
	d.tools.Health.Raise(now, health.Condition{
		Code:    CodeGuessing,
		Title:   fmt.Sprintf("more than %d wrong PINs within an hour", d.budget.most()),
		Meaning: "somebody may be guessing PINs over many phones; every phone still takes its own",
		Do:      "see who: lineside audit; where it is no installer's mistake, find the addresses named there or ask for the one-time password as well: lineside policy set first-contact otp+pin; where a day's work brings that many by itself, raise site.wrong_pins",
		Detail:  detail,
	})
}
