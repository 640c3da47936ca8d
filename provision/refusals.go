package provision

import (
	"sync"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// maxRefusals bounds how many different refusals are told apart between two
// writes; the rest are counted together.
const maxRefusals = 64

// refusals counts refusals between two writes of the audit log: a stranger's
// thousand wrong tries are one event with a number.
type refusals struct {
	mu    sync.Mutex
	open  map[refusalKey]int
	other int
}

type refusalKey struct {
	by     audit.Actor
	mac    phone.MAC
	reason auth.Reason
	file   string
}

func newRefusals() *refusals { return &refusals{open: make(map[refusalKey]int)} }

func (r *refusals) add(by audit.Actor, mac phone.MAC, reason auth.Reason, file string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := refusalKey{by, mac, reason, file}
	if _, ok := r.open[k]; !ok && len(r.open) >= maxRefusals {
		r.other++
		return
	}
	r.open[k]++
}

// take gives the events since the last take.
func (r *refusals) take() []audit.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	var events []audit.Record
	for k, n := range r.open {
		events = append(events, audit.Record{MAC: k.mac, By: k.by, Event: audit.Refused{Reason: string(k.reason), File: k.file, Times: n}})
	}
	if r.other > 0 {
		events = append(events, audit.Record{By: audit.Actor{Front: "all"}, Event: audit.Refused{Reason: "various", Times: r.other}})
	}
	clear(r.open)
	r.other = 0
	return events
}
