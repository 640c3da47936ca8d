package site

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// Choice is the transport that works, of several. It tries one at each dial,
// the next one where that fails, so that a fleet whose platform is away knocks
// no more often than with one transport; what works is kept. While a worse one
// is in use the better ones are tried beside it now and then.
type Choice struct {
	all []Transport
	cfg ChoiceConfig

	mu     sync.Mutex // guards the rest
	next   int
	worked []bool
	failed []error // of this round, by transport
	rounds int     // in which none worked
}

// ChoiceConfig is how patient a Choice is.
type ChoiceConfig struct {
	// Again is how long a worse transport is used before a better one is tried;
	// 0 is 3 hours. Soon is that where the better one has worked before: the
	// platform was away for a while, not the way to it blocked; 0 is 5 minutes.
	Again, Soon time.Duration
	// Wait is how long that try may take, and a dial over what has not worked yet
	// where there are others: what is blocked may not say so. It is twice as long
	// once all have failed, and so on, for the platform may be there and have a
	// line. 0 is 10 seconds.
	Wait time.Duration
}

// NewChoice chooses among transports, the best first.
func NewChoice(cfg ChoiceConfig, all ...Transport) (*Choice, error) {
	if len(all) == 0 {
		return nil, errors.New("sync: the platform offers no way to reach it: join it anew with `lineside join TOKEN`")
	}
	cfg.Again = orDefault(cfg.Again, 3*time.Hour)
	cfg.Soon = orDefault(cfg.Soon, 5*time.Minute)
	cfg.Wait = orDefault(cfg.Wait, 10*time.Second)
	return &Choice{all: all, cfg: cfg, worked: make([]bool, len(all)), failed: make([]error, len(all))}, nil
}

// String names the transport in use, or the one tried next.
func (c *Choice) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all[c.next].String()
}

// Dial tries the transport whose turn it is. Its error holds why each of them
// failed last.
func (c *Choice) Dial(ctx context.Context) (Conn, error) {
	c.mu.Lock()
	at := c.next
	most, bounded := c.patienceLocked(at)
	c.mu.Unlock()
	dialling, cancel := ctx, func() {}
	if bounded {
		dialling, cancel = context.WithTimeout(ctx, most)
	}
	conn, err := c.all[at].Dial(dialling)
	cancel()
	if err != nil {
		return nil, c.fail(at, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.worked[at] = true
	c.rounds = 0
	clear(c.failed)
	if at == 0 {
		return conn, nil
	}
	return c.beside(context.WithoutCancel(ctx), conn, at), nil
}

// maxRounds is how often the time of a dial doubles.
const maxRounds = 4

// patienceLocked is how long a dial over a transport may take at most; bounded is
// false where only who asked for it says.
func (c *Choice) patienceLocked(at int) (most time.Duration, bounded bool) {
	return c.cfg.Wait << min(c.rounds, maxRounds), len(c.all) > 1 && !c.worked[at]
}

// fail gives the next transport its turn, unless it was the platform itself
// that refused: that is the same over all.
func (c *Choice) fail(at int, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed[at] = err
	var no refusal
	if errors.As(err, &no) {
		c.next = 0
		clear(c.failed)
		return err
	}
	if c.next = (at + 1) % len(c.all); c.next == 0 {
		c.rounds++
	}
	return noneWorked(slices.DeleteFunc(slices.Clone(c.failed), func(e error) bool { return e == nil }))
}

// noneWorked is one error of several transports, each with its own reason.
type noneWorked []error

func (n noneWorked) Error() string {
	var all []string
	for _, err := range n {
		all = append(all, err.Error())
	}
	return strings.Join(all, "; ")
}

// Unwrap gives the reasons, for errors.Is and errors.As.
func (n noneWorked) Unwrap() []error { return n }

// worse is a connection over a transport that is not the best.
type worse struct {
	Conn
	stop  context.CancelFunc
	ended chan struct{}
}

// beside keeps a connection, and tries the better transports while it lasts.
// c.mu is held.
func (c *Choice) beside(ctx context.Context, conn Conn, at int) Conn {
	ctx, stop := context.WithCancel(ctx)
	w := &worse{Conn: conn, stop: stop, ended: make(chan struct{})}
	wait := c.cfg.Again
	for better := range at {
		if c.worked[better] {
			wait = c.cfg.Soon
		}
	}
	go func() {
		defer close(w.ended)
		c.improve(ctx, conn, at, wait)
	}()
	return w
}

// improve ends the connection as soon as a better transport works; the next
// dial takes that one.
func (c *Choice) improve(ctx context.Context, conn Conn, at int, wait time.Duration) {
	for ; ; wait = min(2*wait, c.cfg.Again) {
		if !sleep(ctx, wait/2+rand.N(wait/2+1)) {
			return
		}
		for better := range at {
			if c.works(ctx, better) {
				_ = conn.Close()
				return
			}
		}
	}
}

func (c *Choice) works(ctx context.Context, which int) bool {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Wait)
	defer cancel()
	conn, err := c.all[which].Dial(ctx)
	if err != nil {
		return false
	}
	_ = conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = which
	return true
}

// Close ends the connection and the tries beside it.
func (w *worse) Close() error {
	w.stop()
	<-w.ended
	if err := w.Conn.Close(); err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	return nil
}
