package appliance

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/netlab"
)

// patience is how long a phone waits for an answer.
const patience = 10 * time.Second

// outcome is what came of a fault, in the words of the table.
type outcome struct{ fault, phones, says, after string }

// table gathers outcomes of tests that run side by side.
type table struct {
	mu   sync.Mutex
	rows []outcome
}

func (l *table) add(o outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, o)
}

// print gives the rows in order of the fault, below each other.
func (l *table) print(t *testing.T) {
	slices.SortFunc(l.rows, func(a, b outcome) int { return strings.Compare(a.fault, b.fault) })
	var b strings.Builder
	for _, o := range l.rows {
		fmt.Fprintf(&b, "%s\n    phones: %s\n    the box says: %s\n    after it: %s\n", o.fault, o.phones, o.says, o.after)
	}
	t.Logf("what was shown\n%s", b.String())
}

// TestFaults takes from a running box what it lives on, each thing really: memory,
// disk, network, clock. It goes on with what it can, says so, and recovers by itself.
func TestFaults(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		netlab.Lacking(t, "disks, namespaces and control groups are made by root only")
	}
	var shown table
	t.Cleanup(func() { shown.print(t) })
	for name, row := range map[string]func(*testing.T) outcome{
		"memory short":        memoryShort,
		"disk full":           diskFull,
		"inodes full":         inodesFull,
		"disk read-only":      diskReadOnly,
		"disk slow":           diskSlow,
		"no network at start": networkLate,
		"interface renamed":   interfaceRenamed,
		"clock at 1970":       clockUnset,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown.add(row(t))
		})
	}
}

// condition waits until the box says a condition, or, with there false, no more.
func (b *box) condition(code string, there bool) health.Condition {
	b.t.Helper()
	var found health.Condition
	b.eventually(fmt.Sprintf("condition %s: %v", code, there), func() bool {
		h, err := b.client.Health(b.t.Context())
		if err != nil {
			return false
		}
		i := slices.IndexFunc(h.Conditions, func(c health.Condition) bool { return c.Code == code })
		if i >= 0 {
			found = h.Conditions[i]
		}
		return i >= 0 == there
	})
	return found
}

// words is a condition in the table.
func words(c health.Condition) string { return fmt.Sprintf("%s: %s (%s)", c.Code, c.Title, c.Meaning) }

// disturbed is what is the same for all that keeps a disk from taking writes: phones
// with a login are served, nobody is let in whom the box cannot write down, it says
// so, and once the fault ends it goes on by itself and nothing it acknowledged is lost.
func disturbed(t *testing.T, b *box, fault string, begin, end func()) outcome {
	b.write()
	b.start()
	phones := b.setUp(4)
	must(t, phones[0].enrol())
	begin()
	var failed bool
	b.eventually("the disk to take no more", func() bool {
		_, err := b.client.SetOTP(t.Context(), "snom", brandOTP)
		failed = err != nil
		return failed
	})
	if err := phones[1].enrol(); err == nil {
		t.Error("got a phone let in that could not be written down")
	}
	if err := phones[0].own(); err != nil {
		t.Errorf("a phone with its own login: got %v, want its config", err)
	}
	c := b.condition("store-write", true)
	b.kill()
	again := "a start meanwhile serves phones as well"
	b.launch(nil, nil)
	b.eventually("a start, or its end", func() bool {
		_, err := b.client.Status(t.Context())
		return err == nil || b.over()
	})
	if b.over() {
		again = "a start meanwhile ends, and is tried again every two seconds: " + b.lastWords()
	} else if err := phones[0].own(); err != nil {
		t.Errorf("after a start meanwhile: got %v, want its config", err)
	}
	end()
	if b.over() {
		b.kill()
		b.start()
	}
	b.eventually("a new phone to be let in", func() bool { return phones[2].enrol() == nil })
	b.condition("store-write", false)
	b.kill()
	b.start()
	for _, p := range []*desk{phones[0], phones[2]} {
		must(t, p.own())
	}
	return outcome{fault, "with a login of their own they get their configs; nobody new is let in", words(c), "phones are let in, the condition is gone, nothing acknowledged is lost; " + again}
}

// lastWords is the end of the last line the program wrote.
func (b *box) lastWords() string {
	all := strings.Split(strings.TrimSpace(b.said()), "\n")
	text := all[len(all)-1]
	return strings.ReplaceAll(text, b.dir, "…")
}
