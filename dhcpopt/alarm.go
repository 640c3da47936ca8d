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

const (
	widen = "widen dhcp.pool or shorten dhcp.lease in lineside.toml, then: systemctl reload lineside; `lineside dhcp leases` lists who holds an address"
	hunt  = "if the unknown ones should not be here, find them by their hardware addresses (`lineside dhcp leases`, then the switch's table) and take them off the network; a reservation in dhcp.reservations keeps a phone its address whatever others take; else "
)

// code is a condition's, with the network where it is a scope's: each pool has
// its own.
func (s *Server) code(c string) string {
	if !s.remote {
		return c
	}
	return c + "-" + s.cfg.network().String()
}

// level is how full the pool is.
type level int

const (
	ample level = iota
	low
	exhausted
)

// fill is how much of the pool is taken. Offers do not count: they are promises
// to whoever asked.
type fill struct{ used, unknown, common, kept, resting, offered int }

func (p *pool) fill() fill {
	return fill{used: p.used, unknown: p.unknown, common: p.common, kept: p.kept, resting: p.rests.n, offered: p.taken() - p.used}
}

// String is what operators read.
func (f fill) String() string {
	return fmt.Sprintf("%d of %d addresses are taken, %d of them by devices that are not set up here", f.used, f.common, f.unknown)
}

// alarm remembers what was raised, so that the board is asked only on change.
type alarm struct {
	level    level
	fill     fill
	conflict bool
}

// next is the level after one look: low once only what is kept from strangers
// is left, and ample again only above half as much more, so that one phone does
// not flip it.
func (l level) next(f fill) level {
	left := f.common - f.used
	switch {
	case f.common == 0:
		return ample
	case left == 0:
		return exhausted
	case left <= f.kept:
		return low
	case l != ample && left*2 <= f.kept*3:
		return low
	}
	return ample
}

// watchPool raises and clears the conditions on the pool.
func (s *Server) watchPool(now time.Time) {
	s.mu.Lock()
	f := s.pool.fill()
	s.mu.Unlock()
	if s.alarm.conflict && f.resting == 0 {
		s.alarm.conflict = false
		s.deps.Health.Clear(s.code(codeConflict))
	}
	s.watchNewcomers(now, f)
	was := s.alarm
	f.offered = 0 // of no interest to the level
	s.alarm.level, s.alarm.fill = was.level.next(f), f
	if s.alarm.level != was.level {
		s.turn(was.level, f)
	}
	if s.alarm.level != was.level || f != was.fill {
		s.raiseFill(now, f)
	}
}

// turn clears the condition of the level before and says so.
func (s *Server) turn(was level, f fill) {
	switch was {
	case low:
		s.deps.Health.Clear(s.code(codeLow))
	case exhausted:
		s.deps.Health.Clear(s.code(codeExhausted))
	}
	if s.alarm.level == ample {
		s.log.Info("address pool has room again", "decision", f.String())
		return
	}
	s.log.Warn("address pool is running out", "decision", f.String())
}

// raiseFill puts the level on the board, with the numbers of now.
func (s *Server) raiseFill(now time.Time, f fill) {
	do := widen
	if f.unknown > 0 {
		do = hunt + widen
	}
	switch s.alarm.level {
	case low:
		s.deps.Health.Raise(now, health.Condition{
			Code: s.code(codeLow), Title: "Few addresses are left in the pool",
			Meaning: "only phones are given one now, and the last only phones that are set up here; others that start stay without network",
			Do:      do, Detail: f.String(),
		})
	case exhausted:
		s.deps.Health.Raise(now, health.Condition{
			Code: s.code(codeExhausted), Title: "The address pool is exhausted",
			Meaning: "phones that start now get no address and stay without network",
			Do:      do, Detail: f.String(),
		})
	}
}

// calm clears what the server raised.
func (s *Server) calm() {
	for _, c := range []string{codeLow, codeExhausted, codeConflict, codeUnsaved, codeWait, codeUntaken} {
		s.deps.Health.Clear(s.code(c))
	}
	if !s.remote {
		s.deps.Health.Clear(codeStrain)
	}
}

func (s *Server) raiseConflict(now time.Time, l *phone.Lease) {
	if !s.alarm.conflict {
		s.log.Warn("address declined", "mac", l.MAC, "remote", l.Addr)
	}
	s.alarm.conflict = true
	s.deps.Health.Raise(now, health.Condition{
		Code: s.code(codeConflict), Title: "Two machines want one address",
		Meaning: "the phone was given another address; the one in question rests for " + declineRest.String(),
		Do:      fmt.Sprintf("find the machine set to %s by hand (`ip neigh show %s`) and let it use DHCP, or take the address out of dhcp.pool", l.Addr, l.Addr),
		Detail:  fmt.Sprintf("%s was given to %s, which found it in use by another machine", l.Addr, l.MAC),
	})
}

func (s *Server) raiseUnsaved(now time.Time, err error) {
	s.deps.Health.Raise(now, health.Condition{
		Code: s.code(codeUnsaved), Title: "Leases cannot be stored",
		Meaning: "phones are not given an address, nor is one renewed, until storing works",
		Do:      "look at free space and health of the disk that holds the state directory (`df -h`, `dmesg`); the box goes on by itself",
		Detail:  err.Error(),
	})
	s.log.Error("store leases", "err", err)
}
