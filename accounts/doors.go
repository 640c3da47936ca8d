package accounts

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/operators"
)

// maxTallies bounds the senders and names that are counted. The one that was
// longest without a wrong try makes room.
const maxTallies = 4096

// linkTries are the wrong tries of a whole /64 on the box's own link.
const linkTries = 20 * auth.FreeTries

// doors is what wrong passwords cost, and how many are looked at at once.
type doors struct {
	addrs *tallies[netip.Prefix] // of senders
	links *tallies[netip.Prefix] // of whole /64s on the box's link, whose hosts are counted apart
	names *tallies[string]       // of accounts that exist, from networks unknown to them
	asked *tallies[netip.Prefix] // of who asks for temporary passwords

	// One token each: at most two hashes are computed at once, and strangers do
	// not hold up people at networks they know.
	known, strangers chan struct{}

	refused, forgot *noise // entries of refused sign-ins and forgotten passwords

	mu      sync.Mutex
	entered map[string]*audit.Allowance // sign-ins by account
}

func newDoors() doors {
	return doors{
		addrs: newTallies[netip.Prefix](auth.FreeTries), links: newTallies[netip.Prefix](linkTries), names: newTallies[string](auth.DeviceTries),
		known: make(chan struct{}, 1), strangers: make(chan struct{}, 1),
		asked:   newTallies[netip.Prefix](auth.FreeTries),
		refused: &noise{room: audit.SignInRefusals.New()}, forgot: &noise{room: audit.ForgottenPasswords.New()},
		entered: make(map[string]*audit.Allowance),
	}
}

// network is whom an address is counted as, see operators.Network. On the box's own
// link anybody can take any address of the /64, so that one cannot be laid to all.
func (d *Desk) network(from netip.Addr) netip.Prefix {
	if from = from.Unmap(); from.Is6() && d.cfg.OnLink(from) {
		return netip.PrefixFrom(from.WithZone(""), 128)
	}
	return operators.Network(from)
}

// wait is how long nothing from there is looked at. What others on the link did
// does not count for somebody at a place they are known at.
func (d *doors) wait(now time.Time, from netip.Prefix, known bool) time.Duration {
	wait := d.addrs.wait(now, from)
	if !known && from.Bits() == 128 {
		wait = max(wait, d.links.wait(now, operators.Network(from.Addr())))
	}
	return wait
}

// wrong counts a wrong try.
func (d *doors) wrong(now time.Time, from netip.Prefix) {
	d.addrs.wrong(now, from)
	if from.Bits() == 128 {
		d.links.wrong(now, operators.Network(from.Addr()))
	}
}

// enter waits for the turn of somebody at a known network, or of a stranger.
func (d *doors) enter(ctx context.Context, known bool) (leave func(), err error) {
	turn := d.strangers
	if known {
		turn = d.known
	}
	ctx, cancel := context.WithTimeout(ctx, signInWait)
	defer cancel()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ErrBusy
	}
}

// noise is what strangers can cause, of which not each has an entry.
type noise struct {
	room *audit.Allowance

	mu     sync.Mutex
	unsaid int // since the last entry
}

// note counts one and gives how many are to go on record now, 0 for none.
func (n *noise) note(now time.Time) (due int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.unsaid++; n.room.Spend(now) {
		due, n.unsaid = n.unsaid, 0
	}
	return due
}

// lets reports that an account has not signed in so often that the audit log
// would hold little else.
func (d *doors) lets(now time.Time, name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.entered[name]
	if a == nil {
		for n, old := range d.entered {
			if old.Whole(now) {
				delete(d.entered, n)
			}
		}
		a = audit.SignIns.New()
		d.entered[name] = a
	}
	return a.Spend(now)
}

// tallies counts wrong passwords by whom they are laid to.
type tallies[K comparable] struct {
	free int

	mu sync.Mutex
	of map[K]auth.Penalty
}

func newTallies[K comparable](free int) *tallies[K] {
	return &tallies[K]{free: free, of: make(map[K]auth.Penalty)}
}

// wait is how long nothing is looked at.
func (t *tallies[K]) wait(now time.Time, k K) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return min(t.of[k].Wait(now), auth.MaxPenalty) // the clock was set back
}

// wrong counts one that was wrong.
func (t *tallies[K]) wrong(now time.Time, k K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, there := t.of[k]; !there && len(t.of) >= maxTallies {
		t.makeRoomLocked()
	}
	t.of[k] = t.of[k].Add(now, t.free)
}

func (t *tallies[K]) makeRoomLocked() {
	var oldest K
	var last time.Time
	for k, p := range t.of {
		if last.IsZero() || p.Last.Before(last) {
			oldest, last = k, p.Last
		}
	}
	delete(t.of, oldest)
}

// forget takes a count away.
func (t *tallies[K]) forget(k K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, k)
}
