package main

import (
	"context"
	"fmt"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/sync/broker"
)

// Codes of what the platform sees of its disk.
const (
	codeSpace  = "disk-space-low"
	codeStream = "stream-nearly-full"
)

const (
	// fewSpace is when an operator is told. The platform itself refuses changes
	// when 16 MiB are left.
	fewSpace = 1 << 30
	// roomEvery is how often disk and stream are looked at.
	roomEvery = time.Minute
)

// watchRoom keeps metrics and conditions of disk and stream as they are.
func (f *platform) watchRoom(ctx context.Context) error {
	tick := time.NewTicker(roomEvery)
	defer tick.Stop()
	for {
		if free, err := f.central.Room(); err == nil {
			f.tellSpace(free)
		}
		if size, err := f.stream.Size(ctx); err == nil { // else status says that the stream cannot be read
			f.tellStream(size)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (f *platform) tellSpace(free uint64) {
	f.metrics.Free.Set(float64(free))
	f.tell(free < fewSpace, health.Condition{
		Code: codeSpace, Title: "The platform's disk is nearly full",
		Meaning: "once it is full nothing can be changed here; sites go on by themselves, keep what they have to tell, and tell it when there is room",
		Do:      "make room, or give it a larger disk: du -xh " + f.settings.Directory + " | sort -h | tail",
		Detail:  fmt.Sprintf("%d MiB free below %s", free>>20, f.settings.Directory),
	})
}

func (f *platform) tellStream(size broker.Size) {
	f.metrics.Stream.Set(float64(size.Bytes))
	f.metrics.Most.Set(float64(size.Max))
	f.tell(size.Max > 0 && size.Bytes > size.Max/10*8, health.Condition{
		Code: codeStream, Title: "The platform's stream has nearly reached its bound",
		Meaning: "at the bound nothing can be changed here, removals included; sites go on by themselves, keep what they have to tell, and tell it when there is room",
		Do:      "see that each node's disk has room for more, raise nats.max_mib in the settings of every lineside-central, and restart them one after the other",
		Detail:  fmt.Sprintf("%d of %d MiB", size.Bytes>>20, size.Max>>20),
	})
}

// tell puts a condition on the board while it holds, and logs when it begins.
func (f *platform) tell(holds bool, c health.Condition) {
	if !holds {
		f.board.Clear(c.Code)
		return
	}
	if f.board.Raise(f.now(), c) {
		f.log.Warn(c.Title, "reason", c.Detail)
	}
}
