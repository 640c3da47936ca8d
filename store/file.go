package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// writeFile makes path hold data, whole or not at all, and durably.
func writeFile(path string, data []byte) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return moveInto(tmp, path)
}

// moveInto renames a file already flushed, and flushes the directory.
func moveInto(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// replaceKey puts a new key in the place of the old one, and overwrites the old
// one once nothing needs it. On storage that never writes twice to one place, as
// flash, the old bytes may last all the same.
func replaceKey(next, path string) error {
	old, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return moveInto(next, path)
	}
	if err != nil {
		return fmt.Errorf("replace the site key: %w", err)
	}
	err = moveInto(next, path)
	if err == nil {
		err = overwrite(old)
	}
	if err = errors.Join(err, old.Close()); err != nil {
		return fmt.Errorf("replace the site key: %w", err)
	}
	return nil
}

// shred takes a key file away, if it is there: the name first, so that nobody
// finds half a key, then what it held.
func shred(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(os.Remove(name), syncDir(filepath.Dir(name)), overwrite(f), f.Close())
	}
	if err != nil {
		return fmt.Errorf("remove key file: %w", err)
	}
	return nil
}

func overwrite(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, info.Size()), 0)
	return errors.Join(err, f.Sync())
}

// sameOwner gives a file to whom another belongs: root may have made it, and the
// daemon runs as somebody else.
func sameOwner(as, name string) error {
	info, err := os.Stat(as)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return os.Lchown(name, int(owner.Uid), int(owner.Gid))
}
