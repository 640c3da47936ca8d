package provision_test

import (
	"bytes"
	"errors"
	"net/netip"
	"runtime/debug"
	"slices"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// ask puts one question to the desk and holds the answer against the promises.
func (s *site) ask(t try) provision.Answer {
	s.rt.Helper()
	now := s.now()
	allowed, due := s.grounds(now, t), s.who(t) && s.deserves(now, t)
	before := s.tally(t.mac)
	a, err := s.fetch(t)
	switch {
	case errors.Is(err, errDied) && s.gate.dead:
		s.say("%s: no answer, the box died", t)
		return provision.Answer{}
	case err != nil:
		s.broken(answering, "%s: %v", t, err)
	case a.Status != provision.Content && len(a.Body) != 0:
		s.broken(proof, "%s: a refusal has a body", t)
	}
	full := s.seek(t, a)
	s.say("%s: %s", t, told(a, full))
	switch {
	case full && s.gate.hit:
		s.broken(onDisk, "%s has its config, and what it proved never was on disk", t)
	case full && allowed == "" && s.spent(t):
		s.broken(once, "%s has its config by a one-time password that is not for it", t)
	case full && allowed == "":
		s.broken(proof, "%s has its config without proof", t)
	case !full && due && !s.gate.dead && (allowed == ownCurrent || allowed == ownPending):
		s.broken(onDisk, "%s was handed that login, nothing made it void, and it is refused", t)
	case !full && due && !s.gate.dead:
		s.broken(answering, "%s is the phone itself with %s, and is refused", t, allowed)
	case full:
		s.handed(now, t, a, allowed)
	}
	s.observe(t)
	s.observeTries(now, t, before, full)
	return a
}

// tally is what a device's record says of wrong PINs.
type tally struct {
	fails, lockOuts int
	state           auth.State
}

func (s *site) tally(m phone.MAC) tally {
	if !s.claims[m].known {
		return tally{}
	}
	rec, err := s.desk.Device(m)
	if err != nil {
		s.broken(onDisk, "%s was set up and is gone: %v", m, err)
	}
	e := rec.Enrolment
	return tally{e.Fails, e.LockOuts, e.State}
}

// observeTries looks at the count of wrong PINs after a request: it goes up by a
// wrong PIN typed on the screen of a device that waits for one, and by nothing
// else. Whether one is looked at is the box's: it is not in its sender's penalty.
func (s *site) observeTries(now time.Time, t try, before tally, full bool) {
	after, c := s.tally(t.mac), s.claims[t.mac]
	if after.fails <= before.fails && after.lockOuts <= before.lockOuts {
		return
	}
	truth := t.truth()
	switch {
	case !s.takenAsPIN(t) || t.shown.password == c.pin || full || truth == auth.Contradicted || truth == auth.Doubted:
		s.broken(lasting, "%s: it counts as a wrong PIN", t)
	case c.current != login{} || c.lockedAt(now.Add(leeway)) && c.lockedAt(now):
		s.broken(lasting, "%s: a PIN was looked at that none is wanted of, or in the lock-out", t)
	}
	s.countWrong(now, t.of, auth.PINResult{State: after.state})
}

// spent reports that the caller shows a one-time password, or a ticket, that is
// accepted from somebody already, or void.
func (s *site) spent(t try) bool {
	c := s.claims[t.mac]
	switch t.shown {
	case login{}:
		return false
	case s.brands[t.of.vendor].login:
		return c.by != "" || c.void || s.accepted[c.arming] != ""
	case c.ticket.login:
		return c.ticket.by != "" || c.ticket.used || c.ticket.dead
	}
	return false
}

// who reports that the caller is an honest phone asking for its config.
func (s *site) who(t try) bool { return t.forged == honest && t.file == t.of.config }

func (s *site) fetch(t try) (a provision.Answer, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.broken(answering, "%s: the desk panicked: %v\n%s", t, r, debug.Stack())
		}
	}()
	s.asks++
	ask := provision.Ask{Front: t.front, Remote: netip.AddrPortFrom(t.from, 40000), File: t.file, Agent: t.agent}
	if t.shown != (login{}) {
		ask.Attempt = &provision.Attempt{User: t.shown.user, Proves: phone.NewSecret(t.shown.password).Equal}
	}
	return s.desk.Fetch(s.rt.Context(), ask)
}

func told(a provision.Answer, full bool) string {
	switch {
	case full:
		return "its full config"
	case a.Status == provision.Content:
		return "a config without secrets"
	case a.Status == provision.Challenge:
		return "asked to sign in"
	}
	return "nothing"
}

// seek looks for every secret there ever was in an answer, and reports that it
// is the full config of the phone asked for.
func (s *site) seek(t try, a provision.Answer) (full bool) {
	c := s.claims[t.mac]
	for secret, of := range s.secrets {
		if !bytes.Contains(a.Body, []byte(secret)) {
			continue
		}
		if !c.known || of != (custody{t.mac, c.life}) {
			s.broken(proof, "%s is given a secret of %s", t, of.mac)
		}
		full = true
	}
	if !full && a.Status == provision.Content {
		if l := readLogin(a.Body); l.user != "" {
			t.of.holding = l
		}
	}
	return full
}

// handed books a full config: the login in it is the device's own, and no other
// device's or time's.
func (s *site) handed(now time.Time, t try, a provision.Answer, g ground) {
	l := readLogin(a.Body)
	if l.user == "" || l.user == t.of.holding.user {
		s.broken(proof, "%s: the full config carries no login of its own: %q", t, l.user)
	}
	if of, was := s.secrets[l.password]; was && l != s.claims[t.mac].current && l != s.claims[t.mac].pending {
		s.broken(proof, "%s is handed the void login %s of %s", t, l.user, of.mac)
	}
	s.book(now, t, g, l)
}

// observe looks at every device's one-time password after a request: a
// generation that is consumed was consumed by this very request, rightly, and
// stays with whom it was accepted from.
func (s *site) observe(t try) {
	now := s.now()
	for m, c := range s.claims {
		if !c.known {
			continue
		}
		rec, err := s.desk.Device(m)
		if err != nil {
			s.broken(onDisk, "%s was set up and is gone: %v", m, err)
		}
		o := rec.Enrolment.OTP
		before, was := s.accepted[c.arming]
		switch {
		case o.Generation != c.gen:
			s.broken(onDisk, "%s is at generation %d, and was told to be at %d", m, o.Generation, c.gen)
		case c.void:
			if !o.Used || o.By != "" {
				s.broken(once, "%s: generation %d was burnt, and is now used %t by %q", m, o.Generation, o.Used, o.By)
			}
		case c.by != "" && (!o.Used || o.By != c.by):
			s.broken(once, "%s: generation %d was accepted from %s, and is now used %t by %q", m, o.Generation, c.by, o.Used, o.By)
		case o.Used && c.by == "":
			if was && before != o.By {
				s.broken(once, "%s: generation %d was accepted from %s, and now from %s", m, o.Generation, before, o.By)
			}
			s.consumed(now, t, m, o)
		}
		s.observeTicket(t, m, rec.Enrolment.Ticket)
	}
}

// observeTicket does the same for the device's ticket, which belongs to who
// showed it first.
func (s *site) observeTicket(t try, m phone.MAC, got auth.Ticket) {
	c := s.claims[m]
	by, live := got.Asked.By, got.State == auth.TicketGenerated || got.State == auth.TicketAwaiting || got.State == auth.TicketApproved
	switch {
	case c.ticket.user == "" || got.State == auth.NoTicket:
		return
	case c.ticket.by != "" && by != c.ticket.by:
		s.broken(once, "%s: the ticket belongs to %s, and now to %q", m, c.ticket.by, by)
	case (c.ticket.dead || c.ticket.used) && live:
		s.broken(once, "%s: the ticket came to its end, and is %s", m, got.State)
	case by != "" && c.ticket.by == "" && (t.mac != m || t.shown != c.ticket.login || by != t.identity()):
		s.broken(once, "%s: the ticket belongs to %s, who never showed it, after %s", m, by, t)
	}
	s.edit(m, func(c *claim) {
		c.ticket.by = by
		c.ticket.used = c.ticket.used || got.State == auth.TicketUsed
		c.ticket.dead = c.ticket.dead || got.State == auth.TicketRevoked // a spare key, once the login is used
	})
}

// consumed books that a generation was accepted, if it was from this caller and
// rightly so.
func (s *site) consumed(now time.Time, t try, m phone.MAC, o auth.Arming) {
	c, b := s.claims[m], s.brands[t.of.vendor]
	truth := t.truth()
	if t.mac != m || t.shown != b.login || truth == auth.Contradicted || truth == auth.Doubted ||
		!s.factor.WantsOTP() && !c.allowed || o.By != t.identity() {
		s.broken(once, "%s: generation %d was consumed for %s without it, by %s", m, o.Generation, o.By, t)
	}
	s.accepted[c.arming] = o.By
	s.edit(m, func(c *claim) { c.accept(now, o.By, b.gen) })
}

// check holds the whole site against the ledger, after every step.
func (s *site) check() {
	s.steps++
	s.checkClock()
	all, err := s.desk.Devices()
	if err != nil {
		s.broken(answering, "the devices cannot be listed: %v", err)
	}
	known := 0
	for _, c := range s.claims {
		if c.known {
			known++
		}
	}
	if len(all) != known {
		s.broken(onDisk, "%d devices are there, %d were set up and not removed", len(all), known)
	}
	now := s.now()
	for _, rec := range all {
		s.checkState(now, rec)
	}
	s.checkPolicy(now)
}

// checkState compares what an operator sees of one device.
func (s *site) checkState(now time.Time, rec auth.Record) {
	c, e := s.claims[rec.Device.MAC], rec.Enrolment
	switch state := e.At(now); {
	case e.PIN.Reveal() != c.pin:
		s.broken(onDisk, "%s has another PIN than it was told to have", rec.Device.MAC)
	case c.blocked && state != auth.Blocked:
		s.broken(lasting, "%s was blocked, nobody unblocked it, and it is %s", rec.Device.MAC, state)
	case now.Before(c.locked.Add(-leeway)) && state != auth.Failed:
		s.broken(lasting, "%s is locked out until %s, and it is %s", rec.Device.MAC, c.locked.Format(time.DateTime), state)
	case !now.Before(c.suspended.Add(leeway)) && e.IsSuspended(now):
		s.broken(lasting, "%s was suspended until %s, and still is", rec.Device.MAC, c.suspended.Format(time.DateTime))
	}
	got, gotNext := shown(e.Current), shown(e.Pending)
	for _, l := range []login{got, gotNext} {
		if l != (login{}) && l != c.current && l != c.pending {
			s.broken(proof, "the login %s of %s is void, and in force", l.user, rec.Device.MAC)
		}
	}
	if got != c.current || gotNext != c.pending {
		s.broken(onDisk, "%s has the logins %q and %q, and was given %q and %q", rec.Device.MAC, got.user, gotNext.user, c.current.user, c.pending.user)
	}
}

func shown(c auth.Credential) login { return login{c.User, c.Password.Reveal()} }

func (s *site) checkPolicy(now time.Time) {
	p := s.desk.Policy()
	allow := make([]netip.Prefix, 0, len(p.Allow))
	for _, a := range p.Allow {
		allow = append(allow, a.Prefix)
	}
	switch {
	case p.FirstContact != s.factor || p.Claimed != s.trusts || p.PINOnScreen != s.screen || !slices.Equal(allow, s.allow):
		s.broken(onDisk, "the rules are %s, %t, %t, %v, and were told to be %s, %t, %t, %v",
			p.FirstContact, p.Claimed, p.PINOnScreen, allow, s.factor, s.trusts, s.screen, s.allow)
	case p.IsOpen(now) && !now.Before(s.window.Add(leeway)):
		s.broken(lasting, "the site window is open, and was to close at %s", s.window.Format(time.DateTime))
	}
}

// year is by how much the wall clock leaps; what the box may believe between
// two runs, and for how long a leap must stand in one, are the store's.
const (
	year      = 365 * 24 * time.Hour
	betweenOK = 7 * 24 * time.Hour
	standsFor = time.Hour
	runOK     = 5 * time.Minute
)

// checkClock compares the box's time with the true one: it never goes back or
// falls behind, and leaps only where the wall clock is to be believed. A start
// under a clock that is set by NTP alone may put it right, which is reported.
func (s *site) checkClock() (setRight bool) {
	now := s.now()
	gone, ran := now.Sub(s.at), s.clock.ran-s.atRan
	restarted := s.started
	s.at, s.atRan, s.started = now, s.clock.ran, false
	leap := gone - ran
	switch {
	case gone < -leeway && restarted && s.clock.synced:
		s.say("the box's time goes back by %s", -leap)
		s.goBack(now, -leap)
		return true
	case gone < 0 && !restarted, gone < -leeway:
		s.broken(lasting, "the box's time went back by %s", -gone)
	case leap < -leeway:
		s.broken(lasting, "the box's time fell behind by %s", -leap)
	case leap <= runOK, s.clock.synced, s.clock.ran-s.clock.set >= standsFor, restarted && leap <= betweenOK:
	default:
		s.broken(lasting, "the box believed a leap of %s", leap)
	}
	return false
}
