package provision_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/store"
)

// equal compares what a store gives: secrets by value, nil and empty alike.
var equal = cmp.Options{
	cmp.Comparer(func(a, b phone.Secret) bool { return a.Reveal() == b.Reveal() }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

// state is all that readers are told.
type state struct {
	Devices []auth.Record
	Policy  auth.Policy
	Audited uint64 // the last audit entry
}

func (s *site) state() state {
	all, err := s.store.All()
	if err != nil {
		s.broken(answering, "%v", err)
	}
	tail, err := s.store.AuditTail(s.rt.Context(), phone.MAC{}, 1)
	if err != nil {
		s.broken(answering, "%v", err)
	}
	st := state{Devices: all, Policy: s.store.Policy()}
	if len(tail) > 0 {
		st.Audited = tail[len(tail)-1].Seq
	}
	return st
}

// deed is one of the things that happen, other than crashes.
func (s *site) deed() func() {
	return rapid.SampledFrom([]func(){s.phoneFetches, s.phoneFetches, s.thiefFetches, s.operatorActs, s.rulesChange}).Draw(s.rt, "in the middle of")
}

// crashBefore cuts the power while something is under way: nothing more reaches
// the disk, and what needs the disk must not be answered.
func (s *site) crashBefore() {
	before := s.state()
	s.say("the power goes before anything more is on disk")
	s.gate.dead = true
	s.deed()()
	s.restart(s.copyFile(), before, "before the commit")
}

// crashAfter cuts the power when something is just done, and on disk. In half
// of the cases its answer does not reach the phone any more.
func (s *site) crashAfter() {
	lost := s.chance("the answer is lost")
	flash := make(map[phone.MAC]login)
	for _, p := range s.phones {
		flash[p.mac] = p.flash
	}
	s.deed()()
	disk := s.copyFile()
	if lost {
		s.say("the answer never arrives")
		for _, p := range s.phones {
			p.flash = flash[p.mac]
		}
	}
	s.restart(disk, s.state(), "after the commit")
}

// restart starts the box on a disk and compares what is there with what readers
// were told.
func (s *site) restart(disk string, want state, when string) {
	s.say("the power goes %s, and comes back", when)
	s.kill()
	old := s.path
	s.path = disk
	s.open(s.factor)
	s.started = true
	if r := s.store.Report(); r != (store.Report{}) {
		s.broken(onDisk, "after a power cut %s: %+v", when, r)
	}
	setRight := s.checkClock()
	if diff := cmp.Diff(want, s.state(), equal); diff != "" && !setRight { // that moves times, and says so in the log
		s.broken(onDisk, "after a power cut %s (-told +there):\n%s", when, diff)
	}
	s.checkWhole()
	_ = os.Remove(old)
	s.tick()
}

// checkWhole follows the chain of the audit log.
func (s *site) checkWhole() {
	if c, err := s.store.VerifyAudit(s.rt.Context()); err != nil || !c.OK {
		s.broken(onDisk, "the audit log is not whole: %+v, %v", c, err)
	}
}

// stop ends the box in order and starts it again.
func (s *site) stop() {
	ctx, cancel := context.WithCancel(s.rt.Context())
	cancel()
	if err := s.desk.Run(ctx); err != nil {
		s.broken(answering, "the desk does not stop: %v", err)
	}
	s.restart(s.copyFile(), s.state(), "after a stop in order")
}

// backup is a copy of the box, and of what was acknowledged till then.
type backup struct {
	path   string
	ledger *ledger
}

func (s *site) backUp() {
	var b bytes.Buffer
	if err := s.store.Backup(&b); err != nil {
		s.broken(answering, "backup: %v", err)
	}
	s.files++
	path := filepath.Join(filepath.Dir(s.path), fmt.Sprintf("backup-%d", s.files))
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		s.rt.Fatal(err)
	}
	s.say("an operator takes backup %d", len(s.backups))
	s.backups = append(s.backups, backup{path, s.clone()})
}

// restore brings an older backup back. What was acknowledged since is gone, but
// no one-time password comes back to life.
func (s *site) restore() {
	if len(s.backups) == 0 {
		s.rt.Skip("no backup yet")
	}
	i := rapid.IntRange(0, len(s.backups)-1).Draw(s.rt, "backup")
	s.say("an operator brings back backup %d", i)
	s.kill()
	if _, err := store.Restore(s.path, s.backups[i].path, s.kit.key, s.clock.wall()); err != nil {
		s.broken(onDisk, "restore: %v", err)
	}
	s.ledger = s.backups[i].ledger.clone()
	s.open(s.factor)
	if !s.store.Report().Restored {
		s.broken(onDisk, "a restored box does not say so: %+v", s.store.Report())
	}
	s.burn()
	s.atRan = s.clock.ran // the box was not this one; its time is what the copy and the clock say
	now := s.now()
	if off := now.Sub(s.at); off < -leeway && !s.clock.synced {
		s.broken(lasting, "the restored box is %s behind its own backup", -off)
	} else if off < -leeway {
		s.goBack(now, -off)
	}
	s.at = now
	s.checkWhole()
	s.tick()
}

// timePasses lets true time go on, and the box write it down, as it does each
// minute.
func (s *site) timePasses() {
	minutes := rapid.SampledFrom([]int{1, 4, 9, 11, 29, 31, 65, 500}).Draw(s.rt, "minutes")
	s.clock.ran += time.Duration(minutes) * time.Minute
	s.say("%d minutes pass", minutes)
	s.tick()
}

// tick has the store write its time.
func (s *site) tick() {
	if err := s.store.Record(s.rt.Context(), audit.Record{By: operator, Event: audit.BackupTaken{}}); err != nil {
		s.broken(answering, "%v", err)
	}
}

// clockJumps sets the wall clock.
func (s *site) clockJumps() {
	to := map[string]time.Duration{
		"right": 0, "right, by NTP": 0, "a year ahead": year, "a day behind": -24 * time.Hour, "1970": time.Unix(0, 0).Sub(epoch) - s.clock.ran,
	}
	names := []string{"right", "right, by NTP", "a year ahead", "a year ahead", "a day behind", "1970"}
	name := rapid.SampledFrom(names).Draw(s.rt, "the clock says")
	if to[name] != s.clock.off { // else it stands as it stood
		s.clock.off, s.clock.set = to[name], s.clock.ran
	}
	s.clock.synced = name == "right, by NTP"
	s.say("the wall clock is set: %s", name)
	s.tick()
}
