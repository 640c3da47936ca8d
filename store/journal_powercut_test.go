package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
)

// What the test binary, started again under strace, does to the database these
// name: it gives leases and is killed; it is started on what that left.
const (
	leasesEnv = "LINESIDE_STORE_LEASES"
	againEnv  = "LINESIDE_STORE_LEASES_AGAIN"
)

// smallJournal has room for four blocks.
var smallJournal = Config{JournalBytes: 4 * blockPage}

func giveLeases(path string) error {
	_, err := doSteps(path, smallJournal, leaseSteps())
	return err // not closed: the process ends here as one that is killed
}

func giveMore(path string) error {
	s, err := doSteps(path, smallJournal, moreLeases())
	if err != nil {
		return err
	}
	return s.Close()
}

// leaseStep gives leases, each by the last byte of its address and how many hours
// it lasts; 0 is one deleted.
func leaseStep(name string, hours map[byte]int) step {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	var leases []phone.Lease
	var gone []netip.Addr
	for n, h := range hours {
		addr := netip.AddrFrom4([4]byte{10, 0, 0, n})
		if h == 0 {
			gone = append(gone, addr)
			continue
		}
		leases = append(leases, phone.Lease{
			Addr: addr, MAC: testMAC(int(n)), State: phone.Bound, Start: at, Expires: at.Add(time.Duration(h) * time.Hour), Host: "fake-host",
		})
	}
	return step{name, func(s *Store) error {
		if len(gone) > 0 {
			return s.DeleteLeases(context.Background(), gone)
		}
		return s.SaveLeases(context.Background(), leases)
	}}
}

// leaseSteps fills the journal once and begins it anew, with commits to the
// database between.
func leaseSteps() []step {
	return []step{
		leaseStep("first: to the database", map[byte]int{1: 1}),
		leaseStep("to the journal", map[byte]int{2: 1}),
		leaseStep("three at once", map[byte]int{3: 1, 4: 1, 5: 1}),
		leaseStep("two renewed", map[byte]int{1: 2, 3: 2}),
		leaseStep("one deleted, journal full", map[byte]int{4: 0}),
		leaseStep("taken over", map[byte]int{2: 3}),
		leaseStep("journal begun anew", map[byte]int{5: 3}),
		{"device set up meanwhile", enrolment()[1].do},
		leaseStep("after that to the journal", map[byte]int{4: 4}),
		{"taken over by order, then a lease", func(s *Store) error {
			if err := s.catchUp(context.Background()); err != nil {
				return err
			}
			return leaseStep("", map[byte]int{1: 5}).do(s)
		}},
		leaseStep("to the journal once more", map[byte]int{3: 6}),
	}
}

// moreLeases is what a box does that is started after that.
func moreLeases() []step {
	return []step{
		leaseStep("to the database again", map[byte]int{6: 1}),
		leaseStep("to the journal again", map[byte]int{7: 1}),
	}
}

// newCutter looks at so many cuts between two flushes; make soak at all.
func newCutter(t *testing.T, states []string, most int) *cutter {
	c := &cutter{t: t, states: states, cfg: smallJournal, random: rand.New(rand.NewPCG(7, 8)), seen: map[[sha256.Size]byte]outcome{}}
	switch c.most = most; {
	case testing.Short():
		c.most = 20
	case os.Getenv("SOAK") != "":
		c.most = 0
	}
	return c
}

// TestPowerCutInTheJournal is TestPowerCutAtAnyWrite for leases, which go to two
// files: each that was acknowledged is there, whichever of the two it is in, and
// of the one commit that was not, all or nothing.
func TestPowerCutInTheJournal(t *testing.T) {
	events := record(t, leasesEnv, filepath.Join(t.TempDir(), "db"))
	if n := journalFlushes(events); n != 7 {
		t.Errorf("got %d flushes of the journal, want 7: the recording is not what it should be", n)
	}
	newCutter(t, statesOf(t, leaseSteps()), 80).report(events, leaseSteps())
}

// TestPowerCutWhileTheJournalIsReplayed cuts the start after a power cut, in which
// the database takes over what the journal has, and what comes after: the next
// start replays the same again.
func TestPowerCutWhileTheJournalIsReplayed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	record(t, leasesEnv, path)
	steps := append(leaseSteps(), moreLeases()...)
	states := statesOf(t, steps)[len(leaseSteps()):]
	c := newCutter(t, states, 40)
	for i, name := range []string{path, journalPath(path)} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c.from[i] = image{data, int64(len(data)), true}
	}
	events := record(t, againEnv, path)
	rows, broken := c.run(events)
	for _, b := range broken[:min(len(broken), 10)] {
		t.Error(b)
	}
	for i, r := range rows[1 : len(rows)-1] {
		if r.before == 0 || r.after == 0 {
			t.Errorf("step %d: %+v: the recording is not what it should be", i, r)
		}
	}
	t.Logf("%d different states of the files opened, %+v", len(c.seen), rows)
}

// TestPowerCutFindsAJournalThatIsNotFlushed forgets the flushes of the journal,
// or that of its name: then promises must be seen to break.
func TestPowerCutFindsAJournalThatIsNotFlushed(t *testing.T) {
	events := record(t, leasesEnv, filepath.Join(t.TempDir(), "db"))
	first := slices.IndexFunc(events, func(e event) bool { return e.kind == made })
	for i := range events[first:] {
		if e := &events[first+i]; e.kind == named {
			e.file = theJournal // the database had its name before
		}
	}
	states := statesOf(t, leaseSteps())
	for name, drop := range map[string]func(event) bool{
		"its blocks": func(e event) bool { return e.kind == flushed && e.file == theJournal },
		"its name":   func(e event) bool { return e.kind == named && e.file == theJournal },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCutter(t, states, 30)
			_, broken := c.run(slices.DeleteFunc(slices.Clone(events), drop))
			if len(broken) == 0 {
				t.Error("was not found out")
			} else {
				t.Logf("%d promises broken, the first: %.200s", len(broken), broken[0])
			}
		})
	}
}

func journalFlushes(events []event) (n int) {
	for _, e := range events {
		if e.kind == flushed && e.file == theJournal {
			n++
		}
	}
	return n
}

// TestTheJournalMayBeGone: a box whose journal was lost starts, says what may be
// missing, and keeps all else.
func TestTheJournalMayBeGone(t *testing.T) {
	for name, spoil := range map[string]func(string) error{
		"removed": os.Remove,
		"first block damaged": func(path string) error {
			return overwriteAt(path, 100, "x")
		},
		"a directory": func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o700)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := leftByKill(t, leaseSteps()[:4])
			if err := spoil(journalPath(path)); err != nil {
				t.Fatal(err)
			}
			s := openTest(t, path, smallJournal)
			if s.Report().Detail == "" || s.Report().SetAside != "" {
				t.Errorf("got report %+v, want one that says what may be missing", s.Report())
			}
			if _, ok := s.LeaseOf(netip.MustParseAddr("10.0.0.1")); !ok {
				t.Error("the lease in the database is gone as well")
			}
			if l, ok := s.LeaseOf(netip.MustParseAddr("10.0.0.3")); ok != (name == "first block damaged") {
				t.Errorf("got %+v, %t of what stands behind the damage", l, ok)
			}
			if err := leaseSteps()[4].do(s); err != nil {
				t.Errorf("give another lease: %v", err)
			}
		})
	}
}

func overwriteAt(path string, at int64, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(text), at)
	return errors.Join(err, f.Close())
}

// leftByKill gives a copy of the files of a store that did steps and was killed.
func leftByKill(t *testing.T, steps []step) (path string) {
	t.Helper()
	running := filepath.Join(t.TempDir(), "db")
	s := openTest(t, running, smallJournal)
	for _, st := range steps {
		if err := st.do(s); err != nil {
			t.Fatalf("%s: %v", st.name, err)
		}
	}
	return copyOfKilled(t, running)
}

// copyOfKilled gives a copy of the files of a running store, as a kill leaves them.
func copyOfKilled(t *testing.T, running string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "db")
	for from, to := range map[string]string{running: path, journalPath(running): journalPath(path)} {
		if err := copyFile(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return path
}
