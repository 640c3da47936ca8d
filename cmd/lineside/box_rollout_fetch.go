package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/time/rate"

	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

const (
	// fetchRate bounds what a release takes of the branch's line, in bytes a
	// second; fetchBurst is read at once.
	fetchRate, fetchBurst = 2 << 20, 64 << 10
	// fetchSpare is what has to stay free on the disk beside the release, of
	// which there are two while it is staged.
	fetchSpare = 256 << 20
)

// fetch has the whole release in the part file, going on where an earlier fetch
// of the same one ended.
func (r *rollout) fetch(ctx context.Context, w wire.Rollout) (err error) {
	if free, err := freeSpace(filepath.Dir(string(r.u.in))); err != nil || free < uint64(2*w.Size+fetchSpare) {
		return errors.Join(errors.New("the disk has no room for it"), err)
	}
	if err := os.MkdirAll(string(r.u.in), 0o700); err != nil {
		return fmt.Errorf("make the folder for releases: %w", err)
	}
	err = errNoDoor
	for _, door := range r.doors() {
		if err = r.fetchFrom(ctx, door, w); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (r *rollout) fetchFrom(ctx context.Context, door *site.HTTPS, w wire.Rollout) error {
	defer door.Client.CloseIdleConnections()
	f, err := os.OpenFile(r.u.in.path(fetchedPart), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("keep the release: %w", err)
	}
	defer func() { _ = f.Close() }() // it was synced
	sum := sha256.New()
	has, err := io.Copy(sum, f) // what is another's makes the digest wrong
	if err == nil && has > w.Size {
		has, err = 0, errors.Join(f.Truncate(0), rewind(f))
		sum.Reset()
	}
	if err != nil {
		return fmt.Errorf("read what has come of the release: %w", err)
	}
	if has < w.Size {
		r.say(fmt.Sprintf("%s is being fetched from the platform (%d of %d MiB)", w.Version, has>>20, w.Size>>20))
		in, err := door.Release(ctx, w.Version, has)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.MultiWriter(f, sum), io.LimitReader(slowly(ctx, in), w.Size-has))
		if err = errors.Join(err, in.Close(), f.Sync()); err != nil {
			return fmt.Errorf("fetch the release: %w", err)
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != w.SHA256 {
		if info, err := f.Stat(); err != nil || info.Size() < w.Size {
			return errors.Join(errors.New("the line to the platform was cut"), err)
		}
		return errors.Join(fmt.Errorf("what came has the SHA-256 %s, and the platform says %s", got, w.SHA256), f.Truncate(0))
	}
	return nil
}

func rewind(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// throttled reads no faster than its limit.
type throttled struct {
	ctx   context.Context
	in    io.Reader
	limit *rate.Limiter
}

func slowly(ctx context.Context, in io.Reader) io.Reader {
	return throttled{ctx, in, rate.NewLimiter(fetchRate, fetchBurst)}
}

// Read waits for what it has read.
func (t throttled) Read(p []byte) (int, error) {
	n, err := t.in.Read(p[:min(len(p), fetchBurst)])
	if wait := t.limit.WaitN(t.ctx, n); wait != nil {
		return n, wait
	}
	return n, err // io.EOF as it is: whoever copies compares it
}
