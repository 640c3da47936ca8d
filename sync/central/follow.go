package central

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// local is what a view knows of itself.
type local struct {
	// Schema is the form of the view; another one is made anew.
	Schema int `json:"schema"`
	// Identity is the log's it was made from, Applied the newest revision of it
	// that is in here, AsOf when that was the newest.
	Identity string    `json:"identity,omitempty"`
	Applied  uint64    `json:"applied,omitempty"`
	AsOf     time.Time `json:"as_of,omitzero"`
	// Boot is the name of the last process on this view.
	Boot string `json:"boot,omitempty"`
	// Lost is the epoch of a past that the log has lost, 0 if none was, until a
	// new epoch was begun.
	Lost int64 `json:"lost,omitempty"`
}

const schema = 1

var keyLocal = []byte("local")

func getLocal(b *bolt.Tx) (l local, err error) {
	text := b.Bucket(rootLocal).Get(keyLocal)
	if text == nil {
		return local{Schema: schema}, nil
	}
	return l, json.Unmarshal(text, &l)
}

func (p *Platform) setLocal(b *bolt.Tx, edit func(*local)) error {
	l, err := getLocal(b)
	if err != nil {
		return err
	}
	edit(&l)
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return b.Bucket(rootLocal).Put(keyLocal, text)
}

// follow catches up when another process may have written. newest is the
// revision heard of, 0 if none was.
func (p *Platform) follow(ctx context.Context, newest uint64) {
	if newest != 0 && newest <= p.applied.Load() {
		return
	}
	_, err := p.catchUp(ctx)
	if err == nil {
		err = p.start(ctx)
	}
	switch {
	case err != nil && !p.Deaf() && ctx.Err() == nil:
		p.log.Warn("the platform's stream cannot be read; sites are answered from what is known, nothing can be changed", "err", err)
		now := p.now()
		p.deaf.Store(&now)
	case err == nil && p.Deaf():
		p.log.Info("the platform's stream can be read again", "revision", p.applied.Load())
		p.deaf.Store(nil)
	}
}

// Deaf says that the log cannot be read: what is known is answered, and nothing
// can be changed.
func (p *Platform) Deaf() bool { return p.deaf.Load() != nil }

// maxDeaf is for how long a platform that cannot read the log lets boxes in by
// what it knew before: longer than a cluster takes to find another leader.
const maxDeaf = time.Minute

// hears is ErrBusy where the log could not be read for so long that a site may
// have joined or been revoked elsewhere meanwhile. It ends no connection: who was
// let in before is answered from what is known, as all of a platform is while its
// whole stream is away.
func (p *Platform) hears() error {
	since := p.deaf.Load()
	if since == nil || p.now().Sub(*since).Abs() < maxDeaf {
		return nil
	}
	return fmt.Errorf("%w: its stream could not be read for %s", ErrBusy, maxDeaf)
}

// Bounds of a view that has fallen behind.
const (
	// maxNews is how many entries one transaction takes in; who lacks more makes
	// the view anew.
	maxNews = 20_000
	// maxAway is for how long the log's marks of what was deleted can be relied
	// on (markFor).
	maxAway = 60 * 24 * time.Hour
)

var errFar = errors.New("too much was missed")

// catchUp applies what others wrote, all of it or nothing. It says whether
// there was any.
func (p *Platform) catchUp(ctx context.Context) (moved bool, err error) {
	from := p.applied.Load()
	var news []Entry
	newest, err := p.stream.Read(ctx, from, func(e Entry) error {
		if len(news) > maxNews {
			return errFar
		}
		news = append(news, e)
		return nil
	})
	if err == nil && p.now().Sub(p.asOf).Abs() > maxAway {
		err = errFar
	}
	switch {
	case errors.Is(err, ErrRewound):
		return true, p.rebuild(ctx, true)
	case errors.Is(err, errFar):
		return true, p.rebuild(ctx, false)
	case err != nil:
		return false, err
	}
	p.asOf = p.now()
	same := true
	if err := p.db.View(func(b *bolt.Tx) error { same, err = continues(b, from, news); return err }); err != nil {
		return false, err
	}
	if !same {
		return true, p.rebuild(ctx, true)
	}
	if newest == from {
		return false, nil
	}
	return true, p.take(news, newest)
}

// take applies entries in one transaction.
func (p *Platform) take(news []Entry, newest uint64) error {
	c := newChanges()
	err := p.db.Update(func(b *bolt.Tx) error {
		for _, e := range news {
			if err := apply(b, e.Key, e.Value, c); err != nil {
				return err
			}
		}
		return p.setLocal(b, func(l *local) { l.Applied, l.AsOf = newest, p.now().UTC() })
	})
	if err != nil {
		return fmt.Errorf("write the platform's view: %w", err)
	}
	p.applied.Store(newest)
	p.announce(c, nil)
	return nil
}

// continues says whether entries go on from the past this view knows. A log
// that was put back from a copy and has been written to since looks like the
// old one by its revisions; but whoever found it put back noted a start there
// that this view should have read, and names it in all it writes.
func continues(b *bolt.Tx, from uint64, news []Entry) (bool, error) {
	known, err := startsIn(lookUp(b, bucketMeta+"/"+metaBoots))
	if err != nil {
		return false, err
	}
	now := known
	var named []string
	for _, e := range news {
		switch bucket, _ := splitKey(e.Key); {
		case e.Rev <= from && !bytes.Equal(lookUp(b, e.Key), e.Value):
			return false, nil // it was read, and was another
		case e.Key == bucketMeta+"/"+metaBoots:
			if now, err = startsIn(e.Value); err != nil {
				return false, err
			}
		case bucket == bucketCommits && e.Value != nil:
			var r record
			if err := json.Unmarshal(e.Value, &r); err != nil {
				return false, err
			}
			named = append(named, r.Boot)
		}
	}
	return goesOn(known, now, named, from), nil
}

// goesOn compares the starts a view has read of up to a revision with those in
// the log now, and with those that are named there. The rules keep the newest
// thousand; one that is missing may be older than those.
func goesOn(known, now []boot, named []string, from uint64) bool {
	has := func(list []boot, id string) bool {
		return slices.ContainsFunc(list, func(b boot) bool { return b.ID == id })
	}
	full := len(now) >= maxStarts
	for _, b := range now {
		if b.After < from && !has(known, b.ID) {
			return false
		}
	}
	if n := len(known); n > 0 && !has(now, known[n-1].ID) && !(full && known[n-1].After < now[0].After) {
		return false
	}
	return !slices.ContainsFunc(named, func(id string) bool { return id != "" && !full && !has(now, id) })
}

// maxStarts is how many starts the rules keep.
const maxStarts = 1000

func startsIn(raw []byte) (list []boot, err error) {
	if raw == nil {
		return nil, nil
	}
	return list, json.Unmarshal(raw, &list)
}
