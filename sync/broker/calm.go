package broker

import (
	"context"
	"time"
)

const (
	// calmEvery is how often it is looked whether a storm is over: longer than
	// nats-server keeps what it has read of its files (10 s).
	calmEvery = 20 * time.Second
	// stormBoxes let in within that time are a storm.
	stormBoxes = 500
)

// calm calls free once after each storm, until ctx ends. To let in ten thousand
// boxes takes memory they do not need once they are in, a third of the process:
// buffers of handshakes, stacks that have grown, what was read of the log. Go
// keeps it for the next time, and would look for it again only after minutes in
// which nothing much happens.
func (b *Broker) calm(ctx context.Context, free func()) {
	every := time.NewTicker(calmEvery)
	defer every.Stop()
	stormy, before := false, b.counts.admitted.Load()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		now := b.counts.admitted.Load()
		switch came := now - before; {
		case came >= stormBoxes:
			stormy = true
		case stormy:
			stormy = false
			free()
		}
		before = now
	}
}
