package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/lineside/lineside/shell"
)

// attempt is settings a start is tried with.
type attempt struct {
	settings settings
	where    lan
	over     overlay // that was laid over the file
}

// serve is the daemon proper: one box after the other, each made anew of the
// settings as they are then, until one ends for another reason than to make room
// for the next.
func (p *program) serve(ctx context.Context, path string) error {
	// Between two boxes nobody waits for the signal, and it must not kill.
	hold := make(chan os.Signal, 1)
	signal.Notify(hold, syscall.SIGHUP)
	defer signal.Stop(hold)
	if p.handed == nil {
		p.handed = inherit(activation.Files(true))
	}
	var last *attempt
	var put *putBack // a backup, between the last two
	for {
		b, used, err := p.startOnLAN(ctx, path, last)
		if err != nil && put.undo(err) { // it may be what does not start
			b, used, err = p.startAgain(ctx, path, last)
		}
		if err != nil {
			return err
		}
		b.tellPutBack(ctx, put)
		if err = p.runDaemon(ctx, b, used.over); !errors.Is(err, errAgain) {
			return err
		}
		last, put = &used, p.putBack(b)
	}
}

// Waits between starts after a box that ended to make room, the last one's included.
const (
	firstAgain = 100 * time.Millisecond
	lastAgain  = 3200 * time.Millisecond
)

// startAgain is start, tried for some seconds where a box was up a moment ago: one
// of its ports may have been somebody's just then. The first box has systemd for
// that.
func (p *program) startAgain(ctx context.Context, path string, last *attempt) (*box, attempt, error) {
	b, used, err := p.start(ctx, path, last)
	for wait := firstAgain; err != nil && last != nil && wait <= lastAgain; wait *= 2 {
		daemonLogger(p.err, slog.LevelInfo).Warn("the box did not start anew and tries again", "err", err)
		pause := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil, attempt{}, err
		case <-pause.C:
		}
		b, used, err = p.start(ctx, path, last)
	}
	return b, used, err
}

// start opens a box on the newest settings or, where those do not start, on the
// ones of before: of the box that just ended, or else those whose overlay was up
// last. What was changed on a page must not cost the site its box.
func (p *program) start(ctx context.Context, path string, last *attempt) (*box, attempt, error) {
	var newest error // why the newest do not start
	for _, load := range tries(path, last) {
		a, err := load()
		a.settings.Slots = p.slots
		var b *box
		if err == nil {
			b, err = openBox(ctx, a.settings, a.where, p.handed, daemonLogger(p.err, a.settings.Level))
		}
		if err == nil {
			if newest != nil {
				b.fellBack(newest)
			}
			return b, a, nil
		}
		if newest == nil {
			newest = err
		}
	}
	return nil, attempt{}, newest
}

// tries are the settings to be tried, the newest first.
func tries(path string, last *attempt) []func() (attempt, error) {
	list := []func() (attempt, error){func() (attempt, error) { return attemptWith(path, overlayName) }}
	if last != nil {
		return append(list, func() (attempt, error) { return last.again() })
	}
	if before, ok := overlayBefore(path); ok {
		list = append(list, func() (attempt, error) { return attemptWith(path, before) })
	}
	return list
}

// attemptWith reads the settings at path with the overlay of that name.
func attemptWith(path, overlay string) (attempt, error) {
	l, err := readLayers(path, overlay)
	if err != nil {
		return attempt{}, err
	}
	a := attempt{over: l.over}
	if a.settings, err = l.settings(); err != nil {
		return attempt{}, err
	}
	a, err = a.again()
	var wrong problems
	if errors.As(err, &wrong) {
		err = shell.Hint(err, "lineside check --config %s says all that is wrong", path)
	}
	return a, err
}

// again finds the LAN of settings as it is now.
func (a attempt) again() (attempt, error) {
	nics, err := systemNICs()
	if err != nil {
		return attempt{}, err
	}
	if a.where, err = findLAN(a.settings.Listen, nics); err != nil {
		return attempt{}, err
	}
	if wrong := checkDHCP(a.settings, a.where); len(wrong) > 0 {
		return attempt{}, wrong
	}
	return a, nil
}

// overlayBefore is the overlay to fall back to at a start that knows no box before
// it: the good one, or none where none was ever up. There is nothing to fall back to
// where the newest is that already.
func overlayBefore(path string) (name string, ok bool) {
	l, err := readLayers(path, "")
	if err != nil {
		return "", false
	}
	newest, err := readBounded(filepath.Join(l.state(), overlayName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	good, bad := readBounded(filepath.Join(l.state(), goodName))
	if bad != nil {
		return "", true
	}
	return goodName, err != nil || !bytes.Equal(newest, good)
}

// keepGoodOverlay notes the overlay with which the box is up.
func keepGoodOverlay(state string, o overlay) error {
	path := filepath.Join(state, goodName)
	was, err := readBounded(path)
	if bytes.Equal(was, o.text) && (err == nil || len(o.text) == 0) {
		return nil
	}
	if len(o.text) == 0 {
		return os.Remove(path)
	}
	o.path = path
	return o.write()
}

// runDaemon runs a box with systemd told how far it is. It gives errAgain where
// the box ended to start anew.
func (p *program) runDaemon(ctx context.Context, b *box, used overlay) error {
	b.log.Info("lineside starts", "version", thisBuild().Version, "site", b.settings.Site.Name, "self", b.where.Self, "iface", b.where.Interface)
	if b.settings.NoFile {
		b.log.Info("there is no settings file: the box runs on the defaults and on what is set on its page", "file", b.settings.Path, "address", b.page())
	}
	for _, l := range b.listeners {
		b.log.Info("door is open", "front", l.Name, "address", l.Address, "from", cmp.Or(l.From, "the box"))
	}
	running, end := context.WithCancelCause(ctx)
	defer end(nil)
	b.again = func() { end(errAgain) }
	b.doors = append(append(b.doors, newServer("farewell", b.farewell)), p.also...)
	if patience := watchdogPatience(); patience > 0 {
		alive := func() { notify(b.log, daemon.SdNotifyWatchdog) }
		b.doors = append(b.doors, newServer("watchdog", newWatchdog(patience, slices.Concat(b.base, b.doors), alive, b.log).run))
	}
	err := b.run(running, func() {
		if err := keepGoodOverlay(b.settings.State, used); err != nil {
			b.log.Warn("the settings that are up could not be noted; a start that fails would fall back to older ones", "err", err)
		}
		notify(b.log, daemon.SdNotifyReady)
	})
	switch {
	case ctx.Err() == nil && err == nil && errors.Is(context.Cause(running), errAgain):
		return errAgain
	case errors.Is(err, context.Canceled):
		return nil
	}
	return err
}

// farewell says why the box ends, once it does.
func (b *box) farewell(ctx context.Context) error {
	<-ctx.Done()
	if errors.Is(context.Cause(ctx), errAgain) {
		b.log.Info("lineside starts anew; requests in flight are finished first")
		notifyReloading(b.log)
		if watchdogPatience() > 0 {
			notify(b.log, daemon.SdNotifyWatchdog) // between two boxes nobody says so
		}
		return nil
	}
	b.log.Info("lineside stops; requests in flight are finished first")
	notify(b.log, daemon.SdNotifyStopping)
	return nil
}

// watchdogPatience is after how long without a word systemd takes the box for dead
// (WatchdogSec=); 0 is never.
func watchdogPatience() time.Duration {
	patience, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0
	}
	return patience
}

// notify tells systemd; without it nothing happens.
func notify(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd could not be told", "state", state, "err", err)
	}
}

// notifyReloading tells systemd that READY is to come once more. It wants the
// moment, by the clock that only goes forward (sd_notify(3)).
func notifyReloading(log *slog.Logger) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		log.Warn("systemd could not be told", "state", daemon.SdNotifyReloading, "err", err)
		return
	}
	notify(log, fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, now.Nano()/1000))
}
