package store

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// disk is what a power cut may leave of the files: what was flushed, and any part
// of what was written since, in any order, sector by sector.
type disk struct {
	flushed images
	since   []event
	named   bool // the database's name lasts as well
}

type images [fileCount]image

type image struct {
	data []byte // up to the last byte written
	size int64
	made bool // the journal has a name; the database always does
}

func (m image) with(e event, sectors func(i int) bool) image {
	switch e.kind {
	case resized:
		m.size = e.off
		return m
	case made:
		m.made = true
		return m
	}
	end := int(e.off) + len(e.data)
	data := make([]byte, max(len(m.data), end))
	copy(data, m.data)
	for i := 0; i*sector < len(e.data); i++ {
		if sectors(i) {
			copy(data[int(e.off)+i*sector:], e.data[i*sector:min(len(e.data), (i+1)*sector)])
		}
	}
	return image{data, max(m.size, int64(end)), m.made}
}

// flush makes all that was written last that is of a kind.
func (d *disk) flush(of func(event) bool) {
	var rest []event
	for _, e := range d.since {
		if of(e) {
			d.flushed[e.file] = d.flushed[e.file].with(e, whole)
		} else {
			rest = append(rest, e)
		}
	}
	d.since = rest
}

func whole(int) bool { return true }

// remains says of each write which sectors a power cut leaves.
type remains []func(i int) bool

// cuts gives what a power cut now may leave: every subset of the writes, and
// torn ones. There are too many of the latter to have all; of a write that
// stands alone, as the head page does that makes a commit count, all are there.
func (d *disk) cuts(random *rand.Rand) []remains {
	n := len(d.since)
	var all []remains
	if n <= 10 {
		for subset := range 1 << n {
			all = append(all, keep(n, func(w int) bool { return subset>>w&1 == 1 }))
		}
	}
	for range 64 {
		all = append(all, keep(n, func(int) bool { return random.IntN(2) == 1 }))
	}
	for w, e := range d.since {
		count := (len(e.data) + sector - 1) / sector
		var torn []func(int) bool
		for cut := range count {
			torn = append(torn, func(i int) bool { return i < cut }, func(i int) bool { return i >= cut })
		}
		for range 32 {
			mask := random.Uint64()
			torn = append(torn, func(i int) bool { return mask>>(i%64)&1 == 1 })
		}
		if n == 1 && count <= 8 {
			for mask := range 1 << count {
				torn = append(torn, func(i int) bool { return mask>>i&1 == 1 })
			}
		}
		for _, f := range torn {
			for _, rest := range []func(int) bool{whole, func(int) bool { return false }} {
				l := slices.Repeat(remains{rest}, n)
				l[w] = f
				all = append(all, l)
			}
		}
	}
	return all
}

func keep(n int, has func(w int) bool) remains {
	l := make(remains, n)
	for w := range l {
		yes := has(w)
		l[w] = func(int) bool { return yes }
	}
	return l
}

func (d *disk) after(l remains) images {
	m := d.flushed
	for w, e := range d.since {
		if e.kind == wrote || l[w](0) {
			m[e.file] = m[e.file].with(e, l[w])
		}
	}
	return m
}

// outcome is what was found after a power cut.
type outcome struct {
	done    int // steps of the enrolment that are there, -1 if what is there is none of its states
	damaged bool
	said    string
}

// cutter replays a recording and looks at everything a power cut may leave.
type cutter struct {
	t      *testing.T
	states []string // the store after each step
	random *rand.Rand
	seen   map[[sha256.Size]byte]outcome
	most   int // cuts looked at between two flushes, 0 for all
	cfg    Config
	from   images // what was on disk before, and acknowledged as the first state; empty for nothing
	// boundaries are those met, in order.
	boundaries []boundary
}

// row is what power cuts in one step left. The outcomes allowed are three: all
// of the step is there, or nothing of it, or, before the box had opened its
// database for the first time, a new one.
type row struct{ cuts, before, after, fresh int }

func (r *row) add(b row) {
	r.cuts, r.before, r.after, r.fresh = r.cuts+b.cuts, r.before+b.before, r.after+b.after, r.fresh+b.fresh
}

// boundary is one flush: the power cuts that the writes before it may meet.
type boundary struct {
	step   int // of rows
	writes int
	row
}

// run gives a row for each step, opening the new database first, and the cuts
// after which the store had broken its promise.
func (c *cutter) run(events []event) (rows []row, broken []string) {
	rows = make([]row, len(c.states)+1)
	d := disk{flushed: c.from}
	told := -1 // steps acknowledged, 0 for having been opened
	if d.named = c.from[theDatabase].size > 0; d.named {
		told = 0
	}
	look := func() {
		cuts := c.cuts(&d)
		var r row
		for _, l := range cuts {
			m := d.after(l)
			r.cuts++
			switch got := c.look(m); {
			case told < 0 && (got.done == 0 || got.damaged):
				r.fresh++ // nothing was promised yet
			case got.damaged, got.done < told, got.done > told+1, got.done < 0:
				broken = append(broken, fmt.Sprintf("%d steps acknowledged, %d writes not flushed: %+v", told, len(d.since), got))
			case got.done == told:
				r.before++
			default:
				r.after++
			}
		}
		rows[told+1].add(r)
		c.boundaries = append(c.boundaries, boundary{told + 1, len(d.since), r})
		if told >= 0 && !d.named {
			broken = append(broken, "the file was in use, but its name was not on disk")
		}
	}
	for _, e := range events {
		switch e.kind {
		case acked:
			told = e.ack
		case named:
			look()
			d.named = true
			d.flush(func(w event) bool { return w.kind == made })
		case flushed:
			look()
			d.flush(func(w event) bool { return w.kind != made && w.file == e.file })
		default:
			d.since = append(d.since, e)
		}
	}
	look()
	return rows, broken
}

func (c *cutter) cuts(d *disk) []remains {
	all := d.cuts(c.random)
	if c.most > 0 && len(all) > c.most {
		c.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:c.most]
	}
	return all
}

// look opens what a power cut left, as the next start does.
func (c *cutter) look(m images) outcome {
	var all []byte
	for _, one := range m {
		all = fmt.Appendf(append(all, one.data...), "%d %t", one.size, one.made)
	}
	sum := sha256.Sum256(all)
	if got, ok := c.seen[sum]; ok {
		return got
	}
	got := c.open(m)
	c.seen[sum] = got
	return got
}

func (c *cutter) open(m images) (got outcome) {
	c.t.Helper()
	dir, err := os.MkdirTemp("", "powercut")
	if err != nil {
		c.t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "db")
	c.lay(path, m[theDatabase])
	if m[theJournal].made {
		c.lay(journalPath(path), m[theJournal])
	}
	s, err := Open(path, testKey(), c.cfg, Tools{})
	if err != nil {
		return outcome{done: -1, said: err.Error()}
	}
	defer s.Close()
	state := describe(c.t, s)
	return outcome{done: slices.Index(c.states, state), damaged: s.Report() != Report{}, said: s.Report().Detail + state}
}

func (c *cutter) lay(path string, m image) {
	c.t.Helper()
	if err := os.WriteFile(path, m.data, 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Truncate(path, m.size); err != nil {
		c.t.Fatal(err)
	}
}

// describe is all of a store that the steps change.
func describe(t *testing.T, s *Store) string {
	t.Helper()
	var b strings.Builder
	all, _ := s.All()
	for _, rec := range all {
		fmt.Fprintf(&b, "%s rev %d %+v ", rec.Device.MAC, rec.Rev, rec.Enrolment)
	}
	leases, err := s.Leases()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "leases %+v ", leases)
	log, err := s.Audit(t.Context(), 0, phone.MAC{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log {
		fmt.Fprintf(&b, "%d %s %s ", e.Seq, e.Kind, e.What)
	}
	check := verify(t, s)
	fmt.Fprintf(&b, "%d to %d, whole %v", check.First, check.Last, check.OK)
	return alike(b.String())
}

// statesOf is what the store looks like after each step, from new on.
func statesOf(t *testing.T, steps []step) []string {
	t.Helper()
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	states := []string{describe(t, s)}
	for _, st := range steps {
		if err := st.do(s); err != nil {
			t.Fatalf("%s: %v", st.name, err)
		}
		states = append(states, describe(t, s))
	}
	return states
}

// TestPowerCutAtAnyWrite records what one enrolment has the kernel write and
// flush, and opens everything that a power cut may leave of it: between two
// flushes any of the writes may be on disk, in any order, torn at any sector.
// What was acknowledged is always there, with its audit entries, and of what
// was not, all or nothing.
func TestPowerCutAtAnyWrite(t *testing.T) {
	events := recordEnrolment(t)
	c := cutter{t: t, states: statesOf(t, enrolment()), random: rand.New(rand.NewPCG(1, 2)), seen: map[[sha256.Size]byte]outcome{}}
	if testing.Short() {
		c.most = 60
	}
	c.report(events, enrolment())
}

// report runs the recording of all steps and tells of it.
func (c *cutter) report(events []event, steps []step) {
	t := c.t
	t.Helper()
	rows, broken := c.run(events)
	for _, b := range broken[:min(len(broken), 10)] {
		t.Error(b)
	}
	var table strings.Builder
	names := []string{"opening a new database"}
	for _, st := range steps {
		names = append(names, st.name)
	}
	names = append(names, "after all")
	fmt.Fprintf(&table, "\n%-30s %8s %8s %8s %8s %8s\n", "power cut during", "writes", "cuts", "undone", "done", "new box")
	for _, b := range c.boundaries {
		fmt.Fprintf(&table, "%-30s %8d %8d %8d %8d %8d\n", names[b.step], b.writes, b.cuts, b.before, b.after, b.fresh)
	}
	for i, r := range rows {
		if last := i == len(rows)-1; r.cuts == 0 || i > 0 && (r.before == 0 || (r.after == 0) != last) {
			t.Errorf("%s: %+v: the recording is not what it should be", names[i], r)
		}
	}
	t.Logf("%s%d different files opened", table.String(), len(c.seen))
}

// TestPowerCutFindsALyingDisk forgets the flush between a commit's pages and
// the head page that makes them count, as a disk with a careless cache does:
// then promises must be seen to break, or the test above proves nothing.
func TestPowerCutFindsALyingDisk(t *testing.T) {
	events := recordEnrolment(t)
	lies := slices.Clone(events[:0:0])
	for i, e := range events {
		if e.kind == flushed && i+1 < len(events) && events[i+1].kind == wrote && events[i+1].file == theDatabase && events[i+1].off < 2*pageSize {
			continue
		}
		lies = append(lies, e)
	}
	c := cutter{t: t, states: statesOf(t, enrolment()), random: rand.New(rand.NewPCG(3, 4)), seen: map[[sha256.Size]byte]outcome{}, most: 40}
	if _, broken := c.run(lies); len(broken) == 0 {
		t.Error("a disk that does not flush in order was not found out")
	} else {
		t.Logf("%d promises broken, the first: %.200s", len(broken), broken[0])
	}
}
