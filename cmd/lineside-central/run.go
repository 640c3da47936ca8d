package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/central"
)

func (p *program) runCommand() *cobra.Command {
	var sample bool
	cmd := &cobra.Command{
		Use: "run", Short: "Be the platform, until told to stop", Args: shell.NoArgs,
		Long: "Be the platform, until told to stop by SIGTERM or an interrupt.\n\nWithout settings it keeps everything in " + defaultDir + " (or --dir), makes its own\nkeys, CA and first admin token there, and says what to do next.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if sample {
				_, err := p.out.Write(sampleSettings)
				return err
			}
			s, err := p.loadSettings()
			if err != nil {
				return err
			}
			return p.serve(cmd.Context(), s)
		},
	}
	cmd.Flags().BoolVar(&sample, "sample", false, "print a settings file with every key, and end")
	return cmd
}

// newLogger writes text; journald stamps every line itself.
func (p *program) newLogger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(p.err, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey && os.Getenv("JOURNAL_STREAM") != "" {
			return slog.Attr{}
		}
		return a
	}}))
}

// serve is the platform proper.
func (p *program) serve(ctx context.Context, s settings) (err error) {
	log := p.newLogger(s.Log.Level)
	f, err := openPlatform(ctx, s, p.now, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.open(); err != nil {
		return err
	}
	if err := p.greet(f); err != nil {
		return err
	}
	return f.serve(ctx, func() {
		notify(log, daemon.SdNotifyReady)
		if p.ready != nil {
			p.ready(f)
		}
	})
}

// notify tells systemd; without it nothing happens.
func notify(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd could not be told", "state", state, "err", err)
	}
}

// serve runs every part until ctx ends or one fails. It is ready once boxes can
// connect over NATS, which is the last door to open.
func (f *platform) serve(ctx context.Context, ready func()) error {
	g, ctx := errgroup.WithContext(ctx)
	part := func(name string, run func(context.Context) error) {
		g.Go(func() error {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if ctx.Err() == nil {
				return fmt.Errorf("%s: ended by itself", name)
			}
			return nil
		})
	}
	part("broker", func(ctx context.Context) error { return f.broker.Serve(ctx, f.central) })
	part("HTTPS of boxes", func(ctx context.Context) error { return serveHTTP(ctx, f.sites, f.sitesHandler(), f.log) })
	part("operators' API", func(ctx context.Context) error { return serveHTTP(ctx, f.api, f.apiHandler(), f.log) })
	part("allow-list", func(ctx context.Context) error {
		return f.central.ServeAllow(ctx, central.AllowFiles{NGINX: f.settings.Allow.NGINX, NFTables: f.settings.Allow.NFTables, Board: f.board})
	})
	part("upkeep", f.upkeep)
	part("room", f.watchRoom)
	g.Go(func() error {
		<-ctx.Done()
		f.log.Info("the platform stops; requests in flight are finished first")
		notify(f.log, daemon.SdNotifyStopping)
		return nil
	})
	g.Go(func() error {
		select {
		case <-f.broker.Ready():
			ready()
		case <-ctx.Done():
		}
		return nil
	})
	return g.Wait()
}

// firstSweep is when a platform that was started looks for what is old. That
// reads every document, and a fleet that comes back has the processor first.
const firstSweep = 10 * time.Minute

// upkeep finishes what a crash cut short, and drops what is old once a day.
func (f *platform) upkeep(ctx context.Context) error {
	if err := f.central.GoOn(); err != nil {
		f.log.Error("what was begun before is not finished", "err", err)
	}
	sweep := time.NewTimer(firstSweep)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sweep.C:
		}
		if err := f.central.Sweep(); err != nil && ctx.Err() == nil {
			f.log.Error("what is old stays", "err", err)
		}
		sweep.Reset(24 * time.Hour)
	}
}

// Bounds of a connection. Streams of hints have no end, so an answer has none;
// what a caller sends has.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10
	drainTimeout  = 10 * time.Second
)

// serveHTTP answers on a listener until ctx ends; what runs then is finished,
// but for streams.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	srv := &http.Server{Handler: hurried(h, bodyTimeout), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return base }, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, done := context.WithTimeout(base, drainTimeout)
	defer done()
	stream := time.AfterFunc(time.Second, cut) // streams go on by themselves
	defer stream.Stop()
	if err := srv.Shutdown(drain); err != nil {
		_ = srv.Close() // whoever is left had its time
	}
	<-ended
	return nil
}
