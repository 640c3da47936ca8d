package tftpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/provision"
)

// Desk answers what a caller gets.
type Desk interface {
	Fetch(ctx context.Context, ask provision.Ask) (provision.Answer, error)
}

// Config bounds the door. The zero value of a field means its default.
type Config struct {
	// SinglePort sends from the main port instead of one port for each transfer:
	// for phones behind a firewall that knows no TFTP.
	SinglePort bool
	// Near, if not nil, says whose requests are heard; others are dropped. It must
	// not block.
	Near func(netip.Addr) bool
	// MaxTransfers is how many transfers run at once, default 256, and PerClient
	// how many with one address, default 4. A request for one more takes the
	// place of a transfer that was never acknowledged, or of one of a host that
	// has more; where there is none it is dropped, and the phone asks again.
	MaxTransfers, PerClient int
	// BlockSize is the largest block, in bytes, that a phone may ask for with
	// blksize, default 1428: with all headers it goes through a tunnel unbroken.
	BlockSize int
	// Timeout is the wait for an acknowledgement, default 2 s; Retries how many
	// times a block is sent again, default 5. The first packet is sent again
	// twice at most.
	Timeout time.Duration
	Retries int
	// Longest bounds a whole transfer, default 10 min.
	Longest time.Duration
	// StopWithin is how long transfers may go on once Serve's ctx has ended,
	// default 5 s. What is left then is broken off.
	StopWithin time.Duration
}

// Outcomes, as metrics name them.
const (
	outcomeContent = "content" // all of it was acknowledged
	outcomeBroken  = "broken"  // begun, and not brought to an end
	outcomeRefused = "refused"
)

// counter and gauge are the parts of a metric a door needs.
type (
	counter interface{ Inc() }
	gauge   interface {
		Inc()
		Dec()
	}
)

// Server is the door.
type Server struct {
	cfg     Config
	desk    Desk
	log     *slog.Logger
	metrics *metrics.Set
	answers map[string]counter
	running gauge
	// complained is the Unix second of the last complaint.
	complained atomic.Int64
}

// New checks cfg and makes a door; it does no I/O.
func New(cfg Config, desk Desk, log *slog.Logger, set *metrics.Set) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, desk: desk, log: log.With("component", "tftpd"), metrics: set,
		answers: make(map[string]counter),
		running: set.Transfers.WithLabelValues(string(provision.TFTP)),
	}
	for _, o := range []string{outcomeContent, outcomeBroken, outcomeRefused} {
		s.answers[o] = set.Answers.WithLabelValues(string(provision.TFTP), o)
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		field *int
		value int
	}{{&c.MaxTransfers, 256}, {&c.PerClient, 4}, {&c.BlockSize, 1428}, {&c.Retries, 5}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&c.Timeout, 2 * time.Second}, {&c.Longest, 10 * time.Minute}, {&c.StopWithin, 5 * time.Second}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.BlockSize < 512 || c.BlockSize > 65464 {
		errs = append(errs, fmt.Errorf("block size %d: write 512 to 65464, 1428 where in doubt", c.BlockSize))
	}
	for _, n := range []int{c.MaxTransfers, c.PerClient, c.Retries} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("a bound of %d: write a positive number", n))
		}
	}
	for _, d := range []time.Duration{c.Timeout, c.Longest, c.StopWithin} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("a time-out of %s: write a positive one", d))
		}
	}
	return errors.Join(errs...)
}
