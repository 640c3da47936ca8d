package provision

import (
	"fmt"
	"sync"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// WrongPINsAnHour is the site's budget of wrong PINs. Three tries a device are
// little against one of a million, and much over a thousand devices; beyond the
// budget an operator is told. Nobody is locked out for it: that would be what
// an attacker wants.
const WrongPINsAnHour = 30

// CodeGuessing is the health condition of a site over its budget.
const CodeGuessing = "pin-guessing"

// budget keeps the times of the last wrong PINs, enough to see an excess.
type budget struct {
	mu    sync.Mutex
	wrong [WrongPINsAnHour + 1]time.Time
	next  int
}

// spend counts one wrong PIN.
func (b *budget) spend(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong[b.next] = now
	b.next = (b.next + 1) % len(b.wrong)
}

// over reports that the hour before now saw too many.
func (b *budget) over(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	oldest := b.wrong[b.next]
	return !oldest.IsZero() && now.Sub(oldest) <= time.Hour
}

// calm takes the alarm back once the hour is over.
func (d *Desk) calm() {
	if !d.budget.over(d.tools.Now()) {
		d.tools.Health.Clear(CodeGuessing)
	}
}

func (d *Desk) wrongPIN(mac phone.MAC) {
	now := d.tools.Now()
	d.budget.spend(now)
	if !d.budget.over(now) {
		return
	}
	d.tools.Health.Raise(now, health.Condition{
		Code:    CodeGuessing,
		Title:   fmt.Sprintf("more than %d wrong PINs within an hour", WrongPINsAnHour),
		Meaning: "somebody may be guessing PINs over many phones; every phone still takes its own",
		Do:      "see who: lineside audit; where it is no installer's mistake, find the addresses named there or ask for the one-time password as well: lineside policy set first-contact otp+pin",
		Detail:  "the last one was for " + mac.String(),
	})
}
