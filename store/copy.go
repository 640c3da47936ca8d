package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Backup writes a whole copy of the database to w, as of one moment, while
// changes go on. Secrets in it stay sealed: it is worth nothing without the
// site key, which is not in it. It needs as much free space beside the
// database as that takes.
func (s *Store) Backup(w io.Writer) error {
	return s.Copied(func(copied io.Reader, _ int64) error {
		_, err := io.Copy(w, copied)
		return err
	})
}

// Copied is Backup for who must know how long the copy is before the first byte
// of it.
func (s *Store) Copied(use func(copied io.Reader, size int64) error) error {
	s.copies.Lock()
	defer s.copies.Unlock()
	tmp := s.path + ".backup.new"
	defer os.Remove(tmp)
	if err := s.copyTo(context.Background(), tmp); err != nil {
		return fmt.Errorf("back up store: %w", err)
	}
	f, err := os.Open(tmp)
	if err != nil {
		return fmt.Errorf("back up store: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = use(f, info.Size())
	}
	if err != nil {
		return fmt.Errorf("back up store: %w", err)
	}
	return nil
}

// KeepGood puts a verified copy beside the database, in place of the last one,
// for Open to fall back on. An error leaves the last one as it was.
func (s *Store) KeepGood(ctx context.Context) error {
	s.copies.Lock()
	defer s.copies.Unlock()
	good := goodPath(s.path)
	tmp := good + ".new"
	err := s.copyTo(ctx, tmp)
	if err == nil {
		err = moveInto(tmp, good)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep a good copy: %w", err), removeIfThere(tmp))
	}
	return nil
}

// Restore puts a backup in the place of the database at path, which nobody may
// have open, and gives the name the old one now has. What must not be used
// twice is burnt when the database is next opened; its Report says so.
func Restore(path, backup string, key Key, now time.Time) (aside string, err error) {
	return RestoreUnder(path, backup, key, key, now)
}

// RestoreUnder is Restore for a backup made under another site key than the
// box has now: it is sealed anew on the way.
func RestoreUnder(path, backup string, was, is Key, now time.Time) (aside string, err error) {
	tmp := path + ".restore.new"
	if err := copyFile(backup, tmp); err != nil {
		return "", fmt.Errorf("restore %s: %w", backup, err)
	}
	err = markCopy(tmp, was, now)
	if err == nil && was != is {
		err = rekeying{from: was, to: is, now: now}.rekeyFile(tmp)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("restore %s: %w", backup, err), removeIfThere(tmp))
	}
	if _, err := os.Stat(path); err == nil {
		db, err := openBolt(path, 0)
		if errors.Is(err, ErrInUse) {
			return "", errors.Join(fmt.Errorf("restore to %s: %w", path, err), removeIfThere(tmp))
		}
		closeDamaged(db, nil) // a damaged one is what restoring is for
		if aside, err = setAside(path, "replaced", now); err != nil {
			return "", fmt.Errorf("restore to %s: %w", path, err)
		}
	}
	if err := moveInto(tmp, path); err != nil {
		return aside, fmt.Errorf("restore to %s: %w", path, err)
	}
	return aside, nil
}

// Unrestore takes a Restore back: the database that was set aside is in its place
// again, with its journal, and the restored one is gone. Nobody may have either open.
func Unrestore(path, aside string) error {
	err := moveInto(journalPath(aside), journalPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		err = removeIfThere(journalPath(path)) // of the restored one
	}
	if err == nil {
		err = moveInto(aside, path)
	}
	if err != nil {
		return fmt.Errorf("take the restored database back: %w", err)
	}
	return nil
}

// copyTo writes a copy to name, marks it as one, and verifies it. All that was
// acknowledged before is in it.
func (s *Store) copyTo(ctx context.Context, name string) error {
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = s.read(func(tx *bolt.Tx) error {
		_, err := tx.WriteTo(ctxWriter{ctx, f})
		return err
	})
	if err = errors.Join(ctx.Err(), err, f.Close()); err != nil { // the database hides the context's error
		return err
	}
	return markCopy(name, s.key, s.clock.time())
}

// markCopy verifies the database at name and makes it known as a copy, unless
// it is already. It is on disk when this returns.
func markCopy(name string, key Key, now time.Time) error {
	db, err := openBolt(name, 0)
	if err != nil {
		return err
	}
	m, err := verified(db, key, now)
	if err == nil {
		if m.meta.Copied.IsZero() {
			m.meta.Copied = stamp(now)
		}
		m.meta.Round = "" // whatever journal it comes to lie beside is not its own
		// The commit also flushes what was copied before.
		err = db.Update(func(tx *bolt.Tx) error { return errors.Join(dropSessions(tx), putMeta(tx, m.meta)) })
	}
	return errors.Join(err, db.Close())
}

// verified reads all of a database that is not in use, and brings it to this
// build's schema.
func verified(db *bolt.DB, key Key, now time.Time) (m *memory, err error) {
	if err = upgrade(db, migrating{key, now}, migrations); err == nil {
		m, err = readAll(db, key)
	}
	if err == nil {
		err = checkPages(db)
	}
	return m, err
}

// read runs f in a transaction that sees the last commit.
func (s *Store) read(f func(*bolt.Tx) error) error {
	err := guarded(func() error { return s.db.View(f) })
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

func removeIfThere(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ctxWriter ends a long copy when its context does.
type ctxWriter struct {
	ctx context.Context
	w   io.Writer
}

func (w ctxWriter) Write(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(b)
}
