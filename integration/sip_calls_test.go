package integration

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

// TestCalls is the telephone as phones and operators meet it, with real clients
// (sipp, baresip) in networks of their own. "make calls" prints what each case
// showed.
func TestCalls(t *testing.T) {
	parts := []callPart{
		{"PIN by sipp", pinsBySipp},
		{"PIN by baresip", pinsByBaresip},
		{"what is heard", whatIsHeard},
		{"no SBC left", noSBCLeft},
		{"the whole way, WAN cut", theWholeWay},
		{"emergency", emergencyCalls},
		{"PnP", pnpShapes},
		{"forged sources", forgedSources},
	}
	const quiet = 5 // parts whose calls are waited for; a flood beside them would be heard in their sound
	tables := make([]callTable, len(parts))
	atOnce(len(parts[:quiet]), func(i int) {
		t.Run(parts[i].name, func(t *testing.T) { parts[i].run(t, &tables[i]) })
	})
	for i := quiet; i < len(parts); i++ {
		t.Run(parts[i].name, func(t *testing.T) { parts[i].run(t, &tables[i]) })
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i := range tables {
		tables[i].print(w, parts[i].name)
	}
	_ = w.Flush()
	t.Logf("what was shown\n%s", b.String())
}

// callPart is a part of TestCalls, with a network of its own.
type callPart struct {
	name string
	run  func(*testing.T, *callTable)
}

// atOnce runs n things at once and waits for all: calls are waited for, and
// t.Parallel would wait for a processor for each.
func atOnce(n int, run func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { run(i) })
	}
	all.Wait()
}

// callTable is what the cases of one part showed, in the order they were named.
type callTable struct {
	mu   sync.Mutex
	rows []*callRow
}

type callRow struct{ line, client, shown string }

// row makes a line for a case, and gives what fills it in once the case has
// passed.
func (c *callTable) row(line, client string) (shows func(format string, args ...any)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &callRow{line: line, client: client, shown: "NOT SHOWN"}
	c.rows = append(c.rows, r)
	return func(format string, args ...any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		r.shown = fmt.Sprintf(format, args...)
	}
}

func (c *callTable) print(w *tabwriter.Writer, part string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = fmt.Fprintf(w, "%s\t\t\n", strings.ToUpper(part))
	for _, r := range c.rows {
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\n", r.line, r.client, r.shown)
	}
}

// callCase is a case that runs beside the others, on a phone of its own.
type callCase struct {
	line, client string
	run          func(t *testing.T, l *sipLab) (shown string)
}

// runCases gives each case a phone and runs them all at once.
func (l *sipLab) runCases(t *testing.T, c *callTable, cases []callCase) {
	t.Helper()
	phones, shows := make([]*sipLab, len(cases)), make([]func(string, ...any), len(cases))
	for i, one := range cases {
		phones[i], shows[i] = l.another(t, i+1), c.row(one.line, one.client)
	}
	atOnce(len(cases), func(i int) {
		t.Run(cases[i].client+", "+cases[i].line, func(t *testing.T) {
			if text := cases[i].run(t, phones[i]); !t.Failed() {
				shows[i]("%s", text)
			}
		})
	})
}
