package broker

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Size is how large the stream is on the disk of each node that keeps it.
type Size struct {
	Bytes uint64
	// Max is the most it may become; 0 is no bound but the disk.
	Max uint64
}

// Size asks for it. It takes a handle of its own: the log's is the reader's.
func (l *Log) Size(ctx context.Context) (Size, error) {
	js, err := jetstream.New(l.conn)
	if err != nil {
		return Size{}, fmt.Errorf("ask how large the platform's stream is: %w", err)
	}
	s, err := js.Stream(ctx, l.cfg.Stream)
	if err != nil {
		return Size{}, fmt.Errorf("ask how large the platform's stream is: %w", err)
	}
	info := s.CachedInfo()
	return Size{Bytes: info.State.Bytes, Max: uint64(max(info.Config.MaxBytes, 0))}, nil
}
