package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Answers of a cluster that has no leader yet, or whose nodes have not all met
// (nats-server's errors.json). A stream is made where there is none, so one that
// is not found is just being made by another platform, whose answer was lost.
const (
	codeNoPeers     = 10005
	codeUnavailable = 10008
	codeNoStream    = 10059
)

const (
	// openWait is how long a cluster may take to be one: nodes that start at the
	// same moment as the platform have a leader after some seconds.
	openWait = time.Minute
	// openPause is between two tries.
	openPause = 250 * time.Millisecond
)

// openSettled opens the stream, and waits for a cluster that is still coming up.
func (l *Log) openSettled(ctx context.Context) error {
	until, told := time.Now().Add(openWait), false
	for {
		err := l.open(ctx)
		switch {
		case err == nil || ctx.Err() != nil || l.cfg.Replicas == 1 || !settling(err):
			return err
		case time.Now().After(until):
			return fmt.Errorf("%w; the cluster does not come up: more than half of its %d nodes have to run and reach each other, on settings made from one key file", err, l.cfg.Replicas)
		case !told:
			told = true
			l.log.Warn("the NATS cluster is not ready; it is waited for", "err", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(openPause):
		}
	}
}

// settling reports that an error may be gone in a moment.
func settling(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.ErrorCode == codeNoPeers || api.ErrorCode == codeUnavailable || api.ErrorCode == codeNoStream
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrJetStreamNotEnabled)
}

// dialFirst dials as the user of the log. A cluster none of whose nodes listens
// yet is waited for: machines start in any order.
func (b *Broker) dialFirst(ctx context.Context) (*nats.Conn, error) {
	for until, told := time.Now().Add(openWait), false; ; {
		conn, err := b.dial(ctx, userCore)
		if err == nil || ctx.Err() != nil || len(b.cfg.Servers) == 0 || !errors.Is(err, nats.ErrNoServers) || time.Now().After(until) {
			return conn, err
		}
		if !told {
			told = true
			b.log.Warn("no node of the NATS cluster listens; it is waited for")
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(openPause):
		}
	}
}
