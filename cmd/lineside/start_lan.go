package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// While a box waits for its LAN.
const (
	lanEvery = time.Second
	// lanTold is how often it is said, and how much longer systemd is asked to wait.
	lanTold = 30 * time.Second
)

// absentError is a LAN that is not there yet, or no more: its text says what is
// missing, what phones notice and what to do.
type absentError struct{ text string }

// Error is the text.
func (e *absentError) Error() string { return e.text }

func absent(format string, args ...any) error { return &absentError{fmt.Sprintf(format, args...)} }

// startOnLAN is startAgain for a box that may be up before its LAN: after a power
// cut switches take minutes, and a service that gave up meanwhile would stay down. A port of an address that is
// nowhere counts as well.
// Where somebody types the command it ends at once, with the reason.
func (p *program) startOnLAN(ctx context.Context, path string, last *attempt) (*box, attempt, error) {
	b, used, err := p.startAgain(ctx, path, last)
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return b, used, err
	}
	log := newLogger(p.err, slog.LevelInfo, underJournal(p.err, os.Getenv("JOURNAL_STREAM")))
	tick := time.NewTicker(lanEvery)
	defer tick.Stop()
	var told time.Time
	for missing := (*absentError)(nil); errors.As(err, &missing); b, used, err = p.start(ctx, path, last) {
		if time.Since(told) >= lanTold {
			told = time.Now()
			log.Warn("the box waits for its LAN", "err", missing)
			notify(log, fmt.Sprintf("STATUS=waits for its LAN: %s\nEXTEND_TIMEOUT_USEC=%d", missing.text, (3*lanTold).Microseconds()))
		}
		select {
		case <-ctx.Done():
			return nil, attempt{}, ctx.Err()
		case <-tick.C:
		}
	}
	if !told.IsZero() && err == nil {
		log.Info("the LAN is there")
		notify(log, "STATUS=")
	}
	return b, used, err
}
