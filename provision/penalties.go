package provision

import (
	"sync"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// maxPenalties bounds the table: past it the oldest entries make room.
const maxPenalties = 4096

// penalties counts wrong logins. A guess weighs on its sender's layer-2
// identity, whatever MAC it claims; what it claims to be is never made to pay.
type penalties struct {
	mu   sync.Mutex
	by   map[string]auth.Penalty
	last map[wrongKey][16]byte
}

type wrongKey struct {
	by  string
	mac phone.MAC
}

func newPenalties() *penalties {
	return &penalties{by: make(map[string]auth.Penalty), last: make(map[wrongKey][16]byte)}
}

// wait is for how long no guess of the caller is looked at; zero is no penalty.
func (p *penalties) wait(now time.Time, c caller) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.by[c.by].Wait(now)
}

// repeated reports that the same caller showed the same wrong password before.
func (p *penalties) repeated(c caller, print [16]byte) bool {
	if print == ([16]byte{}) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last[wrongKey{c.by, c.file.MAC}] == print
}

// add counts one wrong login.
func (p *penalties) add(now time.Time, c caller, print [16]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.by) >= maxPenalties {
		p.forgetLocked(now)
	}
	p.by[c.by] = p.by[c.by].Add(now)
	if print == ([16]byte{}) {
		return
	}
	if len(p.last) >= maxPenalties {
		clear(p.last)
	}
	p.last[wrongKey{c.by, c.file.MAC}] = print
}

// forgetLocked drops penalties that are over, and if none is, any: a sender
// with thousands of addresses gains a few free tries of a password of the
// operator's choosing, and memory stays bounded.
func (p *penalties) forgetLocked(now time.Time) {
	for by, v := range p.by {
		if !v.Active(now) {
			delete(p.by, by)
		}
	}
	for by := range p.by {
		if len(p.by) < maxPenalties*3/4 {
			return
		}
		delete(p.by, by)
	}
}
