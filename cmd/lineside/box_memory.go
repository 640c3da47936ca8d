package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// When the box gives memory back. Garbage is collected late (garbagePercent), so
// that a building's power-up costs little; what a start or a rush left behind would
// then stay for as long as the box runs.
const (
	// settled is how long after its start a box has read what it reads then.
	settled = 2 * time.Second
	// restEvery is how often it is looked whether the box is at rest.
	restEvery = time.Minute
	// restBytes are allocated in that time by a box that is: some 500 requests.
	// Collecting 25 MiB of what is in use takes 30 ms of one processor.
	restBytes = 64 << 20
)

// keepMemory gives the kernel back what the box no longer needs, while it is at
// rest.
func (b *box) keepMemory(ctx context.Context) error {
	wait := time.NewTimer(settled)
	defer wait.Stop()
	last, given := uint64(0), uint64(0)
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return nil
		case <-wait.C:
		}
		now := allocated()
		if first || now-last < restBytes && now-given > restBytes/4 {
			b.giveBack()
			given = now
		}
		last = now
		wait.Reset(restEvery)
	}
}

func (b *box) giveBack() {
	if err := b.store.GiveBack(); err != nil {
		b.log.Debug("memory of the database was not given back", "err", err)
	}
	debug.FreeOSMemory()
}

// allocated is how many bytes were allocated since the program's start.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
