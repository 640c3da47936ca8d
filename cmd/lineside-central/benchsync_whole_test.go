package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
	"github.com/lineside/lineside/vendors"
)

// wholeBox is a box entire but for its doors: link, front desk, database on
// disk.
type wholeBox struct {
	*site.Clerk
	db      *store.Store
	desk    *provision.Desk
	cfg     site.Config
	via     site.Transport
	news    func(lightNews)
	applied func(took time.Duration)
	state   site.State
	began   time.Time
}

func newWholeBox(dir string, b benchBox, platform seal.Verifier, via site.Transport) (*wholeBox, error) {
	key, err := seal.ParseKey(b.Key)
	if err != nil {
		return nil, err
	}
	own, err := store.NewKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	w := &wholeBox{via: via, began: time.Now(), cfg: site.Config{Site: b.ID, Platform: platform, Key: key, Anchor: filepath.Join(dir, "anchor"), Software: "bench"}}
	if w.db, err = store.Open(filepath.Join(dir, "lineside.db"), own, store.Config{}, store.Tools{}); err != nil {
		return nil, err
	}
	log, board := slog.New(slog.DiscardHandler), &health.Board{}
	w.desk, err = provision.New(provision.Config{Site: phone.Site{Name: "Bench", Zone: "UTC", Emergency: []string{"112"}}}, vendors.All(),
		provision.Stores{Devices: w.db, Policies: w.db, Sightings: w.db, Recorder: w.db, Leases: w.db, Users: w.db},
		provision.Tools{Log: log, Health: board, Metrics: metrics.New()})
	if err != nil {
		return nil, err
	}
	w.Clerk = site.NewClerk(site.ClerkConfig{Told: func(site.Status) {}, Now: time.Now}, w.desk, w.db, board, log)
	return w, nil
}

// run keeps the link until ctx ends.
func (w *wholeBox) run(ctx context.Context) error {
	s, err := site.New(w.cfg, wholeRecords{w.db}, w, w.via, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return errors.Join(s.Serve(ctx), w.db.Close())
}

// Told counts; it is called by one at a time.
func (w *wholeBox) Told(s site.Status) {
	if s.State == site.Linked && w.state != site.Linked {
		w.news(lightLinked)
	}
	w.state = s.State
	w.Clerk.Told(s)
}

// Apply has the desk carry a document out, and tells how long ago it was
// changed, if its label says when.
func (w *wholeBox) Apply(ctx context.Context, d wire.Doc, open func(string) ([]byte, error)) error {
	if err := w.Clerk.Apply(ctx, d, open); err != nil {
		return fmt.Errorf("the desk: %w", err)
	}
	now := time.Now()
	mac, err := phone.ParseMAC(d.Key)
	if err != nil {
		return nil // not a device's
	}
	held, err := w.db.Device(mac)
	if err != nil {
		return err
	}
	if nanos, err := strconv.ParseInt(held.Device.Label, 10, 64); err == nil {
		if sent := time.Unix(0, nanos); sent.After(w.began) {
			w.applied(now.Sub(sent))
		}
	}
	return nil
}

type wholeRecords struct{ s *store.Store }

func (r wholeRecords) Sync(ctx context.Context, f func(site.Tx) ([]audit.Record, error)) error {
	return r.s.Sync(ctx, func(tx *store.SyncTx) ([]audit.Record, error) { return f(tx) })
}
