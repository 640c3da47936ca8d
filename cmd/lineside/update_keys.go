package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/update"
)

// keyFolders hold the makers' public keys: those of the package, and those an
// operator adds.
func keyFolders() []string {
	return []string{"/usr/lib/lineside/release.pub.d", "/etc/lineside/release.pub.d"}
}

// releaseKeys reads the keys in folders. Files and folders that somebody but
// root, or whoever runs the helper, can write are no keys: who could write one
// could sign programs.
func releaseKeys(folders []string) (keys update.Keys, err error) {
	for _, folder := range folders {
		names, err := filepath.Glob(filepath.Join(folder, "*.pub"))
		if err != nil {
			return nil, fmt.Errorf("look for release keys: %w", err)
		}
		for _, name := range names {
			if err := errors.Join(trusted(filepath.Dir(folder)), trusted(folder), trusted(name)); err != nil {
				return nil, shell.Hint(fmt.Errorf("read the release key %s: %w", name, err), "have it owned by root and written by nobody else: chown root:root and chmod go-w, the folder too")
			}
			text, err := readBounded(name)
			if err != nil {
				return nil, fmt.Errorf("read the release key %s: %w", name, err)
			}
			key, err := update.ParseKey(text)
			if err != nil {
				return nil, shell.Hint(fmt.Errorf("%s: %w", name, err), "put a public key as minisign writes it there, or remove the file")
			}
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// trusted wants a file or folder to be root's, or of whom this program is.
func trusted(path string) error {
	err := ownedBy(path, 0)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if uid := os.Geteuid(); uid != 0 && ownedBy(path, uint32(uid)) == nil {
		return nil
	}
	return err
}

// withKeys adds where keys belong.
func withKeys(err error) error {
	if errors.Is(err, update.ErrNoKeys) {
		return shell.Hint(err, "put the makers' public key into %s", filepath.Join(keyFolders()[1], "NAME.pub"))
	}
	return err
}
