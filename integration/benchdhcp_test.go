package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/internal/netlab"
)

// How the servers are measured.
const (
	benchClients  = 10_000
	benchRounds   = 7                // of all servers in turn; the table has the middle
	benchSlow     = 15 * time.Second // a server whose round takes longer has no other
	benchMost     = 20 * time.Second // no client starts later in a round
	benchWindow   = 128              // what peers' own receive buffers hold
	benchPace     = 500              // clients a second, for the wait
	benchDrops    = 1e-3             // that a rate may have
	benchSteps    = 5
	benchTrial    = 2 * time.Second
	benchPatience = 250 * time.Millisecond // a lease that takes longer counts as dropped in a trial
	// benchRest is longer than the box answers renewals from memory (one part
	// in a hundred of a lease, at least two seconds): each is written again.
	benchRest = 2500 * time.Millisecond
)

// dhcpBench is the wire, and the generator on it.
type dhcpBench struct {
	b           *testing.B
	server, gen *netlab.Host
	fleet       string
}

// BenchmarkDHCPServers measures the box beside other DHCP servers, in one run:
// the server on one processor, the generator on another, a veth pair between
// them. The table goes to the file that DHCP_TABLE names as well. It takes
// minutes, so it runs only where that is set: make bench-dhcp.
func BenchmarkDHCPServers(b *testing.B) {
	path := os.Getenv("DHCP_TABLE")
	if path == "" {
		b.Skip("takes minutes; make bench-dhcp runs it")
	}
	lab := netlab.New(b)
	d := &dhcpBench{b: b, server: lab.Host("server", ""), gen: lab.Host("generator", ""), fleet: filepath.Join(b.TempDir(), "lineside-fleet")}
	lab.Link(benchWire, d.server, benchServer+"/12", d.gen, benchRelay+"/12")
	build := exec.Command("go", "build", "-trimpath", "-o", d.fleet, "github.com/lineside/lineside/cmd/lineside-fleet")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	load := benchLoad()
	var rows []benchRow
	for b.Loop() {
		rows = d.rounds(benchedServers(b))
		for i := range rows {
			d.measure(&rows[i])
			b.Logf("%+v", rows[i])
		}
	}
	table := benchReport{rows: rows, check: d.check(), machine: benchMachine(), versions: benchVersions(), load: load}.String()
	fmt.Print(table)
	book, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(inBook(string(book), table)), 0o644); err != nil {
		b.Fatal(err)
	}
}

// benchRow is one server's numbers; rates and numbers are per second.
type benchRow struct {
	benchedDHCP
	perCPU, renewPerCPU []float64 // of each round
	perSecond           float64   // of the quickest
	cold, warm          float64   // highest rates with few drops
	wait                fleet.Spread
	lost                float64 // of the clients that wait is of
	resident            int
	known               int     // clients that had a lease for warm
	dropped             float64 // with the window, of all clients
}

// rounds lets all clients in at each server in turn, several times over: what
// the machine does meanwhile meets all of them alike.
func (d *dhcpBench) rounds(servers []benchedDHCP) []benchRow {
	rows := make([]benchRow, len(servers))
	slow := make([]bool, len(servers))
	for range benchRounds {
		for i, s := range servers {
			rows[i].benchedDHCP = s
			if slow[i] {
				continue
			}
			began := time.Now()
			d.with(s, benchClients, func(pid int) { rows[i].round(d.flood(pid, "--renew", benchRest.String())) })
			slow[i] = time.Since(began) > benchSlow
		}
	}
	return rows
}

// round adds what one brought.
func (row *benchRow) round(r fleet.LoadReport) {
	row.perCPU = append(row.perCPU, r.Leases.PerCPUSecond())
	row.perSecond = max(row.perSecond, r.Leases.PerSecond())
	row.dropped = max(row.dropped, r.Leases.Dropped())
	if r.Renewals != nil {
		row.renewPerCPU = append(row.renewPerCPU, r.Renewals.PerCPUSecond())
		row.resident = max(row.resident, r.Renewals.Resident)
	}
}

func (d *dhcpBench) measure(row *benchRow) {
	s := row.benchedDHCP
	d.with(s, benchClients, func(pid int) {
		paced := d.load(pid, 4*benchPace, benchPace).Leases
		row.wait, row.lost = paced.Wait, paced.Dropped()
	})
	row.cold = highest(row.perSecond, func(rate float64) (ok bool) {
		clients := min(int(rate*benchTrial.Seconds()), 2*benchClients)
		d.with(s, clients, func(pid int) { ok = d.holds(pid, clients, rate) })
		return ok
	})
	d.with(s, benchClients, func(pid int) {
		row.known = d.flood(pid).Leases.Done
		row.warm = highest(row.perSecond, func(rate float64) bool {
			time.Sleep(benchRest)
			return d.holds(pid, min(int(rate*benchTrial.Seconds()), row.known), rate)
		})
	})
}

// highest searches the greatest rate that holds, from a guess on. The machine
// has hiccups of its own, so a rate that fails is tried once more.
func highest(guess float64, holds func(rate float64) bool) float64 {
	low, high := 0.0, 2*guess
	for range benchSteps {
		rate := (low + high) / 2
		ok := holds(rate)
		if !ok {
			ok = holds(rate)
		}
		if ok {
			low = rate
		} else {
			high = rate
		}
	}
	return low
}

// with runs a server that has a pool for so many clients and no leases.
func (d *dhcpBench) with(s benchedDHCP, clients int, do func(pid int)) {
	last := benchPool
	for range int(float64(clients)*s.spread) + 16 {
		last = last.Next()
	}
	args := append([]string{"-c", "0"}, s.command(d.b, d.b.TempDir(), benchPool, last)...)
	p := d.server.Start(netlab.Tool(d.b, "taskset"), args...)
	defer p.Stop()
	end := time.Now().Add(20 * time.Second)
	for {
		// A client of its own asks until the server is there.
		_, err := d.gen.Try(time.Minute, d.fleet, "dhcp", "--server", benchServer+":67", "--relay", benchRelay+":67", "--clients", "1",
			"--number", "8000000", "--patience", "100ms")
		if err == nil {
			break
		}
		if time.Now().After(end) {
			d.b.Fatalf("%s answers nothing: %v\n%s", s.name, err, p.Output())
		}
	}
	do(p.ID())
}

// flood lets all clients in as fast as the server answers.
func (d *dhcpBench) flood(pid int, more ...string) fleet.LoadReport {
	return d.load(pid, benchClients, 0, append([]string{"--window", strconv.Itoa(benchWindow), "--for", benchMost.String()}, more...)...)
}

// holds reports that a server drops few at a rate.
func (d *dhcpBench) holds(pid, clients int, rate float64) bool {
	return clients > 0 && d.load(pid, clients, rate, "--patience", benchPatience.String()).Leases.Dropped() < benchDrops
}

// load runs the generator on its own processor.
func (d *dhcpBench) load(pid, clients int, rate float64, more ...string) fleet.LoadReport {
	args := append([]string{
		"-c", "1", d.fleet, "dhcp", "--json", "--server", benchServer + ":67", "--relay", benchRelay + ":67",
		"--pid", strconv.Itoa(pid), "--clients", strconv.Itoa(clients), "--rate", strconv.FormatFloat(rate, 'f', 1, 64),
	}, more...)
	out, err := d.gen.Try(5*time.Minute, netlab.Tool(d.b, "taskset"), args...) // fails where clients were lost, too
	var r fleet.LoadReport
	if bad := json.Unmarshal([]byte(out), &r); bad != nil {
		d.b.Fatalf("generator: %v, %v\n%s", err, bad, out)
	}
	return r
}

// check plays the same load with perfdhcp and with our generator against Kea:
// what a lease costs the server must not depend on who asks.
func (d *dhcpBench) check() (c benchCheck) {
	kea := benchedServers(d.b)[1]
	const clients = 4 * benchPace
	d.with(kea, clients, func(pid int) {
		r := d.load(pid, clients, benchPace)
		c.ours, c.oursLost = r.Leases.CPU/max(1, time.Duration(r.Leases.Done)), r.Leases.Clients-r.Leases.Done
	})
	d.with(kea, clients, func(pid int) {
		before, err := fleet.ProcessTime(pid)
		if err != nil {
			d.b.Fatal(err)
		}
		out, _ := d.gen.Try(time.Minute, netlab.Tool(d.b, "taskset"), "-c", "1", netlab.Tool(d.b, "perfdhcp"), "-4", "-l", benchWire,
			"-r", strconv.Itoa(benchPace), "-R", strconv.Itoa(clients), "-n", strconv.Itoa(clients), "-W", "1000000", benchServer)
		after, err := fleet.ProcessTime(pid)
		if err != nil {
			d.b.Fatal(err)
		}
		got := perfReceived(out)
		c.perf, c.perfLost = (after-before)/max(1, time.Duration(got)), clients-got
	})
	return c
}
