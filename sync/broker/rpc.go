package broker

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/lineside/lineside/sync/wire"
)

// Bounds of what waits for an answer.
const (
	maxWaiting = 4096
	// maxPerSite is how many requests of one site wait or are worked on; a box
	// asks one by one, beside a confirmation while a phone waits.
	maxPerSite = 4
	// tooOld is how long a request may have waited here: no box waits longer
	// for its answer.
	tooOld   = 9 * time.Second
	maxReply = 128
)

// request is one question of one site.
type request struct {
	site, op, reply string
	body            []byte
	came            time.Time
}

// asks answers the sites' requests.
type asks struct {
	b    *Broker
	p    Platform
	conn *nats.Conn
	pool *pool[request]

	mu   sync.Mutex // guards busy
	busy map[string]int
}

// heard takes one message. Who asks is what the subject says, which
// nats-server has checked; the message says nothing about it.
func (a *asks) heard(m *nats.Msg) {
	site, op, err := wire.AskedBy(m.Subject)
	// nats-server lets a site name any subject for the answer, and the answer
	// would be sent with the platform's rights.
	if err != nil || !ownInbox(site, m.Reply) {
		a.b.counts.foreign.Add(1)
		return
	}
	if !a.begin(site) {
		a.b.counts.dropped.Add(1)
		return
	}
	body := m.Data
	if len(body) > wire.MaxBytes { // as much as it takes to be answered that it is too long
		body = bytes.Clone(body[:wire.MaxBytes+1])
	}
	a.pool.put(request{site: site, op: op, reply: m.Reply, body: body, came: time.Now()})
}

func ownInbox(site, reply string) bool {
	rest, ok := strings.CutPrefix(reply, wire.InboxPrefix(site)+".")
	return ok && rest != "" && len(reply) <= maxReply && !strings.ContainsAny(rest, "*> \t\r\n")
}

// begin counts a site's requests; it is false if it has enough.
func (a *asks) begin(site string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy[site] >= maxPerSite {
		return false
	}
	a.busy[site]++
	return true
}

func (a *asks) end(site string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy[site]--; a.busy[site] <= 0 {
		delete(a.busy, site)
	}
}

// drop gives a request up.
func (a *asks) drop(r request) {
	a.b.counts.dropped.Add(1)
	a.end(r.site)
}

func (a *asks) answer(_ context.Context, r request) {
	defer a.end(r.site)
	if time.Since(r.came) > tooOld {
		a.b.counts.dropped.Add(1)
		return
	}
	out, err := a.p.Answer(r.site, r.op, r.body)
	if err != nil {
		a.b.log.Error("a site was not answered", "site", r.site, "err", err)
		return
	}
	if err := a.conn.Publish(r.reply, out); err != nil {
		a.b.log.Error("a site was not answered", "site", r.site, "err", err)
		return
	}
	a.b.counts.asked.Add(1)
}
