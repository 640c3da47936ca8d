package broker_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

const mac = "001565000001"

// put enters a device of a box's site.
func (l *lab) put(b *box, label, password string) {
	l.t.Helper()
	if err := l.p.PutDevice(mac, b.id, wire.Device{Vendor: "yealink", Label: label}, map[string]string{"sip.0": password}); err != nil {
		l.t.Fatal(err)
	}
}

// TestDocuments: what is entered at the platform is at the box, over a restart
// of the broker too.
func TestDocuments(t *testing.T) {
	l := newLab(t, nil)
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	ra, rb := l.run(a, l.transport(a, "tls", l.at.NATS)), l.run(b, l.transport(b, "tls", l.at.NATS))
	ra.waitState(t, func(s site.Status) bool { return s.State == site.Linked && s.Via == "tls://"+l.at.NATS })
	rb.waitState(t, func(s site.Status) bool { return s.State == site.Linked })
	l.put(a, "Desk 1", "fake-1")
	ra.want(t, mac+" Desk 1 fake-1")
	l.restart(l.p)
	l.put(b, "Desk 2", "fake-2")
	ra.want(t, mac+" gone")
	rb.want(t, mac+" Desk 2 fake-2")
	if err := l.p.Revoke(a.id); err != nil {
		t.Fatal(err)
	}
	ra.waitState(t, func(s site.Status) bool { return s.State == site.Away && strings.Contains(s.Reason, "join it again") })
}

// carrier is a broker in bad hands: it carries what it likes.
type carrier struct {
	*central.Platform

	mu     sync.Mutex // guards the rest
	tamper func(site, op string, answer []byte) []byte
}

func (c *carrier) Answer(site, op string, request []byte) ([]byte, error) {
	b, err := c.Platform.Answer(site, op, request)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tamper != nil && err == nil {
		b = c.tamper(site, op, b)
	}
	return b, err
}

// TestCarrierIsNotBelieved: answers and documents that were changed, kept or
// swapped on the way are not read, and the operator is told.
func TestCarrierIsNotBelieved(t *testing.T) {
	kept := map[string][]byte{}
	keep := func(by func(site, op string) string) func(string, string, []byte) []byte {
		return func(site, op string, b []byte) []byte {
			if old, ok := kept[by(site, op)]; ok {
				return old
			}
			kept[by(site, op)] = b
			return b
		}
	}
	for name, tamper := range map[string]func(site, op string, b []byte) []byte{
		"changed": func(_, op string, b []byte) []byte {
			if op != "pull" {
				return b
			}
			return bytes.Replace(b, []byte(`"reply":"e`), []byte(`"reply":"f`), 1)
		},
		"old":                 keep(func(site, op string) string { return "old" + site + op }),
		"another site's":      keep(func(_, op string) string { return "swapped" + op }),
		"endless":             func(_, _ string, b []byte) []byte { return append(b, make([]byte, 700<<10)...) },
		"without a signature": func(_, _ string, b []byte) []byte { return b[:bytes.Index(b, []byte(`,"sig"`))] },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, nil)
			c := &carrier{Platform: l.p, tamper: tamper}
			l.restart(c)
			a, b := l.newBox("Berlin"), l.newBox("Munich")
			l.put(b, "SECRET", "fake-2")
			first := l.run(b, l.transport(b, "tls", l.at.NATS)) // whose answers may be kept
			switch name {
			case "another site's":
				first.want(t, mac+" SECRET fake-2")
			case "old":
				if _, err := l.hello(a, l.mustDial(a)); err != nil {
					t.Fatal(err)
				}
			}
			l.put(a, "Desk 1", "fake-1")
			r := l.run(a, l.transport(a, "tls", l.at.NATS))
			r.waitState(t, func(s site.Status) bool { return s.State == site.Away && s.Reason != "" })
			if len(r.applied) != 0 {
				t.Errorf("the desk was told %q, want nothing", <-r.applied)
			}
			c.mu.Lock()
			c.tamper = nil
			c.mu.Unlock()
			r.want(t, mac+" Desk 1 fake-1")
		})
	}
}

// TestStorm: a fleet whose platform was away comes back by itself, and leaves
// no connection behind that nobody holds.
func TestStorm(t *testing.T) {
	l := newLab(t, nil)
	boxes := 100
	if os.Getenv("SOAK") != "" {
		boxes = 500
	}
	var held, done sync.WaitGroup
	held.Add(boxes)
	again := make(chan bool, boxes)
	for range boxes {
		b := l.newBox("site")
		via := l.transport(b, "tls", l.at.NATS)
		done.Go(func() { comeBack(t, via, &held, again) })
	}
	held.Wait()
	l.restart(l.p)
	back := time.Now()
	for range boxes {
		select {
		case <-again:
		case <-time.After(60 * time.Second):
			t.Fatalf("not all are back: %+v", l.b.Counts())
		}
	}
	c := l.b.Counts()
	t.Logf("%d boxes back in %v: %+v", boxes, time.Since(back).Round(time.Millisecond), c)
	if c.Connections != boxes+4 {
		t.Errorf("got %d connections, want %d boxes and the platform's own 4", c.Connections, boxes)
	}
	if c.Admitted != uint64(boxes) || c.Late != 0 {
		t.Errorf("got %+v, want each let in once, none late", c)
	}
	l.stop()
	done.Wait()
}

// comeBack is one box: it connects, tells that it has, and once more after the
// connection is lost, waiting in between as boxes do, a hundred times faster.
func comeBack(t *testing.T, via *site.NATS, first *sync.WaitGroup, again chan<- bool) {
	lives := 0
	for wait := 20 * time.Millisecond; lives < 2; wait = min(2*wait, 600*time.Millisecond) {
		ctx, cancel := contextFor(t, 10*time.Second)
		c, err := via.Dial(ctx)
		cancel()
		if err == nil {
			wait = 20 * time.Millisecond
			if lives++; lives == 1 {
				first.Done()
			} else {
				again <- true
			}
			for range c.Hints() {
			}
			_ = c.Close()
		}
		pause := time.NewTimer(rand.N(wait))
		select {
		case <-t.Context().Done():
			return
		case <-pause.C:
		}
	}
}
