package sipd

import (
	"bytes"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// asked are the requests of the box's own that wait for an answer, by the branch
// of their Via, which nobody can guess. Their answers pass although the address
// they come from is at its rate: packets that only say they are an SBC's would else
// keep the SBC's own from being heard.
type asked struct {
	mu sync.Mutex
	by map[string]*awaited
}

// awaited is a branch: an INVITE's is its CANCEL's too.
type awaited struct {
	requests int
	share    bucket // of answers
}

// note adds a request until it is answered.
func (a *asked) note(branch string) (answered func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by == nil {
		a.by = make(map[string]*awaited)
	}
	one := a.by[branch]
	if one == nil {
		one = new(awaited)
		a.by[branch] = one
	}
	one.requests++
	return sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if one.requests--; one.requests == 0 {
			delete(a.by, branch)
		}
	})
}

// awaits reports that a packet is an answer to such a request, and counts it for
// that: whoever reads the line may repeat it.
func (a *asked) awaits(now time.Time, l look, data []byte) bool {
	if !l.response {
		return false
	}
	_, rest, ok := bytes.Cut(data, []byte("branch=")) // of the first Via, which is the box's own
	if !ok {
		return false
	}
	branch := rest[:min(len(rest), maxTag)]
	if end := bytes.IndexAny(branch, "\r\n;, "); end >= 0 {
		branch = branch[:end]
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.by[string(branch)]
	if one == nil {
		return false
	}
	if one.share == (bucket{}) {
		one.share = full(now, withinBurst)
	}
	return one.share.take(now, withinRate, withinBurst)
}

// branchOf is what the answer to a request is found by.
func branchOf(req *sip.Request) string {
	branch, _ := req.Via().Params.Get("branch")
	return branch
}
