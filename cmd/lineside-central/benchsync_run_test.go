package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/portal"
)

// benchProcess is this program in one of its roles.
type benchProcess struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startBench(t testing.TB, role string, args ...string) *benchProcess {
	t.Helper()
	p := &benchProcess{t: t, cmd: exec.Command(os.Args[0], args...)}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), benchRole+"="+role), os.Stderr
	in, errIn := p.cmd.StdinPipe()
	out, errOut := p.cmd.StdoutPipe()
	if errIn != nil || errOut != nil {
		t.Fatal(errIn, errOut)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill is kill -9.
func (p *benchProcess) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill() // it may have ended
		_ = p.cmd.Wait()
	}
}

// tell writes a line.
func (p *benchProcess) tell(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

// hear waits for a line that begins so, and gives the rest.
func (p *benchProcess) hear(word string, within time.Duration) string {
	p.t.Helper()
	timer := time.AfterFunc(within, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	for {
		line, err := p.out.ReadString('\n')
		if err != nil {
			p.t.Fatalf("waiting for %q of the other process for %s: %v", word, within, err)
		}
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), word); ok {
			return strings.TrimSpace(rest)
		}
		p.t.Logf("the other process says %s", strings.TrimSpace(line))
	}
}

// resident is a line of its memory in /proc once its garbage is gone: "RssAnon:"
// leaves the pages of mapped files out, which are the kernel's to keep or drop.
func (p *benchProcess) resident(line string) int {
	p.t.Helper()
	for range 2 { // what is freed in one collection is given back in the next
		p.tell("free")
		p.hear("free", time.Minute)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skip("needs Linux's /proc")
	}
	_, rest, _ := strings.Cut(string(text), line)
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return kib << 10
}

// cpu is the processor time it has taken.
func (p *benchProcess) cpu() time.Duration {
	took, err := fleet.ProcessTime(p.cmd.Process.Pid)
	if err != nil {
		p.t.Fatal(err)
	}
	return took
}

// platform starts lineside-central.
func (s benchState) platform(t testing.TB) *benchProcess {
	t.Helper()
	p := startBench(t, "platform", "--config", s.conf, "run")
	p.hear("ready", 5*time.Minute)
	return p
}

// boxes starts the process of the boxes, and does not let them loose yet.
func (s benchState) boxes(t testing.TB) *benchProcess {
	t.Helper()
	p := startBench(t, "boxes")
	text, err := json.Marshal(s.fleet)
	if err != nil {
		t.Fatal(err)
	}
	p.tell(string(text))
	p.hear("made", 5*time.Minute)
	return p
}

// linked waits until all are linked for the n-th time. tried is how often they
// dialled for that.
func (p *benchProcess) linked(n int) (at time.Time, tried int) {
	p.t.Helper()
	f := strings.Fields(p.hear("linked "+strconv.Itoa(n), 10*time.Minute))
	nanos, err := strconv.ParseInt(f[0], 10, 64)
	if err == nil {
		tried, err = strconv.Atoi(f[1])
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return time.Unix(0, nanos), tried
}

// benchFleetRun is what a fleet took.
type benchFleetRun struct {
	upTook, backTook   time.Duration // from nothing; after kill -9, counted from the kill
	ready              time.Duration // of that until the platform answered again
	upTried, backTried int
	upPlatform, upSide time.Duration // processor time
	backPlatform       time.Duration
	perSite            int // bytes of the platform's memory
}

// runFleet has all boxes read everything, kills the platform, and has them come
// back.
func (s benchState) runFleet(t testing.TB) (r benchFleetRun) {
	t.Helper()
	p, b := s.platform(t), s.boxes(t)
	time.Sleep(s.settle)
	before := p.resident("RssAnon:")
	own, side := p.cpu(), b.cpu()
	began := time.Now()
	b.tell("go")
	at, tried := b.linked(1)
	r.upTook, r.upTried, r.upPlatform, r.upSide = at.Sub(began), tried, p.cpu()-own, b.cpu()-side
	time.Sleep(s.settle)
	r.perSite = (p.resident("RssAnon:") - before) / len(s.fleet.Boxes)
	began = time.Now()
	p.kill()
	p = s.platform(t)
	r.ready = time.Since(began)
	at, r.backTried = b.linked(2)
	r.backTook, r.backPlatform = at.Sub(began), p.cpu()
	return r
}

// benchChanges makes changes at a pace and gives how long each took, from the
// operator's call until the box's desk has carried it out.
func (s benchState) benchChanges(t testing.TB, b *benchProcess, n int, pace time.Duration) []time.Duration {
	t.Helper()
	const callers = 8
	jobs := make(chan int, n)
	var g errgroup.Group
	for range callers {
		c := s.client(t)
		g.Go(func() error {
			defer c.Close()
			for i := range jobs {
				site := i % s.fleet.Whole
				mac := benchMAC(s.fleet, site, rand.N(s.fleet.Devices))
				label := strconv.FormatInt(time.Now().UnixNano(), 10)
				if err := c.Do(context.Background(), "PATCH", "devices/"+mac.Hex(), nil, map[string]string{"label": label}, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		jobs <- i
	}
	close(jobs)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	var all []time.Duration
	for end := time.Now().Add(30 * time.Second); len(all) < n && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
		b.tell("times")
		var some []time.Duration
		if err := json.Unmarshal([]byte(b.hear("times", time.Minute)), &some); err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
	if len(all) < n { // two changes of one device within a pull are one
		t.Logf("%d of %d changes were seen each by itself", len(all), n)
	}
	return all
}

// client is an operator's.
func (s benchState) client(t testing.TB) *portal.Client {
	t.Helper()
	dir := s.settings(t).Directory
	text, err := os.ReadFile(filepath.Join(dir, fileToken))
	if err != nil {
		t.Fatal(err)
	}
	var at reachFile
	reach, err := os.ReadFile(filepath.Join(dir, fileReach))
	if err == nil {
		err = json.Unmarshal(reach, &at)
	}
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(at.URL)
	if err != nil {
		t.Fatal(err)
	}
	return portal.NewClient(base, phone.NewSecret(strings.TrimSpace(string(text))), s.pin(t))
}
