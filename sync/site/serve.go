package site

import (
	"context"
	"math/rand/v2"
	"time"
)

// minCap bounds the wait between attempts to connect, until the platform says.
const minCap = time.Minute

// maxCap is the longest the platform may ask for.
const maxCap = time.Hour

// Serve keeps the link until ctx ends.
func (s *Site) Serve(ctx context.Context) error {
	if err := s.wake(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	accepting, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.acceptAll(accepting)
	}()
	defer func() {
		stop()
		<-ended
	}()
	return s.dialAll(ctx)
}

// dialAll dials, talks until the connection is lost, and dials again.
func (s *Site) dialAll(ctx context.Context) error {
	wait := s.cfg.Base
	for ctx.Err() == nil {
		held, err := s.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		s.say(away(err))
		if held > s.backoffCap() {
			wait = s.cfg.Base // this is no storm
		}
		if !sleep(ctx, rand.N(wait)+1) {
			return nil
		}
		wait = min(2*wait, s.backoffCap())
	}
	return nil
}

func (s *Site) backoffCap() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cap
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// connect is one connection from dial to loss; it always gives an error, and how
// long the connection held. What the desk was not told before the last stop, it
// is told first.
func (s *Site) connect(ctx context.Context) (held time.Duration, err error) {
	if err := s.tellDesk(ctx); err != nil {
		return 0, err
	}
	s.say(Status{State: Dialling})
	dialling, cancel := context.WithTimeout(ctx, s.cfg.DialWait)
	conn, err := s.via.Dial(dialling)
	cancel()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	s.mu.Lock()
	s.conn = conn
	s.link.Lost()
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.conn = nil
		s.link.Lost()
		s.mu.Unlock()
		_ = conn.Close()
	}()
	err = s.talk(ctx, conn)
	return time.Since(began), err
}

// talk asks until the connection is lost.
func (s *Site) talk(ctx context.Context, conn Conn) error {
	poll := time.NewTicker(s.cfg.Poll)
	defer poll.Stop()
	for {
		asked, err := s.askNext(ctx, conn)
		if err != nil {
			return err
		}
		if err := s.tellDesk(ctx); err != nil {
			return err
		}
		if asked {
			continue
		}
		var later <-chan time.Time
		if d := s.pausedFor(); d > 0 {
			later = time.After(d)
		}
		select {
		case <-later:
		case <-ctx.Done():
			return ctx.Err()
		case _, open := <-conn.Hints():
			if !open {
				return errLost
			}
			s.poke()
		case <-poll.C:
			s.poke()
		case <-s.changed:
		}
	}
}

// maxPause is the longest the platform may have events wait.
const maxPause = 5 * time.Minute

// pausedFor is how long the platform asked to be told of nothing more; it is
// read by the goroutine that asks, which alone hears the answers.
func (s *Site) pausedFor() time.Duration { return time.Until(s.pause) }

func (s *Site) poke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link.Poke()
}
