package broker_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/central"
)

// TestLogHasABound: what goes past the bound is refused whole, what is there
// stays, and a higher bound lets it go on.
func TestLogHasABound(t *testing.T) {
	const bound = 256 << 10
	l := newStreamLab(t)
	g := l.openAs(broker.LogConfig{MaxBytes: bound})
	after, value := uint64(0), strings.Repeat("x", 10<<10)
	var held int
	for ; ; held++ {
		// What is forgotten one day is a batch.
		batch := []central.Entry{{Key: "a/" + string(rune('a'+held)), Value: []byte(value), TTL: time.Hour}, put("b/"+string(rune('a'+held)), value)}
		newest, err := g.Append(t.Context(), after, batch)
		if errors.Is(err, central.ErrRefused) && errors.Is(err, central.ErrBound) {
			break
		}
		if err != nil || held > 2*bound/len(value) {
			t.Fatalf("got %v with %d kept, want it refused at %d bytes", err, held, bound)
		}
		after = newest
	}
	size, err := g.Size(t.Context())
	if err != nil || size.Max != bound || size.Bytes > bound || size.Bytes < bound/2 {
		t.Errorf("got %+v, %v, want nearly %d bytes of %d", size, err, bound, bound)
	}
	if got, newest := read(t, g, 0); len(got) != 2*held || newest != after {
		t.Errorf("got %d entries up to %d, want %d up to %d: a refused batch leaves nothing", len(got), newest, 2*held, after)
	}
	g = l.openAs(broker.LogConfig{MaxBytes: 2 * bound})
	if _, err := g.Append(t.Context(), after, []central.Entry{put("c", value)}); err != nil {
		t.Errorf("with a higher bound: got %v", err)
	}
	g = l.openAs(broker.LogConfig{})
	if size, err := g.Size(t.Context()); err != nil || size.Max != 0 {
		t.Errorf("with the bound taken away: got %+v, %v", size, err)
	}
}
