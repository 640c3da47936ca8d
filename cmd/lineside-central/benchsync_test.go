package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// How the platform is measured.
const (
	benchSites      = 10_000
	benchDevices    = 100 // of each site
	benchConnected  = 1000
	benchWhole      = 40 // of those connected; changes are made at these
	benchChangeRuns = 1000
	benchPace       = 20 * time.Millisecond
)

// BenchmarkSync measures lineside-central with its boxes in a process of their
// own, all on this machine, and prints the table of BENCHMARKS.md. It takes
// half an hour, most of it to enter a million devices, so it runs only where
// SYNC_BENCH is set: make bench-sync. Where that names a directory the platforms
// are kept there for the next time, which runs on copies (10 GB in all for the
// whole fleet); SYNC_SITES makes it smaller.
func BenchmarkSync(b *testing.B) {
	keep := os.Getenv("SYNC_BENCH")
	if keep == "" {
		b.Skip("takes half an hour; make bench-sync runs it")
	}
	place := func(name string) string {
		if keep == "1" {
			return ""
		}
		return keep + "/" + name
	}
	small := newBenchState(b, place("small"), benchConnected, 10)
	var r benchSync
	for b.Loop() {
		r = benchSync{load: machineLoad(), natsBytes: natsBytes(b), boxBytes: boxMemory(b, newBenchState(b, place("one"), 1, benchDevices))}
		small.fleet.Whole, small.fleet.Verify = benchWhole, 10
		p, boxes := small.platform(b), small.boxes(b)
		boxes.tell("go")
		boxes.linked(1)
		peer := newBarePeer(b)
		r.changes = newSpread(small.benchChanges(b, boxes, benchChangeRuns, benchPace))
		r.bare = newSpread(bareTimes(b, benchChangeRuns/2, benchPace, peer.change))
		r.barePut = newSpread(bareTimes(b, benchChangeRuns/2, benchPace, func() error { return peer.publish(bareChange) }))
		r.flush = newSpread(bareTimes(b, benchChangeRuns/2, benchPace, bareFlush(b)))
		p.kill()
		boxes.kill()
		fmt.Print(r)
		sites := fleetSites(b)
		large := newBenchState(b, place("large"), sites, benchDevices)
		large.fleet.Verify, large.fleet.Boxes, large.settle = 100, large.fleet.Boxes[:sites], 15*time.Second
		r.sites, r.run = sites, large.runFleet(b)
	}
	fmt.Print(r)
}

// fleetSites is how many sites the fleet has.
func fleetSites(t testing.TB) int {
	text := os.Getenv("SYNC_SITES")
	if text == "" {
		return benchSites
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > benchSites {
		t.Fatalf("SYNC_SITES is %q, want 1 to %d", text, benchSites)
	}
	return n
}

// boxMemory is what the link costs a box: engine, connection, and what it keeps
// of the documents. Pages of the program and of mapped files are left out, as at
// the platform: the kernel drops them where it needs the room.
func boxMemory(t testing.TB, s benchState) int {
	t.Helper()
	s.fleet.Whole = 1
	p, b := s.platform(t), s.boxes(t)
	before := b.resident("RssAnon:")
	b.tell("go")
	b.linked(1)
	defer p.kill()
	defer b.kill()
	return b.resident("RssAnon:") - before
}

// benchSync is what make bench-sync prints.
type benchSync struct {
	load                   string
	changes, bare, barePut spread
	flush                  spread
	sites                  int
	run                    benchFleetRun
	natsBytes              int64
	boxBytes               int
}

// spread is how long something took.
type spread struct{ p50, p99 time.Duration }

func newSpread(all []time.Duration) spread {
	if len(all) == 0 {
		return spread{}
	}
	slices.Sort(all)
	return spread{all[len(all)/2], all[len(all)*99/100]}
}

// String is half a row.
func (s spread) String() string {
	return fmt.Sprintf("%.1f ms, %.1f ms", s.p50.Seconds()*1e3, s.p99.Seconds()*1e3)
}

// String is the table in Markdown.
func (r benchSync) String() string {
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
	var t strings.Builder
	fmt.Fprintf(&t, "%s, commit %s. Load before: %s, now: %s.\n\n| | measured | wanted |\n|---|---:|---:|\n", time.Now().UTC().Format(time.DateOnly), commit(), r.load, machineLoad())
	rows := [][3]string{
		{fmt.Sprintf("a change by the operators' API until the box's desk has it, %d sites connected, p50 and p99", benchConnected), r.changes.String(), "5 ms, 50 ms"},
		{"bare nats.go beside it: one publish, every write synced, a poke, a question and its answer", r.bare.String(), ""},
		{fmt.Sprintf("the same as a ratio, p50; the publish alone: %s; fdatasync alone: %s", r.barePut, r.flush), fmt.Sprintf("%.1f", float64(r.changes.p50)/float64(max(r.bare.p50, 1))), ""},
		{"the box's binary is longer for NATS by", fmt.Sprintf("%.2f MB", float64(r.natsBytes)/1e6), "2 MB"},
		{fmt.Sprintf("the box's memory, linked and with %d devices, above the box alone", benchDevices), fmt.Sprintf("%.2f MB", float64(r.boxBytes)/1e6), "4 MB"},
	}
	if r.sites > 0 {
		rows = append(rows, [][3]string{
			{fmt.Sprintf("%d sites of %d devices have read all from nothing", r.sites, benchDevices), seconds(r.run.upTook), "60 s"},
			{"of that processor time of the platform, and of the sites", seconds(r.run.upPlatform) + ", " + seconds(r.run.upSide), ""},
			{"all back after kill -9 of the platform, counted from the kill", seconds(r.run.backTook), "60 s"},
			{"of that until the platform answers again; its processor time", seconds(r.run.ready) + ", " + seconds(r.run.backPlatform), ""},
			{"dials for that, from nothing and after the kill", fmt.Sprintf("%d, %d", r.run.upTried, r.run.backTried), ""},
			{"the platform's memory for each connected site", fmt.Sprintf("%.1f kB", float64(r.run.perSite)/1e3), "60 kB"},
		}...)
	}
	for _, row := range rows {
		fmt.Fprintf(&t, "| %s | %s | %s |\n", row[0], row[1], row[2])
	}
	return t.String()
}

// machineLoad is the average of the last minute.
func machineLoad() string {
	average, _ := os.ReadFile("/proc/loadavg")
	minute, _, _ := strings.Cut(string(average), " ")
	return minute
}

// commit is what this was built from.
func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// TestBenchSync keeps the benchmark true, on a small scale: a fleet reads all,
// comes back after kill -9, and hears of changes.
func TestBenchSync(t *testing.T) {
	s := newBenchState(t, t.TempDir(), 12, 3)
	s.fleet.Whole, s.fleet.Base = 2, 20*time.Millisecond
	if r := s.runFleet(t); r.upTried < 10 || r.backTried < 10 || r.upTook <= 0 || r.backTook <= r.ready {
		t.Errorf("got %+v, want ten light boxes that dialled twice", r)
	}
}
