package integration

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// benchCheck is the generator beside perfdhcp: the server's time for a lease,
// and how many were lost.
type benchCheck struct {
	ours, perf         time.Duration
	oursLost, perfLost int
}

// benchReport is what make bench-dhcp writes.
type benchReport struct {
	rows              []benchRow
	check             benchCheck
	machine, versions string
	load              string // average of the last minute, before the run
}

// String is the report in Markdown.
func (r benchReport) String() string {
	var t strings.Builder
	fmt.Fprintf(&t, `## DHCP servers

Written by `+"`make bench-dhcp`"+`, all in one run. %s. %s. Before the run the machine had a load of %s: what else
runs there takes from all rates and waits, from processor time little.

| | DORA per CPU second | renewals per CPU second | highest rate, new clients | highest rate, known clients | wait p99 at %d/s | memory | on disk when the ACK leaves |
|---|---:|---:|---:|---:|---:|---:|---|
`, r.machine, r.versions, r.load, benchPace)
	for _, row := range r.rows {
		fmt.Fprintf(&t, "| %s | %.0f | %.0f | %.0f/s | %.0f/s | %s | %d MiB | %s |\n", row.name, middle(row.perCPU), middle(row.renewPerCPU), row.cold, row.warm,
			row.waited(), row.resident>>20, row.durable)
	}
	fmt.Fprintf(&t, `
The server has one processor, the generator (`+"`lineside-fleet dhcp`"+`) the other, a veth pair lies between. %d clients behind one relay, %d at a
time, DISCOVER to ACK, then each renews once; processor time is the server's own, user and system. A rate is the highest
with less than %.1f %% of clients without a lease after %s, nobody asking twice; known clients have a lease and start
over. The box recognises the clients as phones, gives them the options of their maker and keeps their story; the
others give address and mask. The numbers per CPU second are the middle of %d rounds of all servers in turn. Between exchanges lies more than the time in which the box answers from memory, so each ACK
is written. The box appends its leases to a journal and syncs that; its database takes them over later, 13,000 in one commit, for some
3µs each, which in these numbers falls into the renewals. No server probes addresses. Pools hold a quarter more addresses than there are clients; the box's hold two and
a half times as many, because it slows down devices that are not set up once half is taken. The box asks for a receive buffer of 16 MiB,
the others take the kernel's.
`, benchClients, benchWindow, benchDrops*100, benchPatience, benchRounds)
	t.WriteString(r.pairs())
	for _, row := range r.rows {
		if row.dropped > 0 {
			fmt.Fprintf(&t, "%s left %.1f %% of the clients without a lease; its numbers are of those it gave within %s, %d.\n",
				row.name, row.dropped*100, benchMost, row.known)
		}
	}
	fmt.Fprintf(&t, "\nThe generator beside perfdhcp, Kea at %d/s: a lease costs the server %s and %s; lost %d and %d.\n",
		benchPace, r.check.ours.Round(time.Microsecond), r.check.perf.Round(time.Microsecond), r.check.oursLost, r.check.perfLost)
	return t.String()
}

// pairs is the box beside Kea, round by round.
func (r benchReport) pairs() string {
	box, kea := r.rows[0].perCPU, r.rows[1].perCPU
	var ratios []float64
	for i := range min(len(box), len(kea)) {
		ratios = append(ratios, box[i]/kea[i])
	}
	return fmt.Sprintf("DORA per CPU second, the box's over Kea's, round by round: %.2f; in the middle %.2f.\n", ratios, middle(ratios))
}

// middle is the median of rounds, 0 of none.
func middle(rounds []float64) float64 {
	if len(rounds) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(rounds))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// inBook puts the section in the place of the one before it, and leaves all others.
func inBook(book, section string) string {
	heading, _, _ := strings.Cut(section, "\n")
	before, rest, found := strings.Cut(book, heading+"\n")
	if !found {
		return strings.TrimRight(book, "\n") + "\n\n" + section
	}
	if _, after, more := strings.Cut(rest, "\n## "); more {
		section = strings.TrimRight(section, "\n") + "\n\n## " + after
	}
	return before + section
}

// TestInBook: one section is written anew, its neighbours stay.
func TestInBook(t *testing.T) {
	for book, want := range map[string]string{
		"# B\n\n## X\n\nold\n\n## Y\n\nkept\n": "# B\n\n## X\n\nnew\n\n## Y\n\nkept\n",
		"# B\n\n## Y\n\nkept\n\n## X\n\nold\n": "# B\n\n## Y\n\nkept\n\n## X\n\nnew\n",
		"# B\n\n## Y\n\nkept\n":                "# B\n\n## Y\n\nkept\n\n## X\n\nnew\n",
	} {
		if got := inBook(book, "## X\n\nnew\n"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestMiddle(t *testing.T) {
	for want, rounds := range map[float64][]float64{0: nil, 2: {3, 1, 2}, 2.5: {4, 1, 3, 2}} {
		if got := middle(rounds); got != want {
			t.Errorf("%v: got %v, want %v", rounds, got, want)
		}
	}
}

// waited is how long 99 of 100 clients that got a lease waited, and how many
// got none.
func (r benchRow) waited() string {
	text := r.wait.P99.Round(10 * time.Microsecond).String()
	if r.lost > 0 {
		text += fmt.Sprintf(", %.1f %% lost", r.lost*100)
	}
	return text
}

// perfReceived is how many ACKs perfdhcp counts, under its second statistics
// heading.
func perfReceived(out string) int {
	_, acks, _ := strings.Cut(out, "REQUEST-ACK")
	m := regexp.MustCompile(`received packets: (\d+)`).FindStringSubmatch(acks)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // digits
	return n
}

func TestPerfReceived(t *testing.T) {
	out := "***Statistics for: DISCOVER-OFFER***\nsent packets: 9\nreceived packets: 8\n***Statistics for: REQUEST-ACK***\nsent packets: 8\nreceived packets: 7\n"
	for in, want := range map[string]int{out: 7, "": 0, "REQUEST-ACK": 0} {
		if got := perfReceived(in); got != want {
			t.Errorf("%q: got %d, want %d", in, got, want)
		}
	}
}

// TestHighest searches rates of a server that holds up to a known one.
func TestHighest(t *testing.T) {
	for _, holds := range []float64{0, 300, 990} {
		got := highest(500, func(rate float64) bool { return rate <= holds })
		if got > holds || holds-got > 2*500.0/(1<<benchSteps) {
			t.Errorf("got %.0f, want just below %.0f", got, holds)
		}
	}
}

func benchLoad() string {
	average, _ := os.ReadFile("/proc/loadavg")
	minute, _, _ := strings.Cut(string(average), " ")
	return minute
}

func benchMachine() string {
	cpu, _ := os.ReadFile("/proc/cpuinfo")
	m := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(cpu)
	model := runtime.GOARCH
	if m != nil {
		model = string(m[1])
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%d processors, %s, Linux %s, %s", runtime.NumCPU(), model, strings.TrimSpace(string(kernel)), runtime.Version())
}

// benchVersions asks Debian for the servers' versions.
func benchVersions() string {
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Package} ${Version}, ", "kea-dhcp4-server", "dnsmasq-base", "isc-dhcp-server", "udhcpd").Output()
	if err != nil {
		return "versions of the servers unknown"
	}
	return strings.TrimSuffix(string(out), ", ")
}
