package auth

import "time"

// Penalty is what wrong logins cost: after FreeTries the one-time passwords a
// sender shows are not looked at for a while, twice as long each time up to
// MaxPenalty; after DeviceTries, neither are those shown for that device by
// callers layer 2 does not prove, whoever they are. A device's own credential is
// always looked at: it cannot be guessed, so nobody can lock a phone out by
// guessing for it. Nor does a proven phone pay for what others tried in its name.
type Penalty struct {
	Wrong int
	Until time.Time
	Last  time.Time
}

// Bounds of a penalty.
const (
	FreeTries     = 5  // of one sender
	DeviceTries   = 20 // for one device, of all senders that are not proven to be it
	FirstPenalty  = time.Minute
	MaxPenalty    = 30 * time.Minute
	PenaltyForget = time.Hour // without a wrong login
)

// Add counts one wrong login, of which free cost nothing. One shown during a penalty was not looked at, so
// it does not count: the penalty ends when the sender was told it would.
func (p Penalty) Add(now time.Time, free int) Penalty {
	if p.Active(now) {
		return p
	}
	if now.Sub(p.Last) > PenaltyForget || now.Before(p.Last) {
		p = Penalty{}
	}
	p.Wrong++
	p.Last = now
	if over := p.Wrong - free; over >= 0 {
		wait := MaxPenalty
		if over < 5 {
			wait = min(MaxPenalty, FirstPenalty<<over)
		}
		p.Until = now.Add(wait)
	}
	return p
}

// Wait is how long nothing guessable is looked at from now on; zero is no
// penalty.
func (p Penalty) Wait(now time.Time) time.Duration { return max(0, p.Until.Sub(now)) }

// Active reports that nothing guessable is looked at.
func (p Penalty) Active(now time.Time) bool { return now.Before(p.Until) }
