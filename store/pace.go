package store

import (
	"fmt"
	"slices"
	"time"

	"github.com/lineside/lineside/health"
)

// When a disk is slow. A good one takes a millisecond or two, a memory card that
// wears out a hundred and more. One slow write is no news: the kernel writes other
// things too.
const (
	slowWrite  = 75 * time.Millisecond
	paceWrites = 16 // so many are looked at
	slowWrites = 12 // so many of them slow: it is said
	fineWrites = 4  // no more of them slow: it is over
)

const codeSlow = "disk-slow"

// pace is how long the last writes took. The zero value is ready.
type pace struct {
	last [paceWrites]time.Duration
	next int
	said bool
}

// add notes a write, and reports whether the disk has become slow or is slow no
// more.
func (p *pace) add(took time.Duration) (changed bool) {
	p.last[p.next] = took
	p.next = (p.next + 1) % paceWrites
	slow := 0
	for _, d := range p.last {
		if d > slowWrite {
			slow++
		}
	}
	was := p.said
	switch {
	case slow >= slowWrites:
		p.said = true
	case slow <= fineWrites:
		p.said = false
	}
	return p.said != was
}

// middle is the median of what add was told last.
func (p *pace) middle() time.Duration {
	sorted := p.last
	slices.Sort(sorted[:])
	return sorted[paceWrites/2]
}

// paced notes how long changes took until they were on disk, and tells of a disk
// that is slow.
func (s *Store) paced(took time.Duration) {
	s.tools.Metrics.Writes.Observe(took.Seconds())
	switch changed := s.pace.add(took); {
	case !changed:
	case !s.pace.said:
		s.tools.Health.Clear(codeSlow)
		s.tools.Log.Info("the disk writes as fast as it should again")
	default:
		c := health.Condition{
			Code: codeSlow, Title: "the disk is slow",
			Meaning: "each phone waits that long for its address and its login; many at once wait together",
			Do:      "lineside doctor measures it; look for what else writes there, and for errors (dmesg): memory cards wear out; put the state directory on a better disk",
			Detail:  fmt.Sprintf("a write to %s takes %s until it is safe", s.path, s.pace.middle().Round(time.Millisecond)),
		}
		s.tools.Log.Warn(c.Title, "reason", c.Detail)
		s.tools.Health.Raise(s.clock.time(), c)
	}
}
