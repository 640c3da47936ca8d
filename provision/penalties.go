package provision

import (
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// maxPenalties bounds each table: past it entries that cost nobody anything
// make room.
const maxPenalties = 4096

// penalties counts wrong logins. A guess weighs on its sender's layer-2
// identity, whatever MAC it claims. One whose sender is not proven to be the
// phone it goes by weighs on that MAC as well, for callers of its kind alone:
// who has many addresses has no more guesses for one device than
// auth.DeviceTries, and the phone itself, once proven, never pays for it.
//
// Every MAC has a bucket of its own, set up here or not. One that all unknown
// MACs shared would tell them from known ones: guesses at one would cost those
// at another. A user name at the phone book has one for the same reasons, whether
// there is such a user or not.
type penalties struct {
	mu     sync.Mutex
	by     map[string]auth.Penalty
	device map[phone.MAC]auth.Penalty
	user   map[string]auth.Penalty // by name at the phone book
	last   map[wrongKey][16]byte
}

type wrongKey struct {
	by  string
	mac phone.MAC
}

func newPenalties() *penalties {
	return &penalties{
		by: make(map[string]auth.Penalty), device: make(map[phone.MAC]auth.Penalty),
		user: make(map[string]auth.Penalty), last: make(map[wrongKey][16]byte),
	}
}

// wait is for how long no guess of the caller is looked at; zero is no penalty.
func (p *penalties) wait(now time.Time, c caller) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waitLocked(now, c)
}

func (p *penalties) waitLocked(now time.Time, c caller) time.Duration {
	wait := p.by[c.pays()].Wait(now)
	if c.sharesBlame() {
		wait = max(wait, p.device[c.file.MAC].Wait(now))
	}
	if c.reads != "" {
		wait = max(wait, p.user[c.reads].Wait(now))
	}
	return wait
}

// pays is whose count the caller's wrong logins go to.
func (c caller) pays() string {
	if c.payer == "" || strings.HasPrefix(c.by, "mac:") {
		return c.by
	}
	return c.payer
}

// sharesBlame reports that the caller pays for the guesses of others under the
// same MAC: nothing tells which of them is the phone.
func (c caller) sharesBlame() bool { return c.verdict == auth.Claimed && !c.file.MAC.IsZero() }

// repeated reports that the same caller showed the same wrong password before.
func (p *penalties) repeated(c caller, print [16]byte) bool {
	if print == ([16]byte{}) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last[wrongKey{c.pays(), c.file.MAC}] == print
}

// add counts one wrong login. One that was not looked at counts nowhere: a
// single sender in its penalty cannot use up the tries of a device.
func (p *penalties) add(now time.Time, c caller, print [16]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waitLocked(now, c) == 0 {
		charge(p.by, c.pays(), now, auth.FreeTries)
		if c.sharesBlame() {
			charge(p.device, c.file.MAC, now, auth.DeviceTries)
		}
		if c.reads != "" {
			charge(p.user, c.reads, now, auth.DeviceTries)
		}
	}
	if print == ([16]byte{}) {
		return
	}
	if len(p.last) >= maxPenalties {
		clear(p.last)
	}
	p.last[wrongKey{c.pays(), c.file.MAC}] = print
}

// charge adds one wrong login to an entry of a table.
func charge[K comparable](table map[K]auth.Penalty, key K, now time.Time, free int) {
	if len(table) >= maxPenalties {
		makeRoom(table, now)
	}
	table[key] = table[key].Add(now, free)
}

// makeRoom drops penalties that are over, and if none is, any: a sender with
// thousands of addresses gains a few free tries of a password of the operator's
// choosing, and memory stays bounded.
func makeRoom[K comparable](table map[K]auth.Penalty, now time.Time) {
	for key, v := range table {
		if !v.Active(now) {
			delete(table, key)
		}
	}
	for key := range table {
		if len(table) < maxPenalties*3/4 {
			return
		}
		delete(table, key)
	}
}
