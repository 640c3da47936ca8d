package audit

import (
	"sync"
	"time"
)

// The log keeps a number of entries, so whoever can have entries written at will
// can have all others dropped. These are the budgets of what can be caused
// without an admin's rights, over and over: by strangers on the LAN, by a token
// that only reads, and by one installer's. TestBudgetsKeepTwoYears of the store
// adds them up.
var (
	// KnownRefusals is for refusals of callers that go by a device's MAC,
	// OtherRefusals for all others. RefusalSums is for the one entry that sums up
	// what had no room in either.
	KnownRefusals = Budget{Burst: 40, Every: 30 * time.Minute}
	OtherRefusals = Budget{Burst: 24, Every: time.Hour}
	RefusalSums   = Budget{Burst: 1, Every: time.Hour}
	// Emergencies is for emergency calls. Each is connected, recorded or not.
	Emergencies = Budget{Burst: 100, Every: time.Hour}
	// Provisions and Visits are for what a box tells its platform alone: that phones
	// fetched (whoever has a credential can, as often as they like) and who asked
	// without being set up.
	Provisions = Budget{Burst: 8, Every: time.Hour}
	Visits     = Budget{Burst: 24, Every: 2 * time.Hour}
	// Exports is for lists of devices without a PIN in them.
	Exports = Budget{Burst: 24, Every: time.Hour}
	// MailFailures is for mail that failed. Whoever asks for a password causes some.
	MailFailures = Budget{Burst: 24, Every: 24 * time.Hour}
	// SignIns is for sign-ins of one account, SignInRefusals for wrong names and
	// passwords of everybody, ForgottenPasswords for temporary passwords that were
	// mailed to whoever asked; what goes beyond of the last two is counted.
	SignIns            = Budget{Burst: 100, Every: 2 * time.Hour}
	SignInRefusals     = Budget{Burst: 24, Every: 2 * time.Hour}
	ForgottenPasswords = Budget{Burst: 24, Every: 2 * time.Hour}
	// PersonalCalls is for what one user of the site changes on their own page.
	PersonalCalls = Budget{Burst: 50, Every: 2 * time.Hour}
	// InstallerCalls is for the calls on record of one token below an admin's, of
	// InstallerEntries entries each at most.
	InstallerCalls = Budget{Burst: 1000, Every: 30 * time.Minute}
)

// InstallerEntries is how many entries one call of an installer makes at most: a
// right PIN also opens the site window.
const InstallerEntries = 2

// Budget bounds entries of one cause: Burst at once, and one more each Every.
type Budget struct {
	Burst int
	Every time.Duration
}

// Within is how many entries the budget lets through in a time, at the most.
func (b Budget) Within(d time.Duration) int { return b.Burst + int(d/b.Every) }

// Allowance is what is left of a budget. It is in memory: a start begins anew.
// It is safe for concurrent use.
type Allowance struct {
	budget Budget

	mu   sync.Mutex
	full time.Time // when nothing of it will be spent any more
}

// New is a budget of which nothing is spent.
func (b Budget) New() *Allowance { return &Allowance{budget: b} }

// Wait is for how long nothing can be spent, 0 for not at all.
func (a *Allowance) Wait(now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.waitLocked(now)
}

// waitLocked measures by when the allowance is whole again, which is one number
// for how much is spent and since when. A clock set back must not make anybody
// wait for longer than an empty allowance does.
func (a *Allowance) waitLocked(now time.Time) time.Duration {
	whole := time.Duration(a.budget.Burst) * a.budget.Every
	if a.full.Before(now) {
		a.full = now
	}
	if latest := now.Add(whole); a.full.After(latest) {
		a.full = latest
	}
	return max(0, a.full.Add(a.budget.Every).Sub(now)-whole)
}

// Spend takes one entry, if there is one.
func (a *Allowance) Spend(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waitLocked(now) > 0 {
		return false
	}
	a.full = a.full.Add(a.budget.Every)
	return true
}

// Whole reports that all of it can be spent.
func (a *Allowance) Whole(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.full.After(now)
}
