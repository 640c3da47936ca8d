package central

import (
	"sync"
	"time"
)

// A fleet that comes back all at once is spread over so long that the platform
// meets comeback boxes a second; leastCap is what a small one waits at most.
const (
	comeback = 300
	leastCap = time.Minute
	// recount is how long a count of the sites is good for.
	recount = 10 * time.Minute
)

// fleet is how many sites there were when they were counted last.
type fleet struct {
	mu    sync.Mutex // guards the rest
	sites int
	at    time.Time
}

// backoffCap is what boxes are told of how long to wait between attempts to
// connect.
func (p *Platform) backoffCap() time.Duration {
	p.fleet.mu.Lock()
	defer p.fleet.mu.Unlock()
	if now := p.now(); p.fleet.at.IsZero() || now.Sub(p.fleet.at).Abs() > recount {
		n := 0
		err := p.view(func(t *tx) {
			t.walk(bucketSites, "", "", func(string, []byte) bool { n++; return true })
		})
		if err != nil {
			p.log.Warn("the sites cannot be counted; boxes wait as long as before", "err", err)
		} else {
			p.fleet.sites = n
		}
		p.fleet.at = now
	}
	return max(leastCap, time.Duration(p.fleet.sites)*time.Second/comeback)
}
