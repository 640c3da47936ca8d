package store

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/health"
)

// How far the wall clock is believed. What is weighed: a leap believed wrongly
// ends lock-outs early and leaves the box ahead of the world until its next
// start; one not believed costs nothing but the right stamps, as every length
// of time is counted from the same time it ends by.
const (
	// offLeap is by how much time may have gone on while the box did not run,
	// believed at once: longer than a site is closed.
	offLeap = 7 * 24 * time.Hour
	// runLeap is by how much, in all, the wall clock may run ahead of the
	// monotonic one before it is asked for proof.
	runLeap = 5 * time.Minute
	// proveFor is how long a further leap must stand before it is believed of
	// a clock that nothing sets.
	proveFor = time.Hour
	// clockSlack is how far behind the wall clock may be without a word.
	clockSlack = time.Minute
	// askEvery is how often somebody is asked whether the clock is set.
	askEvery = time.Second
)

// clockFloor is before any box ran this program: a clock below was never set.
var clockFloor = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// clock is the box's own time: never behind what it was, whatever the wall
// clock does, and going on with the monotonic clock where that is not believed.
type clock struct {
	wall    func() time.Time
	elapsed func() time.Duration // nil: from what wall gives
	synced  func() bool
	board   *health.Board

	mu      sync.Mutex
	now     time.Time     // the box's time at the last reading
	seen    time.Time     // the wall clock then, with its monotonic reading
	ran     time.Duration // the monotonic clock then
	spare   time.Duration // what is left of runLeap
	leap    time.Duration // how far ahead the wall clock claims to be, 0 for none
	leaptAt time.Duration // on the monotonic clock
	asked   time.Duration // last question to synced, on the monotonic clock
	stand   standing
}

// Now is the box's own time, which everything that lasts or expires is to be
// counted by, and whether the wall clock is behind it, or was never set. It does
// not go back while the store is open, nor across a restart, unless the store
// then moved all that it keeps by as much.
func (s *Store) Now() (now time.Time, behind bool) { return s.clock.read() }

// standing is how the wall clock stands to the box's time.
type standing int

const (
	level  standing = iota
	behind          // before the box's time, or never set
	ahead           // by more than is believed yet
)

func newClock(cfg Config, board *health.Board) *clock {
	return &clock{wall: cfg.Now, elapsed: cfg.Elapsed, synced: cfg.Synced, board: board, spare: runLeap}
}

// start sets the box's time from the highest that is on disk, zero for none. It
// gives by how much that time is to go back: when the box starts with a clock
// that somebody sets and that is behind, a wrong time had been believed once.
func (c *clock) start(mark time.Time) (back time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = c.wall()
	if c.elapsed != nil {
		c.ran = c.elapsed()
	}
	wall := c.seen.Round(0)
	off := wall.Sub(mark)
	switch {
	case mark.Before(clockFloor), off >= 0 && off <= offLeap:
		c.now = wall
	case off < -clockSlack && !wall.Before(clockFloor) && c.synced():
		c.now = wall
		back = -off
	default:
		c.now = mark
	}
	c.readLocked()
	return back
}

// time is the box's time alone.
func (c *clock) time() time.Time {
	now, _ := c.read()
	return now
}

func (c *clock) read() (now time.Time, isBehind bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readLocked()
	return c.now, c.stand == behind
}

func (c *clock) readLocked() {
	wall := c.passLocked()
	off := wall.Sub(c.now)
	if off > 0 && c.believesLocked(off) {
		if off > c.spare {
			c.spare = runLeap
		} else {
			c.spare -= off
		}
		c.now, c.leap = wall, 0
	}
	if off <= 0 {
		c.leap = 0
	}
	stand := level
	switch {
	case wall.Before(clockFloor), off < -clockSlack:
		stand = behind
	case c.leap != 0:
		stand = ahead
	}
	c.showLocked(stand, wall)
}

// passLocked moves the box's time by what the monotonic clock did, and gives
// the wall clock.
func (c *clock) passLocked() time.Time {
	seen := c.wall()
	passed := seen.Sub(c.seen) // by its monotonic reading, if it has one
	if c.elapsed != nil {
		passed = c.elapsed() - c.ran
	}
	c.seen = seen
	if passed > 0 {
		c.ran += passed
		c.now = c.now.Add(passed)
	}
	return seen.Round(0)
}

// believesLocked decides on a wall clock that is ahead by off.
func (c *clock) believesLocked(off time.Duration) bool {
	if c.now.Before(clockFloor) || off <= c.spare {
		return true
	}
	if c.leap == 0 || (off-c.leap).Abs() > clockSlack { // a leap, or one more
		c.leap, c.leaptAt = off, c.ran
	} else if c.ran-c.asked < askEvery {
		return false
	}
	c.asked = c.ran
	return c.synced() || c.ran-c.leaptAt >= proveFor
}

// showLocked tells the operator when the clock begins or ends to be wrong.
func (c *clock) showLocked(stand standing, wall time.Time) {
	if stand == c.stand {
		return
	}
	c.board.Clear("clock-behind")
	c.board.Clear("clock-ahead")
	c.stand = stand
	detail := fmt.Sprintf("the clock says %s, the box goes by %s", wall.UTC().Format(time.RFC3339), c.now.UTC().Format(time.RFC3339))
	switch stand {
	case behind:
		c.board.Raise(c.now, health.Condition{
			Code: "clock-behind", Title: "the clock is not set",
			Meaning: "phones are served as ever; lock-outs last at least their length, and what expires is counted from " + c.now.UTC().Format(time.RFC3339) + ", the last time that was sure",
			Do:      "set the time or give the box an NTP server: timedatectl; if the box's own time is the wrong one, restart lineside once the NTP server has answered",
			Detail:  detail,
		})
	case ahead:
		c.board.Raise(c.now, health.Condition{
			Code: "clock-ahead", Title: "the clock leapt ahead and is not believed yet",
			Meaning: "phones are served as ever; lock-outs and what expires are counted on from before the leap",
			Do:      "see whether the time is right: timedatectl; an NTP server's word is taken at once, any other clock's after " + proveFor.String(),
			Detail:  detail,
		})
	}
}

// unsynced is the kernel's STA_UNSYNC: nothing sets the clock.
const unsynced = 0x40

// timesynced is what systemd-timesyncd touches once it has set the clock.
const timesynced = "/run/systemd/timesync/synchronized"

// KernelSynced reports that the kernel's clock is disciplined. Where the kernel
// may not be asked, as under ProtectClock, systemd's own note must do.
func KernelSynced() bool {
	var tx unix.Timex
	if _, err := unix.Adjtimex(&tx); err == nil {
		return tx.Status&unsynced == 0
	}
	_, err := os.Stat(timesynced)
	return err == nil
}
