package provision_test

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// login is a user name and password as a caller shows them.
type login struct{ user, password string }

// claim is what one device may rightly be given, kept by the test from what was
// asked and answered. All times are the box's.
type claim struct {
	known   bool
	life    int    // of all devices ever set up, which; another one after a removal
	sip     string // the platform secret in its full config
	pin     string
	arming  int // of all armings of a one-time password, which
	gen     uint64
	allowed bool // an operator armed it by name
	// The identity this arming was accepted from, until when it may fetch again,
	// and the brand generation it showed. void: a restored copy burnt it.
	by      string
	refetch time.Time
	brand   uint64
	void    bool
	// The credentials in force.
	current, pending login
	suspended        time.Time
	pass             pass
	ticket           ticket
	ticketOnly       bool // nothing else helps at first contact
	fails, lockOuts  int
	locked           time.Time
	blocked          bool
}

// pass is a right PIN.
type pass struct {
	until time.Time
	by    string // whom it was entered for, then who used it
	used  bool
}

// ticket is a one-time password for one device.
type ticket struct {
	login
	number   int // of all tickets ever made, which
	until    time.Time
	approval bool // an admin has to approve who showed it
	approved bool
	used     bool
	rejected bool // and so dead: it stands until the device has another
	dead     bool // rejected, revoked, or void in a restored copy
	by       string
	again    time.Time // until when it may fetch again, once used
}

// brand is a vendor's one-time password.
type brand struct {
	login
	gen uint64
}

// ledger is what the box has acknowledged, and so must stand by.
type ledger struct {
	claims  map[phone.MAC]claim
	brands  map[phone.Vendor]brand
	factor  auth.Factor
	trusts  bool // callers whose MAC is only claimed
	screen  bool // a PIN is taken as the password of a login
	allow   []netip.Prefix
	window  time.Time
	at      time.Time     // the box's time at the last look
	atRan   time.Duration // the true time then
	started bool          // the box was started since
	*past
}

// past is what no restored backup undoes.
type past struct {
	numbers  int                // lives and armings given
	accepted map[int]string     // by arming: the identity it was accepted from
	secrets  map[string]custody // every secret that ever was
}

// custody says whose config a secret belongs into.
type custody struct {
	mac  phone.MAC
	life int
}

func newLedger(f auth.Factor) *ledger {
	return &ledger{
		claims: make(map[phone.MAC]claim),
		brands: make(map[phone.Vendor]brand),
		factor: f,
		past:   &past{accepted: make(map[int]string), secrets: make(map[string]custody)},
	}
}

// clone copies what a backup holds; the past is shared.
func (l *ledger) clone() *ledger {
	c := *l
	c.claims, c.brands, c.allow = maps.Clone(l.claims), maps.Clone(l.brands), slices.Clone(l.allow)
	return &c
}

func (l *ledger) number() int {
	l.numbers++
	return l.numbers
}

// edit changes one device's page.
func (l *ledger) edit(m phone.MAC, f func(*claim)) {
	c := l.claims[m]
	f(&c)
	l.claims[m] = c
}

// voidLogins books that nothing proved counts any more.
func (c *claim) voidLogins() {
	c.current, c.pending, c.pass, c.ticket.again = login{}, login{}, pass{}, time.Time{}
}

// rearm books a new generation.
func (c *claim) rearm(number int, byName bool) {
	c.arming, c.gen, c.allowed = number, c.gen+1, byName
	c.by, c.refetch, c.brand, c.void = "", time.Time{}, 0, false
}

// accept books that the armed one-time password is consumed.
func (c *claim) accept(now time.Time, by string, brand uint64) {
	c.by, c.brand, c.refetch, c.allowed = by, brand, now.Add(fetchAgain), false
}

func (c *claim) lockedAt(now time.Time) bool { return c.blocked || now.Before(c.locked) }

// freed books the end of a lock-out.
func (c *claim) freed() { c.fails, c.lockOuts, c.locked, c.blocked = 0, 0, time.Time{}, false }

// What ARCHITECTURE.md says of lengths, in its own numbers.
const (
	fetchAgain  = 10 * time.Minute
	siteWindow  = 8 * time.Hour
	passLasts   = 8 * time.Hour
	ticketLasts = 8 * time.Hour
	suspension  = 30 * time.Minute
	lockOut     = 30 * time.Minute
	tries       = 3 // wrong PINs until a lock-out, and lock-outs until a block
)

// leeway is what the time on disk may lag behind the box's: it is written with
// a commit, but not twice a second.
const leeway = 2 * time.Second

// ground is why a caller may have a full config.
type ground string

const (
	ownCurrent ground = "its own credential"
	ownPending ground = "its own credential for the first time"
	trusted    ground = "trust"
	oneTime    ground = "a one-time password nobody used before"
	again      ground = "the one-time password again"
	byTicket   ground = "a ticket nobody used before"
	sameTicket ground = "the ticket again"
	rightPIN   ground = "a right PIN"
	pinAgain   ground = "a right PIN again"
	onScreen   ground = "a right PIN on its screen"
)

// grounds says why the promises allow a full config in answer to t, or nothing.
// It is told the truth about layer 2, which the box has to find out.
func (l *ledger) grounds(now time.Time, t try) ground {
	c, truth := l.claims[t.mac], t.truth()
	if !c.known || t.vendor != t.of.vendor || truth == auth.Contradicted {
		return ""
	}
	plain := t.front == provision.TFTP
	switch {
	case plain && (!t.of.plain || truth != auth.Proven):
		return ""
	case t.shown == login{}:
	case t.shown == c.current:
		return ownCurrent
	case t.shown == c.pending:
		return ownPending
	}
	if truth == auth.Doubted {
		return ""
	}
	if l.takenAsPIN(t) {
		return l.typed(now, c, t)
	}
	if (truth == auth.Proven || l.trusts) && l.trust(now, c, t) {
		return trusted
	}
	for _, look := range []func(time.Time, claim, try) ground{l.oneTime, l.ticketed, l.pass} {
		if g := look(now, c, t); g != "" {
			return g
		}
	}
	return ""
}

// trust is what replaces a factor.
func (l *ledger) trust(now time.Time, c claim, t try) bool {
	listed := slices.ContainsFunc(l.allow, func(p netip.Prefix) bool { return p.Contains(t.from) })
	unsettled := c.current == login{} && (c.pending == login{} || t.onHold())
	return now.Before(c.suspended) || listed || now.Before(l.window) && !c.blocked && !c.ticketOnly && !c.ticket.judged(now) && unsettled
}

// judged reports that an admin has the say about this ticket's caller.
func (k ticket) judged(now time.Time) bool {
	return k.rejected || k.approval && !k.used && !k.dead && now.Before(k.until)
}

// turnAway books that a PIN lets nobody in that showed the ticket.
func (c *claim) turnAway() {
	if by := c.ticket.by; by != "" && !c.pass.used && (c.pass.by == by || c.pass.by == "") {
		c.pass = pass{}
	}
}

func (l *ledger) oneTime(now time.Time, c claim, t try) ground {
	b := l.brands[t.of.vendor]
	switch {
	case t.shown != b.login || c.void || c.ticketOnly:
	case c.by == "" && l.accepted[c.arming] == "":
		if l.factor == auth.FactorOTP || c.allowed && l.factor != auth.FactorBoth {
			return oneTime
		}
	case c.by == t.identity() && c.brand == b.gen && now.Before(c.refetch) && c.pending != login{}:
		return again
	}
	return ""
}

// ticketed is for whoever showed the ticket first, once, and for a while again.
func (l *ledger) ticketed(now time.Time, c claim, t try) ground {
	k, front := c.ticket, t.front == provision.TFTP
	shows := t.shown == k.login && k.user != ""
	switch {
	case front, l.factor == auth.FactorBoth && !k.used:
	case k.used && k.by == t.identity() && now.Before(k.again) && c.pending != login{} && (shows || k.approval && t.onHold()):
		return sameTicket
	case k.used, k.dead, !now.Before(k.until), k.approval && !k.approved:
	case k.by == "" && l.accepted[k.number] == "" && shows, k.by == t.identity() && (shows || t.onHold()):
		return byTicket
	}
	return ""
}

// halfway reports that otp+pin wants nothing but the PIN of this caller any more.
func (c claim) halfway(t try) bool {
	by := c.by
	if c.ticketOnly {
		by = ""
	}
	showed := func(by string) bool { return by != "" && (by == t.identity() || t.truth() == auth.Proven) }
	return showed(by) || c.ticket.used && showed(c.ticket.by)
}

func (l *ledger) pass(now time.Time, c claim, t try) ground {
	wanted := l.factor == auth.FactorPIN && !c.ticketOnly || l.factor == auth.FactorBoth && c.halfway(t)
	holding := t.onHold()
	switch p := c.pass; {
	case !wanted || !now.Before(p.until):
	case p.used && p.by == t.identity() && holding:
		return pinAgain
	case p.used:
	case t.truth() == auth.Proven, l.trusts && p.by == "", p.by == t.identity() && (holding || l.trusts):
		return rightPIN
	}
	return ""
}

// takenAsPIN reports that what the caller shows is a PIN typed on its screen,
// right or wrong.
func (l *ledger) takenAsPIN(t try) bool {
	named := strings.EqualFold(t.shown.user, "pin") || strings.EqualFold(t.shown.user, t.mac.Hex())
	return named && l.screen && l.factor.WantsPIN() && t.front != provision.TFTP && t.file == t.of.config
}

// typed is for who shows the right PIN of a device that waits for it alone, and
// for a while again.
func (l *ledger) typed(now time.Time, c claim, t try) ground {
	wanted := l.factor == auth.FactorPIN && !c.ticketOnly || l.factor == auth.FactorBoth && c.halfway(t)
	switch {
	case t.shown.password != c.pin, !wanted, c.current != login{}, c.blocked, now.Before(c.locked.Add(-leeway)):
		return ""
	case c.pass.used && c.pass.by == t.identity() && now.Before(c.pass.until) && c.pending != login{}:
		return pinAgain
	}
	return onScreen
}

// deserves says of an honest phone that it must be given its full config: it
// shows what it holds, or the first factor that is asked.
func (l *ledger) deserves(now time.Time, t try) bool {
	if t.front == provision.TFTP {
		return false
	}
	switch l.grounds(now, t) {
	case ownCurrent, ownPending, oneTime, byTicket:
		return true
	case rightPIN:
		return t.truth() == auth.Proven && (t.shown == login{} || t.onHold())
	}
	return false
}

// book notes what a full config for the reason g did.
func (l *ledger) book(now time.Time, t try, g ground, handed login) {
	l.edit(t.mac, func(c *claim) {
		if handed != c.current && handed != c.pending {
			c.pending = handed
			l.secrets[handed.password] = custody{t.mac, c.life}
		}
		if g == oneTime || g == byTicket || g == rightPIN || g == onScreen { // a new login; older grounds are over
			c.pass, c.refetch, c.ticket.again = pass{}, time.Time{}, time.Time{}
		}
		switch g {
		case ownPending:
			c.current, c.pending, c.pass = c.pending, login{}, pass{}
			c.refetch, c.ticket.again = time.Time{}, time.Time{}
			c.freed()
		case trusted:
			c.locked, c.blocked, c.pass = time.Time{}, false, pass{}
		case oneTime:
			c.accept(now, t.identity(), l.brands[t.of.vendor].gen)
			l.accepted[c.arming] = c.by
		case byTicket:
			c.ticket.used, c.ticket.by, c.ticket.again = true, t.identity(), now.Add(fetchAgain)
			l.accepted[c.ticket.number] = c.ticket.by
		case onScreen:
			c.fails, c.lockOuts = 0, 0
			l.window = now.Add(siteWindow)
			fallthrough
		case rightPIN:
			c.pass = pass{until: now.Add(fetchAgain), by: t.identity(), used: true}
		}
	})
	if now.Before(l.window) {
		l.window = now.Add(siteWindow)
	}
}

// burn books what a restored copy makes void.
func (l *ledger) burn() {
	for m := range l.claims {
		l.edit(m, func(c *claim) {
			c.void = c.void || c.by == ""
			c.pass = pass{}
			c.ticket.dead = true
		})
	}
}

// goBack books that the box's time was set right, by so much.
func (l *ledger) goBack(now time.Time, by time.Duration) {
	move := func(t *time.Time) {
		if t.After(now) {
			*t = t.Add(-by)
		}
	}
	for m := range l.claims {
		l.edit(m, func(c *claim) {
			for _, t := range []*time.Time{&c.refetch, &c.suspended, &c.pass.until, &c.locked, &c.ticket.until, &c.ticket.again} {
				move(t)
			}
		})
	}
	move(&l.window)
}
