package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// proof has a part of the daemon do real work, and returns once it was done, well
// or not: a part that answers with an error lives. It returns ctx's error where ctx
// ends first.
type proof func(ctx context.Context) error

// prover is a task that can show that it does its job.
type prover interface {
	task
	// Proof is nil where the task cannot.
	Proof() proof
}

// proved is the task with a proof.
func (s *server) proved(p proof) *server {
	s.proof = p
	return s
}

// Proof is how the part shows that it does its job.
func (s *server) Proof() proof { return s.proof }

// looksPerPatience is how many times the watchdog looks in the time after which
// systemd gives the box up (WatchdogSec=): one look may come to nothing because the
// machine was slow.
const looksPerPatience = 3

// watchdog has every task prove itself, again and again, and tells systemd that the
// box lives where all did. A box of which a part hangs is ended by systemd with
// SIGABRT, which leaves in the journal where every goroutine stood, and started anew.
type watchdog struct {
	every  time.Duration // between two looks, and how long a proof may take
	tasks  []task
	alive  func()
	log    *slog.Logger
	mu     sync.Mutex
	asking map[string]bool // under mu, as late is: proofs that have not returned, those of earlier looks too
}

func newWatchdog(patience time.Duration, tasks []task, alive func(), log *slog.Logger) *watchdog {
	return &watchdog{every: patience / looksPerPatience, tasks: tasks, alive: alive, log: log, asking: make(map[string]bool)}
}

// run looks until ctx ends.
func (w *watchdog) run(ctx context.Context) error {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		hung := w.look(ctx)
		if ctx.Err() != nil {
			return nil // the parts end as they were told to
		}
		if len(hung) == 0 {
			w.alive()
			continue
		}
		w.log.Error("a part of the box hangs; if it goes on, systemd starts the box anew, and phones ask once more", "component", strings.Join(hung, ", "))
	}
}

// look gives the names of the tasks that did not prove themselves in time.
func (w *watchdog) look(ctx context.Context) (hung []string) {
	ctx, cancel := context.WithTimeout(ctx, w.every)
	defer cancel()
	var all sync.WaitGroup
	late := make(map[string]bool)
	for _, t := range w.tasks {
		p, ok := t.(prover)
		if !ok || p.Proof() == nil {
			continue
		}
		name := t.String()
		if w.begin(name, late) {
			all.Go(func() { w.ask(ctx, name, p.Proof(), late) })
		}
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done(): // who does not even heed that hangs too
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for name := range late {
		hung = append(hung, name)
	}
	slices.Sort(hung)
	return hung
}

// begin has a task late until it has proved itself. It is false where a proof of an
// earlier look has not returned.
func (w *watchdog) begin(name string, late map[string]bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	late[name] = true
	if w.asking[name] {
		return false
	}
	w.asking[name] = true
	return true
}

func (w *watchdog) ask(ctx context.Context, name string, p proof, late map[string]bool) {
	err := p(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.asking, name)
	if err == nil || ctx.Err() == nil {
		delete(late, name)
	}
}

// pulse lets a loop show that it goes round: it takes what it is asked, does what it
// does at every turn, and says so.
type pulse chan chan struct{}

// prove waits until the loop comes by.
func (p pulse) prove(ctx context.Context) error {
	beat := make(chan struct{})
	select {
	case p <- beat:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-beat:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// beats are the pulses of the box's own loops.
type beats struct{ disk, iface, reload pulse }

// idle is a task that is there for its proof: what is proved works for others.
func idle(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// unproved are the tasks that do not prove themselves, and why. All of them wait for
// somebody else, so that nothing to do looks like a hang, or their turns last as long
// as somebody else lets them; phones are served without them.
var unproved = map[string]string{
	"good copies": "a copy lasts as long as the disk needs",
	"memory":      "gives memory back now and then",
	"neighbours":  "the kernel tells it what changes, and nothing may",
	"addresses":   "the kernel tells it what changes, and nothing may",
	"desk":        "keeps what was seen every few seconds; the desk proves itself at the doors, and its disk at \"store\"",
	"site":        "waits for the platform",
	"platform":    "waits for the network",
	"files":       "reads files as large as operators make them",
	"mail":        "a turn lasts as long as a mail server lets it",
	"accounts":    "forgets sessions now and then",
	"pages":       "hands on what happens to browsers",
	"calls":       "is there while people talk",
	"resyncs":     "waits for phones to be told of something",
	"dhcp6":       "no phone gets its address from it",
	"mdns":        "announces the box to who looks by that name",
	"LAN watch":   "listens only; a LAN may be silent",
	"farewell":    "waits for the end",
	"updates":     "looks whether somebody asks for one, and waits for the helper",
	"rollout":     "waits for the platform, and for the hours of updates",
	"watchdog":    "proves itself to systemd",
}
