package voice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"github.com/lineside/lineside/metrics"
)

// Errors of Open.
var (
	// ErrFull says that as many calls run as may: the answer is 486.
	ErrFull = errors.New("as many calls run as may")
	// ErrStopped says that the box is stopping: the answer is 503.
	ErrStopped = errors.New("no calls are taken any more")
)

// front is the label of this package's metrics.
const front = "voice"

// tick is how often sound is sent and dialogues are looked at.
const tick = 20 * time.Millisecond

// Config bounds the calls. The zero value of a field means its default.
type Config struct {
	// MaxCalls is how many calls run at once, default 100. Legs of emergency
	// calls are not counted.
	MaxCalls int
}

// Conn is the socket of one call, a *net.UDPConn bound to the local address that
// stands in the descriptions. The call closes it.
type Conn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
	LocalAddr() net.Addr
	Close() error
}

type counter interface{ Inc() }

// Calls are all running calls. One goroutine sends for all of them; each has one
// more that reads.
type Calls struct {
	cfg     Config
	prompts *Prompts
	log     *slog.Logger
	panics  counter
	dropped map[drop]counter
	wake    chan struct{} // a call was opened
	readers sync.WaitGroup

	mu      sync.Mutex
	stopped bool
	counted int // those under MaxCalls
	open    []*Call
}

// drop is why a packet is thrown away.
type drop string

const (
	malformed drop = "malformed" // no RTP, or of no negotiated payload type
	stranger  drop = "stranger"  // from an address that has no part in the call
	flood     drop = "flood"     // more than sound can be
)

// New makes the calls of a box; it does no I/O. Serve has to run for them to be
// heard.
func New(cfg Config, prompts *Prompts, log *slog.Logger, set *metrics.Set) (*Calls, error) {
	if cfg.MaxCalls == 0 {
		cfg.MaxCalls = 100
	}
	if cfg.MaxCalls < 0 {
		return nil, fmt.Errorf("a bound of %d calls: write a positive number", cfg.MaxCalls)
	}
	c := &Calls{
		cfg: cfg, prompts: prompts, log: log.With("component", front),
		panics: set.Panics.WithLabelValues(front), dropped: make(map[drop]counter),
		wake: make(chan struct{}, 1),
	}
	for _, d := range []drop{malformed, stranger, flood} {
		c.dropped[d] = set.Dropped.WithLabelValues(front, string(d))
	}
	return c, nil
}

// Serve sends the sound of all calls and keeps their dialogues going, until ctx
// ends; then it closes them all and waits for them. It sleeps while there is no
// call.
func (c *Calls) Serve(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			for _, call := range c.stop() {
				call.Close()
			}
			c.readers.Wait()
			return nil
		case <-c.wake:
			c.pace(ctx)
		}
	}
}

// pace ticks until there is no call any more.
func (c *Calls) pace(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var calls []*Call
	var frame [maxPacket]byte
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if calls = c.running(calls[:0]); len(calls) == 0 {
			return
		}
		now := time.Now()
		for _, call := range calls {
			c.step(call, now, frame[:])
		}
		clear(calls) // a closed call is not kept from being freed
	}
}

// step lets one call send what is due. A panic in it ends that call alone.
func (c *Calls) step(call *Call, now time.Time, frame []byte) {
	defer c.recovered(call)
	call.step(now, frame)
}

// recovered is deferred by every goroutine that touches what came from outside.
func (c *Calls) recovered(call *Call) {
	if r := recover(); r != nil {
		c.panics.Inc()
		c.log.Error("panic in a call; it is ended", "err", r, "stack", string(debug.Stack()))
		call.Close()
	}
}

// Running is how many calls there are, emergency legs included.
func (c *Calls) Running() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

func (c *Calls) running(list []*Call) []*Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append(list, c.open...)
}

func (c *Calls) stop() []*Call {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	return c.running(nil)
}

// enter takes a call up, and its reader with it.
func (c *Calls) enter(call *Call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.stopped:
		return ErrStopped
	case call.leg.Emergency:
	case c.counted >= c.cfg.MaxCalls:
		return ErrFull
	default:
		c.counted++
	}
	c.open = append(c.open, call)
	c.readers.Add(1)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return nil
}

// leave forgets a call.
func (c *Calls) leave(call *Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, other := range c.open {
		if other != call {
			continue
		}
		last := len(c.open) - 1
		c.open[i], c.open[last] = c.open[last], nil
		c.open = c.open[:last]
		if !call.leg.Emergency {
			c.counted--
		}
		return
	}
}
