package integration

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// TestFullDiskOfPlatform: a platform whose disk is full refuses changes in words,
// takes them again by itself once there is room, and has lost nothing of what it
// had acknowledged before, nor of what its site had to tell meanwhile.
func TestFullDiskOfPlatform(t *testing.T) {
	t.Parallel()
	l := newPowerLab(t, nil)
	all := l.work()
	client, err := l.central.client()
	if err != nil {
		t.Fatal(err)
	}
	l.disk.fill(64 << 10)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var refused *operators.Error
	for n := 0; refused == nil; n++ {
		mac := phone.MAC{0x00, 0x15, 0x70, 0, byte(n >> 8), byte(n)}
		err := addDevice(ctx, client, mac, l.site.id.Site)
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if err == nil {
			all.device(mac, l.site.id.Site)
		}
	}
	if refused.Status != http.StatusInsufficientStorage || !strings.Contains(refused.Hint, "disk") {
		t.Errorf("with a full disk: got %d %s (%s), want 507 and to be told of the disk", refused.Status, refused.What, refused.Hint)
	}
	l.disk.relieve()
	all.next()
	for end := time.Now().Add(40 * time.Second); ; <-time.After(20 * time.Millisecond) {
		if events, devices := all.since(); events > 0 && devices > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("there is room again, and nothing is acknowledged; the link is %+v", l.site.Status())
		}
	}
	l.keep()
	l.central.kill()
	if lost := l.compare(all); lost > 0 {
		t.Errorf("got %d lost, want none", lost)
	}
}
