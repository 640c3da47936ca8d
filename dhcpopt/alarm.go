package dhcpopt

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// Codes of the conditions this package raises.
const (
	codeLow       = "dhcp-pool-low"
	codeExhausted = "dhcp-pool-exhausted"
	codeConflict  = "dhcp-address-conflict"
	codeUnsaved   = "dhcp-leases-not-stored"
)

const widen = "widen dhcp.pool or shorten dhcp.lease in lineside.toml and restart the box's service; `lineside dhcp leases` lists who holds an address"

// level is how full the pool is.
type level int

const (
	ample level = iota
	low
	exhausted
)

// alarm remembers what was raised, so that the board is asked only on change.
type alarm struct {
	level    level
	conflict bool
}

// fill gives how much of the pool is taken. Offers do not count: they are
// promises to whoever asked.
func (p *pool) fill() (used, common, resting int) { return p.used, p.common, p.rests.n }

// next is the level after one look: low below a tenth left, and ample again
// only above three twentieths, so that one phone does not flip it.
func (l level) next(used, common int) level {
	left := common - used
	switch {
	case common == 0:
		return ample
	case left == 0:
		return exhausted
	case left*10 < common:
		return low
	case l != ample && left*20 < common*3:
		return low
	}
	return ample
}

// watchPool raises and clears the conditions on the pool.
func (s *Server) watchPool(now time.Time) {
	s.mu.Lock()
	used, common, resting := s.pool.fill()
	s.mu.Unlock()
	if s.alarm.conflict && resting == 0 {
		s.alarm.conflict = false
		s.deps.Health.Clear(codeConflict)
	}
	was := s.alarm.level
	s.alarm.level = was.next(used, common)
	if s.alarm.level == was {
		return
	}
	s.deps.Health.Clear(codeLow)
	s.deps.Health.Clear(codeExhausted)
	detail := fmt.Sprintf("%d of %d addresses are taken", used, common)
	switch s.alarm.level {
	case ample:
		s.log.Info("address pool has room again", "decision", detail)
		return
	case low:
		s.deps.Health.Raise(now, health.Condition{
			Code: codeLow, Title: "Few addresses are left in the pool",
			Meaning: "only phones and machines seen before are given one; when none is left, new phones stay without network",
			Do:      widen, Detail: detail,
		})
	case exhausted:
		s.deps.Health.Raise(now, health.Condition{
			Code: codeExhausted, Title: "The address pool is exhausted",
			Meaning: "phones that start now get no address and stay without network",
			Do:      widen, Detail: detail,
		})
	}
	s.log.Warn("address pool is running out", "decision", detail)
}

func (s *Server) raiseConflict(now time.Time, l *phone.Lease) {
	s.alarm.conflict = true
	s.deps.Health.Raise(now, health.Condition{
		Code: codeConflict, Title: "Two machines want one address",
		Meaning: "the phone was given another address; the one in question rests for " + declineRest.String(),
		Do:      fmt.Sprintf("find the machine set to %s by hand (`ip neigh show %s`) and let it use DHCP, or take the address out of dhcp.pool", l.Addr, l.Addr),
		Detail:  fmt.Sprintf("%s was given to %s, which found it in use by another machine", l.Addr, l.MAC),
	})
	s.log.Warn("address declined", "mac", l.MAC, "remote", l.Addr)
}

func (s *Server) raiseUnsaved(now time.Time, err error) {
	s.deps.Health.Raise(now, health.Condition{
		Code: codeUnsaved, Title: "Leases cannot be stored",
		Meaning: "phones are not given an address, nor is one renewed, until storing works",
		Do:      "look at free space and health of the disk that holds the state directory (`df -h`, `dmesg`); the box goes on by itself",
		Detail:  err.Error(),
	})
	s.log.Error("store leases", "err", err)
}
