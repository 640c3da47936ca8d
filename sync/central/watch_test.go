package central_test

import "testing"

// TestWatch: whoever carries hints is told of every change of a site's
// documents and of its revocation, and of none after it has stopped.
func TestWatch(t *testing.T) {
	l := newLab(t)
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	heard := map[string]int{}
	stop := l.p.Watch(func(site string) { heard[site]++ })
	l.put(a, "Desk 1", "fake-1")
	if heard[a.id] != 1 || heard[b.id] != 0 {
		t.Errorf("after a device came to the first: got %v, want it told of once", heard)
	}
	l.put(b, "Desk 1", "fake-2")
	if heard[a.id] != 2 || heard[b.id] != 1 {
		t.Errorf("after it moved to the second: got %v, want both told of", heard)
	}
	if err := l.p.Revoke(b.id); err != nil || heard[b.id] != 2 {
		t.Errorf("after a revocation: got %v, %v, want it told of", heard, err)
	}
	stop()
	l.put(a, "Desk 2", "fake-1")
	if heard[a.id] != 2 {
		t.Errorf("after stop: got %v, want no more", heard)
	}
}
