package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
)

// KeyRotated is the audit event of a new site key: everything is sealed under
// it from here on.
type KeyRotated struct {
	Devices int `json:"devices"`
}

// Kind names the event in the log.
func (KeyRotated) Kind() string { return "key-rotated" }

// ErrKeyPending is returned by Rotate while the new key of the last rotation is
// not in its place.
var ErrKeyPending = errors.New("the key of the last rotation was not put in its place yet")

// KeyPending gives the file a new key lies in while its own place still has the
// old one, empty for none.
func KeyPending(database string) string {
	if _, err := os.Stat(nextPath(database)); err != nil {
		return ""
	}
	return nextPath(database)
}

// Rotated says what Rotate did.
type Rotated struct {
	Devices int
	// Pending is the file the new key is in, where the site key's own place is
	// not the box's to write; empty where the new key is in its place.
	Pending string
	// Old are databases set aside earlier, which the old key alone opens.
	Old []string
}

// The files of a rotation, beside the database. nextPath holds the new key from
// before the database is under it until it is in its place: as long as it is
// there, LoadKey asks the database which of the two keys counts.
func nextPath(database string) string { return filepath.Join(filepath.Dir(database), "site.key.next") }
func rotatedPath(path string) string  { return path + ".rotated" }

// Rotate makes a new site key and puts the database, with its last good copy,
// under it. Nobody may have the database open. keyPath is the site key's place;
// where that is not in the database's directory, the new key is left beside the
// database (Rotated.Pending) for the operator to put there.
//
// Whatever happens between, the box starts: the new key is on disk before
// anything is sealed under it, the database changes in one rename, and the old
// key is overwritten only after all of the new database was read under the new
// one. LoadKey finishes a rotation that was cut, or takes it back.
func Rotate(database, keyPath string, by audit.Actor, now time.Time) (Rotated, error) {
	out, err := rotate(database, keyPath, by, now)
	if err != nil {
		return Rotated{}, fmt.Errorf("rotate the site key: %w", err)
	}
	return out, nil
}

func rotate(database, keyPath string, by audit.Actor, now time.Time) (out Rotated, err error) {
	if _, err := os.Stat(database); err != nil {
		return out, err // LoadKey would mint a key
	}
	from, err := LoadKey(keyPath, database) // settles a rotation that was cut
	if err != nil {
		return out, err
	}
	if _, err := os.Stat(nextPath(database)); !errors.Is(err, fs.ErrNotExist) {
		return out, fmt.Errorf("%w: %s", ErrKeyPending, nextPath(database)) // it may be the only copy
	}
	src, err := openBolt(database, 0)
	if err != nil {
		return out, err
	}
	defer src.Close()
	r := rekeying{from: from, now: now}
	m, err := r.readSource(src)
	if err != nil {
		return out, err
	}
	if r.now.Before(m.mark) {
		r.now = m.mark // a clock that is not set
	}
	out.Devices = len(m.devices)
	r.note = &audit.Record{By: by, Event: KeyRotated{Devices: out.Devices}}
	dst, err := r.prepare(src, m, database)
	if err != nil {
		return out, errors.Join(err, takeBack(database))
	}
	defer dst.Close() // locked until the key is in its place as well
	if err := moveInto(rotatedPath(database), database); err != nil {
		return out, err // which of the two is there, the next start sees
	}
	if out.Pending, err = finishRotation(database, keyPath, r.to); err != nil {
		return out, err
	}
	for _, why := range []string{"damaged", "replaced"} {
		old, _ := filepath.Glob(database + "." + why + "-*") // only fails for a bad pattern
		journal := journalPath("")
		out.Old = append(out.Old, slices.DeleteFunc(old, func(name string) bool { return strings.HasSuffix(name, journal) })...)
	}
	return out, nil
}

// prepare makes all that the rotation needs, durably, beside what is in use:
// the new key, read back from its file, the new database and its good copy.
func (r *rekeying) prepare(src *bolt.DB, m *memory, database string) (dst *bolt.DB, err error) {
	next := nextPath(database)
	if err := writeFile(next, newKeyText()); err != nil {
		return nil, fmt.Errorf("write the new key: %w", err)
	}
	if r.to, err = readKey(next); err != nil {
		return nil, err
	}
	name, good := rotatedPath(database), rotatedPath(goodPath(database))
	if dst, err = r.write(src, m, name); err != nil {
		return nil, err
	}
	if err = copyFile(name, good); err == nil {
		err = markCopy(good, r.to, r.now)
	}
	if err == nil {
		err = errors.Join(sameOwner(database, next), sameOwner(database, name), sameOwner(database, good))
	}
	if err == nil {
		err = syncDir(filepath.Dir(database))
	}
	if err != nil {
		return nil, errors.Join(err, dst.Close())
	}
	return dst, nil
}

// takeBack removes what a rotation made before the database was moved. The key
// goes last: while it is there, so may be a database under it.
func takeBack(database string) error {
	err := errors.Join(removeIfThere(rotatedPath(database)), removeIfThere(rotatedPath(goodPath(database))))
	if err != nil {
		return err
	}
	return shred(nextPath(database))
}

// finishRotation does what is left once the database is under the new key. A
// good copy that is not would open with no key the box has.
func finishRotation(database, keyPath string, to Key) (pending string, err error) {
	good, next := goodPath(database), nextPath(database)
	switch _, err := os.Stat(rotatedPath(good)); {
	case err == nil:
		err = moveInto(rotatedPath(good), good)
		if err != nil {
			return "", err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	default:
		if _, err := opensUnder(good, to); errors.Is(err, ErrKey) {
			if err := removeIfThere(good); err != nil {
				return "", err
			}
		}
	}
	if err := removeIfThere(rotatedPath(database)); err != nil {
		return "", err
	}
	if !besides(keyPath, database) {
		return next, nil
	}
	return "", replaceKey(next, keyPath)
}

// besides reports that a key's place is in the database's directory, and so the
// box's own to write.
func besides(keyPath, database string) bool {
	a, errA := filepath.Abs(filepath.Dir(keyPath))
	b, errB := filepath.Abs(filepath.Dir(database))
	return errA == nil && errB == nil && a == b
}

// settleRotation says which key counts while there are two: the one the
// database opens with. A database that cannot say leaves the word to its good
// copy, which is what the box will go on with.
func settleRotation(keyPath, database string, next Key) (Key, error) {
	old, oldErr := readKey(keyPath)
	if oldErr != nil && !errors.Is(oldErr, fs.ErrNotExist) {
		return Key{}, oldErr
	}
	keys := []Key{next}
	if oldErr == nil {
		keys = []Key{old, next}
	}
	for _, file := range []string{database, goodPath(database)} {
		switch k, err := opensUnder(file, keys...); {
		case err == nil && k == next && k != old:
			_, err := finishRotation(database, keyPath, next)
			return next, err
		case err == nil && file == database:
			return old, takeBack(database)
		case err == nil:
			return old, nil
		case !errors.Is(err, errDamaged) && !errors.Is(err, errBlank) && !errors.Is(err, fs.ErrNotExist):
			return Key{}, fmt.Errorf("see which of %s and %s opens %s: %w", keyPath, nextPath(database), file, err)
		}
	}
	if oldErr != nil {
		return next, nil
	}
	return old, nil
}

// OpenedBy gives the first of the keys that the database opens with, and ErrKey,
// wrapped, where none does. Nobody may have the database open.
func OpenedBy(database string, keys ...Key) (Key, error) { return opensUnder(database, keys...) }

// opensUnder gives the first of the keys the file opens with.
func opensUnder(name string, keys ...Key) (Key, error) {
	if _, err := os.Stat(name); err != nil {
		return Key{}, err // opening would make it
	}
	db, err := openBolt(name, 0)
	if err != nil {
		return Key{}, err
	}
	defer closeDamaged(db, nil)
	for _, k := range keys {
		err = guarded(func() error {
			return db.View(func(tx *bolt.Tx) error {
				_, err := readMeta(tx, k, len(migrations)+1)
				return err
			})
		})
		if err == nil {
			return k, nil
		}
		if !errors.Is(err, ErrKey) {
			break
		}
	}
	return Key{}, err
}

// newKeyText is the text of a key file with a new key.
func newKeyText() []byte {
	var k Key
	_, _ = rand.Read(k.bytes[:]) // never returns an error
	return append(hex.AppendEncode(nil, k.bytes[:]), '\n')
}
