package central

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

// rebuild makes the view anew from the log and puts it in the old one's place;
// until then the old one answers. rewound says that the log was found put
// back; if it was, a new epoch is to begin.
func (p *Platform) rebuild(ctx context.Context, rewound bool) error {
	began := time.Now()
	path := p.path + ".new"
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := openView(path)
	if err != nil {
		return err
	}
	n, newest, err := p.readAll(ctx, db)
	if err == nil {
		err = p.inherit(db, newest, rewound)
	}
	if err == nil {
		err = p.replace(db, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("make the platform's view anew: %w", err), db.Close(), os.Remove(path))
	}
	p.applied.Store(newest)
	p.asOf = p.now()
	p.log.Info("the platform's view was made anew from its stream", "entries", n, "revision", newest, "dur", time.Since(began).Round(time.Millisecond))
	p.hintAll()
	return p.loadAllow()
}

// A transaction of a view that is made holds so many entries; it says how far
// it has got every so often.
const (
	sliceEntries = 5000
	tellEvery    = 100_000
)

// readAll reads the whole log. Nothing of it is synced before it is complete.
func (p *Platform) readAll(ctx context.Context, db *bolt.DB) (n int, newest uint64, err error) {
	db.NoSync = true
	defer func() { db.NoSync = false }()
	var slice []Entry
	flush := func() error {
		err := db.Update(func(b *bolt.Tx) error {
			c := newChanges()
			for _, e := range slice {
				if err := apply(b, e.Key, e.Value, c); err != nil {
					return err
				}
			}
			return nil
		})
		slice = slice[:0]
		return err
	}
	newest, err = p.stream.Read(ctx, 0, func(e Entry) error {
		if n++; n%tellEvery == 0 {
			p.log.Info("the platform's view is being made anew from its stream", "entries", n, "revision", e.Rev)
		}
		if slice = append(slice, e); len(slice) < sliceEntries {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		err = db.Sync()
	}
	return n, newest, err
}

// past is what a view knows of the log's past.
type past struct {
	local
	epoch  int64
	starts []boot
}

func pastOf(b *bolt.Tx) (f past, err error) {
	if f.local, err = getLocal(b); err != nil {
		return f, err
	}
	if raw := lookUp(b, bucketMeta+"/"+metaEpoch); raw != nil {
		err = json.Unmarshal(raw, &f.epoch)
	}
	if err == nil {
		f.starts, err = startsIn(lookUp(b, bucketMeta+"/"+metaBoots))
	}
	return f, err
}

// inherit notes in the new view what the old one knew and the log does not say.
func (p *Platform) inherit(db *bolt.DB, newest uint64, rewound bool) error {
	var was past
	if err := p.db.View(func(b *bolt.Tx) (err error) { was, err = pastOf(b); return err }); err != nil {
		// One that cannot be read says nothing; sites' cursors still do (R7).
		p.log.Warn("what the platform's old view knew cannot be read", "err", err)
		was = past{}
	}
	return db.Update(func(b *bolt.Tx) error {
		is, err := pastOf(b)
		if err != nil {
			return err
		}
		lost := was.Lost
		if was.Identity != "" && (rewound || was.Identity != p.stream.Identity() || was.Applied > newest || !goesOn(was.starts, is.starts, nil, was.Applied)) {
			lost = max(was.epoch, 1)
			p.unstarted = true
			p.log.Warn("the platform's stream was put back from a copy: a new epoch begins, one-time passwords that are out count no longer",
				"had", was.Applied, "has", newest)
		}
		return p.setLocal(b, func(l *local) {
			*l = local{Schema: schema, Identity: p.stream.Identity(), Applied: newest, AsOf: p.now().UTC(), Boot: was.Boot, Lost: lost}
		})
	})
}

// replace puts a view in the old one's place, on disk and in use.
func (p *Platform) replace(db *bolt.DB, path string) error {
	if err := os.Rename(path, p.path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(p.path))
	if err != nil {
		return err
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return err
	}
	p.swap.Lock()
	defer p.swap.Unlock()
	old := p.db
	p.db = db
	return old.Close()
}
