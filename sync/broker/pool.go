package broker

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
)

// pool answers so many requests at a time and keeps so many waiting; when more
// come the oldest is dropped, for whoever sent it has waited longest and will
// be gone first.
type pool[T any] struct {
	waiting chan T
	work    func(context.Context, T)
	dropped func(T)
	panics  func()
	log     *slog.Logger
}

// put adds a request; it never waits.
func (p *pool[T]) put(job T) {
	for {
		select {
		case p.waiting <- job:
			return
		default:
		}
		select {
		case old := <-p.waiting:
			p.dropped(old)
		default:
		}
	}
}

// run answers until the waiting line is closed and empty.
func (p *pool[T]) run(ctx context.Context, workers int) {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for job := range p.waiting {
				p.one(ctx, job)
			}
		})
	}
	all.Wait()
}

// one answers one request. A fault of ours costs that one alone, unanswered.
func (p *pool[T]) one(ctx context.Context, job T) {
	defer func() {
		if r := recover(); r != nil {
			p.panics()
			p.log.Error("a request of a box met a fault of the platform's", "fault", r, "stack", string(debug.Stack()))
		}
	}()
	p.work(ctx, job)
}
