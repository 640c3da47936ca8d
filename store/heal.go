package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
)

// goodPath is where KeepGood puts the last good copy.
func goodPath(path string) string { return path + ".good" }

// openOrHeal opens the file. A damaged one is set aside for the last good copy,
// and that, if it is damaged as well, for a fresh database.
func (s *Store) openOrHeal() error {
	if err := s.replaceMissing(); err != nil {
		return err
	}
	for {
		err := s.openFile()
		if err == nil || !errors.Is(err, errDamaged) {
			return err
		}
		if err := s.heal(err); err != nil {
			return err
		}
	}
}

// replaceMissing takes the good copy where there is no database or an empty
// one: it is what a crash in the middle of heal leaves.
func (s *Store) replaceMissing() error {
	info, err := os.Stat(s.path)
	switch {
	case err == nil && info.Size() > 0:
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if placed, err := s.placeGood(); err != nil || !placed {
		return err
	}
	s.report.Detail = fmt.Sprintf("The database %s was not there.", s.path)
	return nil
}

// openFile opens the file and makes what is in it what readers see.
func (s *Store) openFile() error {
	db, err := openBolt(s.path, s.cfg.MaxBytes)
	if err != nil {
		return err
	}
	m, err := s.readFile(db)
	if err != nil {
		closeDamaged(db, nil)
		return err
	}
	s.db = db
	s.adopt(m)
	if s.meta.Round != "" {
		s.commit([]*change{newCatchUp()}) // where that fails, memory has them, and it is told
	}
	return nil
}

// readFile upgrades an old file, verifies it, and settles one that is blank or a
// copy, or does not carry on where it stopped.
func (s *Store) readFile(db *bolt.DB) (*memory, error) {
	if err := upgrade(db, migrating{s.key, s.cfg.Now()}, migrations); err != nil && !errors.Is(err, errBlank) {
		return nil, err
	}
	m, err := readAll(db, s.key)
	blank := errors.Is(err, errBlank)
	if err != nil && !blank {
		return nil, err
	}
	if !blank {
		s.recall(m)
	}
	if err := checkPages(db); err != nil {
		return nil, err
	}
	if blank {
		m = nil
	}
	back := s.clock.start(m.lastMark())
	if blank || m.cut || back > 0 || !m.meta.Copied.IsZero() {
		if m, err = s.settle(db, m, back); err != nil {
			return nil, err
		}
	}
	s.showChain(m.chain)
	return m, nil
}

// heal sets the damaged file aside and puts the good copy in its place.
func (s *Store) heal(cause error) error {
	aside, err := setAside(s.path, "damaged", s.cfg.Now())
	if err != nil {
		return fmt.Errorf("set damaged file aside: %w", err)
	}
	s.tools.Log.Error("the database is damaged and was set aside", "file", aside, "err", cause)
	if s.report.SetAside == "" {
		s.report.SetAside = aside
		s.report.Detail = fmt.Sprintf("The database was damaged (%v) and is now %s.", cause, aside)
		_, err = s.placeGood()
		return err
	}
	s.report.Detail += " The last good copy was damaged as well."
	if _, err := setAside(goodPath(s.path), "damaged", s.cfg.Now()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("set damaged copy aside: %w", err)
	}
	return nil
}

// setAside renames a file to a name that says why and when, and a database's
// journal with it.
func setAside(path, why string, now time.Time) (string, error) {
	name := path + "." + why + "-" + now.UTC().Format("20060102T150405Z")
	for aside, n := name, 2; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			if err := moveInto(path, aside); err != nil {
				return aside, err
			}
			err := moveInto(journalPath(path), journalPath(aside))
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			return aside, err
		} else if err != nil {
			return "", err
		}
		aside = fmt.Sprintf("%s-%d", name, n)
	}
}

// placeGood copies the good copy to the database's place, if there is one.
func (s *Store) placeGood() (placed bool, err error) {
	tmp := s.path + ".new"
	err = copyFile(goodPath(s.path), tmp)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("take the last good copy: %w", err)
	}
	return true, moveInto(tmp, s.path)
}

// copyFile writes a new file; what stood there, be it a link that somebody
// planted, is not followed. Of a copy that failed nothing is left.
func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := removeIfThere(to); err != nil {
		return err
	}
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err = errors.Join(err, dst.Sync(), dst.Close()); err != nil {
		return errors.Join(err, removeIfThere(to))
	}
	return nil
}
