package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
)

// What is acknowledged before the power of a platform is cut.
const (
	cutEvents  = 100
	cutDevices = 30
)

// TestPowerCutOfPlatform cuts the power of a platform at an instant at which it
// had just acknowledged events and changes. All of them are there afterwards;
// with nats-server's own setting for when it syncs they are not, so this layer
// drops what it should.
func TestPowerCutOfPlatform(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		nats  func(*powerLab) // nil is the embedded one
		loses bool
	}{
		{name: "embedded"},
		{name: "a nats-server of its own", nats: func(l *powerLab) { l.ownNATS("sync_interval: always") }},
		{name: "a nats-server that syncs every two minutes", nats: func(l *powerLab) { l.ownNATS(`sync_interval: "2m"`) }, loses: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newPowerLab(t, c.nats)
			before := l.work()
			l.disk.cut(l.programs()...)
			lost := l.compare(before)
			t.Logf("%d events and %d changes acknowledged, %d lost", len(before.eventIn), len(before.deviceIn), lost)
			if (lost > 0) != c.loses {
				t.Errorf("got %d lost, want some: %t", lost, c.loses)
			}
		})
	}
}

// powerLab is a platform on a disk whose power can be cut, and a site.
type powerLab struct {
	t       *testing.T
	disk    *disk
	central *central
	nats    *process // nil where it is embedded
	site    *simSite
	all     *tally
	keep    func() // ends the site and its load
}

func newPowerLab(t *testing.T, nats func(*powerLab)) *powerLab {
	t.Helper()
	l := &powerLab{t: t, all: newTally()}
	l.disk = newDisk(t, filepath.Join(t.TempDir(), "disk"), 128)
	if nats != nil {
		nats(l)
	} else {
		l.central = newCentral(t, filepath.Join(l.disk.at, "central"), freeAddrs(t, 1)[0], "")
	}
	l.all.next()
	return l
}

// ownNATS runs one node as the platform sets it up, but for when it syncs.
func (l *powerLab) ownNATS(sync string) {
	dir, at, door := filepath.Join(l.disk.at, "central"), filepath.Join(l.t.TempDir(), "n1"), freeAddrs(l.t, 2)
	writeNode(l.t, dir, at, door[0], door[1], filepath.Join(l.disk.at, "nats"))
	conf := filepath.Join(at, "nats-server.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		l.t.Fatal(err)
	}
	// Alone it is no cluster.
	alone, _, _ := strings.Cut(string(text), "cluster {")
	if err := os.WriteFile(conf, []byte(strings.Replace(alone, "sync_interval: always", sync, 1)), 0o600); err != nil {
		l.t.Fatal(err)
	}
	l.nats = &process{args: []string{compiled(l.t, natsProgram), "-c", conf}, log: at + ".log"}
	l.t.Cleanup(l.nats.kill)
	l.central = newCentral(l.t, dir, "", fmt.Sprintf("servers = [\"tls://%s\"]\nboxes = [\"tls://%s\"]\nca = %q\n", door[0], door[0], filepath.Join(at, "ca.pem")))
}

func (l *powerLab) programs() []powered {
	if l.nats != nil {
		return []powered{&l.central.process, l.nats}
	}
	return []powered{&l.central.process}
}

// start starts what there is.
func (l *powerLab) start() {
	l.t.Helper()
	if l.nats != nil {
		l.nats.start(l.t)
	}
	l.central.up(l.t)
}

// work has things acknowledged, and returns at one such instant with the load
// going on.
func (l *powerLab) work() *tally {
	l.t.Helper()
	l.start()
	client, err := l.central.client()
	if err != nil {
		l.t.Fatal(err)
	}
	l.site = joinSite(l.t, addSite(l.t, client, "Berlin"), l.all)
	// What the platform was before this is not what is tried.
	l.disk.flush()
	ctx, cancel := context.WithCancel(context.Background())
	var busy sync.WaitGroup
	busy.Go(func() {
		if err := l.site.run(ctx, ctx, 10*time.Millisecond); err != nil {
			l.t.Errorf("the site: %v", err)
		}
	})
	busy.Go(func() { operate(ctx, client, 0, []*simSite{l.site}, l.all) })
	l.keep = func() {
		cancel()
		busy.Wait()
	}
	l.t.Cleanup(l.keep)
	for until := time.Now().Add(30 * time.Second); ; {
		if e, d := l.all.since(); e >= cutEvents && d >= cutDevices {
			return l.all
		}
		if time.Now().After(until) {
			l.t.Fatalf("little is acknowledged; the link is %+v", l.site.Status())
		}
		<-time.After(time.Millisecond)
	}
}

// compare starts what the cut has left and counts what it does not have of what
// was acknowledged.
func (l *powerLab) compare(all *tally) (lost int) {
	l.t.Helper()
	l.keep()
	l.start()
	client, err := l.central.client()
	if err != nil {
		l.t.Fatal(err)
	}
	held := devicesOf(l.t, client)
	for mac, site := range all.siteOf {
		lost += count(held[mac] != site)
	}
	times := map[uint64]int{}
	if l.known(held) {
		times = eventsOf(l.t, client, l.site.id.Site)
	}
	for n := uint64(1); n <= l.site.acked; n++ {
		lost += count(times[n] == 0)
		if times[n] > 1 {
			l.t.Errorf("event %d is there %d times", n, times[n])
		}
	}
	return lost
}

// known says that the platform still has the site: it has devices.
func (l *powerLab) known(held map[phone.MAC]string) bool {
	for _, site := range held {
		if site == l.site.id.Site {
			return true
		}
	}
	return false
}
