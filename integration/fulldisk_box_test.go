package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/health"
)

// TestFullDiskOfBox: a joined box whose disk is full lets nobody in whom it
// cannot write down, says so, and goes on by itself once there is room. A
// one-time password it could not write down may be spent (R2), never count twice.
func TestFullDiskOfBox(t *testing.T) {
	t.Parallel()
	const most = 12
	self := fmt.Sprintf("127.%d.0.1", 230+os.Getpid()%20)
	b := newBox(t, self+"/16", "lo", strings.Replace(self, ".0.1", ".1.0", 1)+"-"+strings.Replace(self, ".0.1", ".8.255", 1), "otp", loopbackPorts)
	d := newDisk(t, filepath.Join(b.dir, "state"), 64)
	hq := newCentral(t, filepath.Join(t.TempDir(), "central"), freeAddrs(t, 1)[0], "")
	client, site := joinedBox(t, b, hq)
	var phones []*cutPhone
	for n := range most + 1 {
		phones = append(phones, newCutPhone(t, client, site, self, n))
	}
	b.settled(t, most+1)
	d.fill(0)
	var in, refused []*cutPhone
	for _, p := range phones[:most] {
		if status, _ := p.show(t, b, p.from); status == 200 {
			in = append(in, p)
			continue
		}
		refused = append(refused, p)
		break
	}
	if len(refused) == 0 {
		t.Fatalf("got %d phones let in and none refused, want the disk to be full", len(in))
	}
	h, err := b.client.Health(t.Context())
	if err != nil || !slices.ContainsFunc(h.Conditions, func(c health.Condition) bool { return strings.Contains(c.Do, "make room") }) {
		t.Errorf("got %+v, %v, want to be told to make room", h, err)
	}
	d.relieve()
	last := phones[most]
	if status, _ := last.show(t, b, last.from); status != 200 {
		t.Errorf("with room again: got %d, want a phone let in", status)
	}
	in = append(in, last)
	for _, p := range in {
		if status, _ := p.show(t, b, p.other); status != 401 {
			t.Errorf("%s: its password from somebody else: got %d, want 401", p.mac, status)
		}
		for end := time.Now().Add(30 * time.Second); !heardOf(t, client, site, p.mac); <-time.After(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s was let in, and the platform does not hear of it", p.mac)
			}
		}
	}
	for _, p := range refused {
		one, _ := p.show(t, b, p.from)
		if two, _ := p.show(t, b, p.other); one == 200 && two == 200 {
			t.Errorf("%s: its password let in two", p.mac)
		}
	}
	t.Logf("%d let in, %d refused while the disk was full", len(in), len(refused))
}
