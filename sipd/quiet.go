package sipd

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Bounds of what the library may log.
const (
	quietRate  = 5 // lines a second
	quietBurst = 20
	quietText  = 200 // characters of one attribute: it logs whole datagrams
)

// quiet is a slog handler for the library: everything is Debug, bounded in
// number and length, for strangers can make it speak.
type quiet struct {
	slog.Handler
	limit *limit
}

type limit struct {
	mu sync.Mutex
	bucket
}

func (s *Server) quieted() *slog.Logger {
	return slog.New(quiet{s.dep.Log.Handler(), &limit{bucket: full(time.Now(), quietBurst)}})
}

// Enabled asks for Debug, whatever level the library gives its line.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo && q.Handler.Enabled(ctx, slog.LevelDebug)
}

// Handle writes a line, while there are not too many.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	q.limit.mu.Lock()
	ok := q.limit.take(r.Time, quietRate, quietBurst)
	q.limit.mu.Unlock()
	if !ok {
		return nil
	}
	line := slog.NewRecord(r.Time, slog.LevelDebug, "library: "+r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if text := a.Value.String(); len(text) > quietText {
			a.Value = slog.StringValue(text[:quietText] + "…")
		}
		line.AddAttrs(a)
		return true
	})
	return q.Handler.Handle(ctx, line)
}

// WithAttrs keeps the bounds on derived loggers.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quiet{q.Handler.WithAttrs(attrs), q.limit}
}

// WithGroup keeps the bounds on derived loggers.
func (q quiet) WithGroup(name string) slog.Handler {
	return quiet{q.Handler.WithGroup(name), q.limit}
}
