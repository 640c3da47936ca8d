package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// stopTimeout is how long the doors may take to finish what they are doing
// once told to stop; systemd's own patience is longer.
const stopTimeout = 20 * time.Second

// task is one long-lived part of the daemon.
type task interface {
	// Run blocks until ctx ends, and then returns nil.
	Run(ctx context.Context) error
	// Ready is closed once the part does its job.
	Ready() <-chan struct{}
	// String names the part in errors and logs.
	String() string
}

// server makes a task of a Serve method whose socket is open already: the
// kernel queues what arrives before it is entered, so entering it is readiness.
type server struct {
	name  string
	serve func(ctx context.Context) error
	ready chan struct{}
	proof proof // that it does its job; nil: it stands in unproved
}

func newServer(name string, serve func(ctx context.Context) error) *server {
	return &server{name: name, serve: serve, ready: make(chan struct{})}
}

// Run serves until ctx ends.
func (s *server) Run(ctx context.Context) error {
	close(s.ready)
	return s.serve(ctx)
}

// Ready is closed when Run is entered.
func (s *server) Ready() <-chan struct{} { return s.ready }

// String is the part's name.
func (s *server) String() string { return s.name }

// supervise runs doors in front of base and returns when all have ended: the
// first error ends everything, and so does ctx. Doors stop first; base (the
// desk, which still has to keep what the last requests did) is told only when
// they have. ready is called once, when every task is. A task that hangs
// beyond patience is left behind, so that a stop always ends.
func supervise(ctx context.Context, base, doors []task, patience time.Duration, ready func()) error {
	g, ctx := errgroup.WithContext(ctx)
	var open sync.WaitGroup
	for _, t := range doors {
		open.Add(1)
		g.Go(func() error {
			defer open.Done()
			return ended(ctx, t, t.Run(ctx))
		})
	}
	baseCtx, stopBase := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBase()
	for _, t := range base {
		g.Go(func() error { return ended(baseCtx, t, t.Run(baseCtx)) })
	}
	g.Go(func() error {
		<-ctx.Done()
		open.Wait()
		stopBase()
		return nil
	})
	g.Go(func() error {
		if allReady(ctx, append(append([]task(nil), base...), doors...)) {
			ready()
		}
		return nil
	})
	return waitFor(ctx, g, patience)
}

// allReady waits for every task; false means that ctx ended first.
func allReady(ctx context.Context, tasks []task) bool {
	for _, t := range tasks {
		select {
		case <-t.Ready():
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// waitFor waits as long as the group works, and for patience once ctx ended.
func waitFor(ctx context.Context, g *errgroup.Group, patience time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- g.Wait() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		return fmt.Errorf("stop: requests were still in flight after %s", patience)
	}
}

// ended names the task in its error. A task that returns while it should run
// has failed, whatever it says: a box with one door silently shut is not up.
func ended(ctx context.Context, t task, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", t, err)
	case ctx.Err() == nil:
		return fmt.Errorf("%s: ended by itself", t)
	}
	return nil
}
