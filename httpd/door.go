package httpd

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lineside/lineside/provision"
)

// maxAgent bounds a User-Agent, in bytes; more is cut off.
const maxAgent = 256

// Outcomes, as metrics name them.
const (
	outcomeContent   = "content"
	outcomeChallenge = "challenge"
	outcomeAbsent    = "absent"
	outcomeMethod    = "method"
	outcomeBusy      = "busy"
	outcomeFault     = "fault"
	outcomeKept      = "kept"
)

// door is the server as one listener sees it.
type door struct {
	*Server
	front    provision.Front
	requests *gate
	answers  map[string]counter
	// complained is the Unix second of the last complaint.
	complained atomic.Int64
}

func newDoor(s *Server, front provision.Front) *door {
	d := &door{Server: s, front: front, requests: newGate(s.cfg.MaxRequests, s.cfg.PerAddress), answers: make(map[string]counter)}
	for _, o := range []string{outcomeContent, outcomeChallenge, outcomeAbsent, outcomeMethod, outcomeBusy, outcomeFault, outcomeKept} {
		d.answers[o] = s.metrics.Answers.WithLabelValues(string(front), o)
	}
	return d
}

// ServeHTTP answers one request.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	if err != nil || !d.requests.enter(remote.Addr()) {
		writeBusy(w)
		d.answers[outcomeBusy].Inc()
		return
	}
	leave := sync.OnceFunc(func() { d.requests.leave(remote.Addr()) })
	defer leave()
	start := d.cfg.Now()
	outcome := d.serve(w, r, remote, leave)
	d.answers[outcome].Inc()
	d.log.Debug("request answered", "remote", remote, "file", provision.Loggable(r.URL.Path), "decision", outcome, "dur", d.cfg.Now().Sub(start))
}

// serve is the door's three steps: is it for us, is it usable, what is the answer.
// It calls leave when the desk has answered: who reads slowly holds no place there.
func (d *door) serve(w http.ResponseWriter, r *http.Request, remote netip.AddrPort, leave func()) (outcome string) {
	if isUpload(r.Method) {
		return d.take(w, r, remote, leave)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		writeMethod(w)
		return outcomeMethod
	}
	file, ok := fileOf(r.URL.Path)
	if isFolder(r.URL.Path) {
		file, ok = "", true
	}
	if !ok {
		writeAbsent(w)
		return outcomeAbsent
	}
	ask, stale := d.question(r, remote, file)
	answer, err := d.ask(r.Context(), func(ctx context.Context) (provision.Answer, error) { return d.desk.Fetch(ctx, ask) })
	leave()
	if err != nil {
		d.complain(r.Context(), "the desk could not answer; the phone was refused", "remote", remote, "file", provision.Loggable(file), "err", err)
		d.challenge(w, answer.Phone, stale)
		return outcomeFault
	}
	switch answer.Status {
	case provision.Content:
		d.content(w, r, answer)
		return outcomeContent
	case provision.Challenge:
		retryAfter(w, answer.Retry)
		d.challenge(w, answer.Phone, stale)
		return outcomeChallenge
	}
	writeAbsent(w)
	return outcomeAbsent
}

// maxQuery bounds what of a query the desk sees, in bytes: no phone asks for more.
const maxQuery = 512

// question is the request as the desk is asked; stale says that the nonce alone
// of the login shown was at fault.
func (d *door) question(r *http.Request, remote netip.AddrPort, file string) (ask provision.Ask, stale bool) {
	ask = provision.Ask{Front: d.front, Remote: remote, File: file, Agent: agentOf(r), Chain: chainOf(r.TLS)}
	if len(r.URL.RawQuery) <= maxQuery {
		ask.Query = r.URL.RawQuery
	}
	ask.Attempt, stale = d.attempt(r, d.front)
	return ask, stale
}

// ask puts the question; a panic of the desk is an error like any other.
func (d *door) ask(ctx context.Context, put func(context.Context) (provision.Answer, error)) (answer provision.Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			d.metrics.Panics.WithLabelValues(string(d.front)).Inc()
			d.complain(ctx, "recovered", "err", p, "stack", string(debug.Stack()))
			answer, err = provision.Answer{}, fmt.Errorf("panic: %v", p)
		}
	}()
	return put(ctx)
}

// complain logs at Error once a second at most, for a stranger chooses how often
// it is called; what is left out is logged at Debug.
func (d *door) complain(ctx context.Context, msg string, facts ...any) {
	level, now, last := slog.LevelDebug, time.Now().Unix(), d.complained.Load()
	if now != last && d.complained.CompareAndSwap(last, now) {
		level = slog.LevelError
	}
	d.log.Log(ctx, level, msg, facts...)
}

func agentOf(r *http.Request) string {
	agent := r.UserAgent()
	if len(agent) > maxAgent {
		agent = agent[:maxAgent]
	}
	return strings.ToValidUTF8(agent, "")
}
