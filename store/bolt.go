package store

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// lockWait is how long Open waits for another process to let go of the file,
// as one that is just stopping does.
const lockWait = 500 * time.Millisecond

// allocSize is by how much the file grows at a time: each growth costs a flush,
// and the database's own 16 MiB are much for a small box.
const allocSize = 4 << 20

// guarded runs f on a file that may be damaged: what the database throws, and
// reading beyond the end of the mapped file, become errors.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return f()
}

// openBolt opens the file and makes sure that all its pages are there and can
// be read.
func openBolt(path string, maxBytes int) (db *bolt.DB, err error) {
	var file *os.File
	err = guarded(func() (err error) {
		db, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout:         lockWait,
			FreelistType:    bolt.FreelistMapType,
			InitialMmapSize: 64 << 20, // address space only; growing the map later waits for readers
			MaxSize:         maxBytes,
			NoStatistics:    true,
			OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
				file, err = os.OpenFile(name, flag, perm)
				return file, err
			},
		})
		if err != nil {
			return err
		}
		db.AllocSize = allocSize
		if err := stillThere(path, file); err != nil {
			return err
		}
		if err := checkSize(db, file); err != nil {
			return err
		}
		return checkTrees(db, file)
	})
	if err == nil {
		return db, nil
	}
	closeDamaged(db, file)
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, ErrInUse
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil, err
}

// stillThere makes sure that the file locked is the one the name stands for:
// whoever had it before may have put another in its place while this waited for
// the lock (Rotate, Restore), and what is written to this one would be lost.
func stillThere(path string, file *os.File) error {
	locked, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(locked, named) {
		return ErrInUse
	}
	return err
}

// closeDamaged lets go of a file whatever state its database is in.
func closeDamaged(db *bolt.DB, file *os.File) {
	if db != nil {
		_ = guarded(db.Close) // the file is set aside; how it closes matters no more
	}
	if file != nil {
		_ = file.Close() // closed already, unless opening it panicked
	}
}

func checkSize(db *bolt.DB, file *os.File) error {
	if err := file.Chmod(0o600); err != nil {
		return fmt.Errorf("keep others out: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return db.View(func(tx *bolt.Tx) error {
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w: %d bytes of %d are there", errDamaged, info.Size(), tx.Size())
		}
		return nil
	})
}

// checkPages looks for pages used twice, lost, or out of order. It runs in the
// database's own goroutine, where a fault could not be caught: every page in
// use must have been read before.
func checkPages(db *bolt.DB) error {
	return guarded(func() error {
		return db.View(func(tx *bolt.Tx) error {
			var first error
			for err := range tx.Check() { // to the end: its goroutine would wait for ever
				if first == nil {
					first = fmt.Errorf("%w: %w", errDamaged, err)
				}
			}
			return first
		})
	})
}
