package update

import (
	"context"
	"io"
)

// Slots are the two places a program, or a whole root, can lie in: the one in
// use and the other. Each call is finished on disk when it returns, may be made
// again after a power cut, and then comes to the same.
type Slots interface {
	// Write puts content into the slot that is not in use. Nothing else changes:
	// a start meanwhile, or after an error, is one of what is in use.
	Write(ctx context.Context, version string, content io.Reader) error
	// Try has the written slot count at the next start, and remembers what counted
	// before. A root may fall back by itself if that start fails.
	Try() error
	// Good has the tried slot stay.
	Good() error
	// Back has what counted before the last Try count at the next start. Without
	// one it changes nothing.
	Back() error
}

// Box is the box's service as the helper sees it.
type Box interface {
	// Vitals asks the running program.
	Vitals(ctx context.Context) (Vitals, error)
	// Restart starts the service anew, on what counts then, and returns when it is
	// READY. With a kind of Image the machine is started anew, and ErrReboot is
	// the answer: Resume goes on.
	Restart(ctx context.Context) error
}

// Safe keeps the state as it was before an update.
type Safe interface {
	// Backup takes a copy of the state, in place of one of before.
	Backup(ctx context.Context) error
	// Restore stops the service and puts the copy back. The next Restart
	// starts it.
	Restore(ctx context.Context) error
}

// Ledgers keep the ledger; what Save has returned from is on disk.
type Ledgers interface {
	Load() (Ledger, error)
	Save(Ledger) error
}
