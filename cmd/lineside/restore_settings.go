package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lineside/lineside/backup"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/store"
)

// fromBackupName is where the operator's settings of a backup are put: beside the
// state, for the file itself is the operator's alone, and another box has another
// address.
const fromBackupName = "lineside.toml.from-backup"

// settingsOf are the box's settings files for a backup, sealed. One that cannot be
// read is named among what is left out.
func (b *box) settingsOf() (in []backup.Settings, left []backup.LeftOut) {
	for _, f := range []struct{ name, path string }{
		{backup.OperatorsSettings, b.settings.Path}, {backup.PageSettings, filepath.Join(b.settings.State, overlayName)},
	} {
		if f.path == "" {
			continue // the demo has none
		}
		text, err := readBounded(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist), err == nil && len(text) == 0:
		case err != nil:
			left = append(left, backup.LeftOut{Path: f.path, Why: err.Error()})
		default:
			in = append(in, backup.Settings{Name: f.name, Sealed: b.store.SealText(f.name, phone.NewSecret(string(text)))})
		}
	}
	return in, left
}

// putSettings puts the settings of a backup into a state directory: what was set on
// the page in force at the next start, with what was there kept beside; the operator's
// file beside the state. It says what it did.
func putSettings(state string, files []backup.Settings, key store.Key, now time.Time) (said []string, err error) {
	uid, gid, err := ownerOf(state)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(state)
	if err != nil {
		return nil, fmt.Errorf("open the state directory: %w", err)
	}
	defer func() { _ = root.Close() }()
	p := placer{root: root, uid: uid, gid: gid}
	for _, f := range files {
		text, err := store.OpenText(key, f.Name, f.Sealed)
		if err != nil {
			return said, err
		}
		name, aside := fromBackupName, ""
		if f.Name == backup.PageSettings {
			name, aside = overlayName, overlayName+".replaced-"+now.UTC().Format("20060102T150405Z")
		}
		kept, err := p.replace(name, aside, []byte(text.Reveal()))
		if err != nil {
			return said, fmt.Errorf("write %s: %w", name, err)
		}
		line := "the settings file of then is in " + filepath.Join(state, name) + ": compare it with the box's own, which was left alone"
		if f.Name == backup.PageSettings {
			line = "what was set on the page then counts from the next start on"
		}
		if kept {
			line += "; what was there is now " + filepath.Join(state, aside)
		}
		said = append(said, line)
	}
	return said, nil
}

// replace makes a file of the state directory hold text, whole or not at all. What was
// there and is another is kept as aside, where that is not empty.
func (p placer) replace(name, aside string, text []byte) (kept bool, err error) {
	const unfinished = ".settings.restore.new"
	was, err := p.root.ReadFile(name)
	switch {
	case err == nil && bytes.Equal(was, text):
		return false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	kept = err == nil && aside != ""
	if err := p.root.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	out, err := p.root.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	_, err = out.Write(text)
	if err = errors.Join(err, out.Chown(p.uid, p.gid), out.Sync(), out.Close()); err != nil {
		return false, err
	}
	if kept {
		if err := p.root.Rename(name, aside); err != nil {
			return false, err
		}
	}
	return kept, errors.Join(p.root.Rename(unfinished, name), syncRoot(p.root))
}

// restoreSettings is putSettings with what to do where it goes wrong.
func (p *program) restoreSettings(done *restored, from *unpacked, at stateFlags, key store.Key) error {
	var err error
	if done.Settings, err = putSettings(at.state, from.contents.Settings, key, p.now()); err != nil {
		return shell.Hint(fmt.Errorf("the database and the templates are restored, the settings are not all: %w", err), "mend that and restore again; nothing is lost by it")
	}
	return nil
}
