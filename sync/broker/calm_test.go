package broker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestCalm: memory is given back once after each storm, not during one and not
// for a few boxes.
func TestCalm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, freed := &Broker{}, 0
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); b.calm(ctx, func() { freed++ }) }()
		time.Sleep(time.Second) // between two looks
		for _, step := range []struct {
			name  string
			boxes uint64
			want  int
		}{
			{"nobody", 0, 0},
			{"a few boxes", stormBoxes - 1, 0},
			{"a storm", stormBoxes, 0},
			{"it goes on", 10 * stormBoxes, 0},
			{"it is over", 10, 1},
			{"calm", 10, 1},
			{"the next storm", stormBoxes, 1},
			{"and its end", 0, 2},
		} {
			b.counts.admitted.Add(step.boxes)
			time.Sleep(calmEvery)
			synctest.Wait()
			if freed != step.want {
				t.Errorf("%s: memory was given back %d times so far, want %d", step.name, freed, step.want)
			}
		}
		stop()
		<-ended
	})
}
