package integration

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// found is what a scan saw: each form an answer took, and how often.
type found struct {
	mu      sync.Mutex
	forms   map[[32]byte]*form
	derived map[string]phone.MAC
	of      map[phone.MAC][32]byte // known devices only
	// waits are the shortest and the longest penalty told of, of unknown and of
	// known devices.
	waits map[bool][2]int
	bad   error
	asked int
	took  time.Duration
}

type form struct {
	text           string
	known, unknown int
}

// scan asks through a door for every MAC of the list, in any order.
func (s *scanned) scan(door scanDoor, list []phone.MAC) *found {
	s.t.Helper()
	f := &found{forms: make(map[[32]byte]*form), asked: len(list), derived: make(map[string]phone.MAC), waits: make(map[bool][2]int), of: make(map[phone.MAC][32]byte)}
	order := s.rnd.Perm(len(list))
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for worker := range scanWorkers {
		wg.Go(func() {
			asker, err := door.open(worker)
			if err != nil {
				f.fail(err)
				return
			}
			defer asker.Close()
			for {
				n := int(next.Add(1)) - 1
				if n >= len(order) {
					return
				}
				mac := list[order[n]]
				r, err := asker.ask(mac)
				if err != nil {
					f.fail(err)
					return
				}
				_, known := s.known[mac]
				f.take(mac, known, r)
			}
		})
	}
	wg.Wait()
	f.took = time.Since(start)
	if f.bad != nil {
		s.t.Fatalf("%s: %v", door.name, f.bad)
	}
	return f
}

func (f *found) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bad = errors.Join(f.bad, err)
}

func (f *found) take(mac phone.MAC, known bool, r reply) {
	text, derived := formOf(mac, r)
	sum := sha256.Sum256([]byte(text))
	f.mu.Lock()
	defer f.mu.Unlock()
	if wait, err := strconv.Atoi(r.header.Get("Retry-After")); err == nil {
		span, ok := f.waits[known]
		if !ok {
			span = [2]int{wait, wait}
		}
		f.waits[known] = [2]int{min(span[0], wait), max(span[1], wait)}
	}
	x := f.forms[sum]
	if x == nil {
		x = &form{text: text}
		f.forms[sum] = x
	}
	if known {
		x.known++
		f.of[mac] = sum
	} else {
		x.unknown++
	}
	for _, v := range derived {
		if other, taken := f.derived[v]; taken && other != mac {
			f.bad = errors.Join(f.bad, fmt.Errorf("%s and %s are given the same derived value", mac, other))
		}
		f.derived[v] = mac
	}
}

// judge compares what was found with what may be: one form for all; but who shows
// nothing under pin sees a lock-out in the text, and that a device with a login is
// challenged.
func (s *scanned) judge(f *found, statesShow bool) {
	s.t.Helper()
	var usual [32]byte
	var told []string
	for sum, x := range f.forms {
		if x.unknown > 0 {
			told = append(told, x.text)
			usual = sum
		}
	}
	if len(told) != 1 {
		s.t.Fatalf("unknown MACs are told %d different things, want 1:\n%.2000s", len(told), strings.Join(told, "\n"))
	}
	if !statesShow && len(f.forms) != 1 {
		s.t.Errorf("got %d different answers, want 1 for known and unknown", len(f.forms))
	}
	// A second more or less is the time between one question and the next.
	if k, u := f.waits[true], f.waits[false]; k[0] < u[0]-1 || k[1] > u[1]+1 {
		s.t.Errorf("known devices are told of penalties of %d to %d s, unknown ones of %d to %d s", k[0], k[1], u[0], u[1])
	}
	for mac, h := range s.known {
		text := f.forms[f.of[mac]].text
		differs := statesShow && (h.failed || h.challenged)
		if (f.of[mac] != usual) != differs {
			s.t.Errorf("%s (%s): answer like an unknown MAC's is %t, want %t:\n%s", mac, h.like, f.of[mac] == usual, !differs, text)
		}
		if differs && h.failed != strings.Contains(text, auth.Failed.Shown()) {
			s.t.Errorf("%s (%s): got %s", mac, h.like, text)
		}
		if strings.Contains(text, "fake-sip-password") {
			s.t.Errorf("%s (%s): a secret left the box", mac, h.like)
		}
	}
}

// print writes the forms, the commonest first.
func (f *found) print(t *testing.T, s *scanned) {
	t.Helper()
	out := &strings.Builder{}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "form\tfirst line\tbytes\tunknown\tknown\tof these")
	sums := make([][32]byte, 0, len(f.forms))
	for sum := range f.forms {
		sums = append(sums, sum)
	}
	slices.SortFunc(sums, func(a, b [32]byte) int { return f.forms[b].unknown - f.forms[a].unknown })
	for _, sum := range sums {
		var like []string
		for mac, h := range s.known {
			if f.of[mac] == sum {
				like = append(like, h.like)
			}
		}
		slices.Sort(like)
		x := f.forms[sum]
		fmt.Fprintf(w, "%x\t%s\t%d\t%d\t%d\t%s\n", sum[:4], firstLine(x.text), len(x.text), x.unknown, x.known, strings.Join(slices.Compact(like), ", "))
	}
	_ = w.Flush()
	t.Logf("%d MACs in %s, %.0f a second\n%s", f.asked, f.took.Round(time.Millisecond), float64(f.asked)/f.took.Seconds(), out)
}
