package dhcpopt

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/health"
)

// Codes of the conditions on new clients.
const (
	codeWait    = "dhcp-new-clients-wait"
	codeUntaken = "dhcp-offers-untaken"
)

// When they hold. A power-up puts some off for a few seconds, and takes what it
// is offered within one.
const (
	waitAfter    = 5 * time.Second  // put off for so long
	waitGap      = time.Minute      // none for so long, and it is over
	untakenShare = 4                // one part in so many of the pool offered and not taken
	untakenAfter = 10 * time.Second // for so long; it is over at half of that share
)

const portSecurity = "have the switch hold each port to a few hardware addresses (port security) and limit its DHCP messages (DHCP snooping with a rate limit)"

// crowdAlarm remembers what of these was raised.
type crowdAlarm struct {
	waits   bool
	untaken bool
	since   time.Time // offers go untaken since then; zero: they do not
}

// watchNewcomers raises and clears the conditions on clients that are new here.
func (s *Server) watchNewcomers(now time.Time, f fill) {
	a := &s.newcomers
	s.mu.Lock()
	run, quiet := s.pool.returns.last.Sub(s.pool.returns.first), now.Sub(s.pool.returns.last)
	s.mu.Unlock()
	switch {
	case !a.waits && run >= waitAfter && quiet < waitGap:
		a.waits = true
		s.raiseWait(now, f)
	case a.waits && quiet >= waitGap:
		a.waits = false
		s.deps.Health.Clear(s.code(codeWait))
	}
	switch {
	case f.offered*untakenShare*2 < f.common || f.common == 0:
		if a.since = (time.Time{}); a.untaken {
			a.untaken = false
			s.deps.Health.Clear(s.code(codeUntaken))
		}
	case f.offered*untakenShare < f.common:
	case a.since.IsZero():
		a.since = now
	case !a.untaken && now.Sub(a.since) >= untakenAfter:
		a.untaken = true
		s.raiseUntaken(now, f)
	}
}

func (s *Server) raiseWait(now time.Time, f fill) {
	s.log.Warn("new clients wait for an address", "decision", f.String())
	s.deps.Health.Raise(now, health.Condition{
		Code: s.code(codeWait), Title: "New devices wait for an address",
		Meaning: "more devices that are not set up ask than the second half of the pool is for: phones that are new here get their address a minute or more after they start; those that are set up, or have one, are not held up",
		Do: "set new phones up first (`lineside device import`), then they do not wait; if there are not so many new ones here, find who asks under made-up hardware addresses (`lineside dhcp leases`, then the switch's table) and " +
			portSecurity + "; else " + widen,
		Detail: f.String(),
	})
}

func (s *Server) raiseUntaken(now time.Time, f fill) {
	s.log.Warn("offers are not taken", "decision", f.String())
	s.deps.Health.Raise(now, health.Condition{
		Code: s.code(codeUntaken), Title: "Many ask for an address and do not take it",
		Meaning: "phones still get theirs; as a rule somebody asks under made-up hardware addresses to use up the pool",
		Do: fmt.Sprintf("see who asks: `tcpdump -eni %s -c 200 udp port 67` prints hardware addresses; find the switch's port they come by, and ", s.cfg.Interface) +
			portSecurity,
		Detail: fmt.Sprintf("%d of %d addresses are offered to devices that have not come for them", f.offered, f.common),
	})
}
