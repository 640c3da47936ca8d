package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lineside/lineside/vendors"
)

// placeTemplates makes the templates of a state directory those of a backup. Each
// is whole at any moment, the old or the new. What was there and is another, or
// is none of the backup's, is kept in the folder aside; what is no template is
// left alone. All names are relative to an open folder, so that no link planted in
// the state directory leads root elsewhere.
func placeTemplates(state string, files []vendors.TemplateFile, now time.Time) (aside string, err error) {
	uid, gid, err := ownerOf(state)
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(state)
	if err != nil {
		return "", fmt.Errorf("open the state directory: %w", err)
	}
	defer func() { _ = root.Close() }()
	p := placer{root: root, uid: uid, gid: gid}
	if err := p.makeFolder(templatesFolder); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the folder of templates: %w", err)
	}
	folder, err := root.OpenRoot(templatesFolder)
	if err != nil {
		return "", fmt.Errorf("open the folder of templates: %w", err)
	}
	defer func() { _ = folder.Close() }()
	old, not, err := vendors.All().Templates(folder.FS())
	if err != nil {
		return "", err
	}
	kept, err := vendors.All().KeptBeside(folder.FS(), nil)
	if err != nil {
		return "", err
	}
	// A kept one of which the backup has none stays: the box itself removes what
	// no operator has any more.
	old = append(old, slices.DeleteFunc(kept, func(f vendors.TemplateFile) bool { return !slices.ContainsFunc(files, named(f)) })...)
	same := func(a vendors.TemplateFile) func(vendors.TemplateFile) bool {
		return func(b vendors.TemplateFile) bool { return a.Name == b.Name && bytes.Equal(a.Text, b.Text) }
	}
	others := slices.DeleteFunc(slices.Clone(old), func(f vendors.TemplateFile) bool { return slices.ContainsFunc(files, same(f)) })
	if aside, err = p.setAside(others, inTheWay(not, files), now); err != nil {
		return aside, fmt.Errorf("keep the templates that are there: %w", err)
	}
	fresh := slices.DeleteFunc(slices.Clone(files), func(f vendors.TemplateFile) bool { return slices.ContainsFunc(old, same(f)) })
	if err := p.write(folder, fresh); err != nil {
		return aside, fmt.Errorf("write templates: %w", err)
	}
	for _, f := range others {
		if !slices.ContainsFunc(files, named(f)) {
			err = errors.Join(err, folder.Remove(f.Name))
		}
	}
	if aside != "" {
		aside = filepath.Join(state, aside)
	}
	return aside, errors.Join(err, syncRoot(folder))
}

func named(a vendors.TemplateFile) func(vendors.TemplateFile) bool {
	return func(b vendors.TemplateFile) bool { return a.Name == b.Name }
}

// inTheWay are the names of a backup's templates where the folder has something
// that cannot be read as one: too large, or a link that leads outside.
func inTheWay(not []*vendors.LayerError, files []vendors.TemplateFile) []string {
	var names []string
	for _, f := range files {
		if slices.ContainsFunc(not, func(e *vendors.LayerError) bool { return e.File == f.Name }) {
			names = append(names, f.Name)
		}
	}
	return names
}

// placer writes into the state directory in its owner's name.
type placer struct {
	root     *os.Root
	uid, gid int
}

func (p placer) makeFolder(name string) error {
	if err := p.root.Mkdir(name, 0o700); err != nil {
		return err
	}
	return p.root.Lchown(name, p.uid, p.gid)
}

// setAside keeps files in a folder of their own, moves there what has the names
// moved, and gives the folder's name.
func (p placer) setAside(files []vendors.TemplateFile, moved []string, now time.Time) (string, error) {
	if len(files) == 0 && len(moved) == 0 {
		return "", nil
	}
	first := templatesFolder + ".replaced-" + now.UTC().Format("20060102T150405Z")
	name := first
	for n := 2; ; n++ {
		err := p.makeFolder(name)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		name = fmt.Sprintf("%s-%d", first, n)
	}
	folder, err := p.root.OpenRoot(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = folder.Close() }()
	err = p.write(folder, files)
	for _, n := range moved {
		err = errors.Join(err, p.root.Rename(filepath.Join(templatesFolder, n), filepath.Join(name, n)))
	}
	return name, errors.Join(err, syncRoot(folder), syncRoot(p.root))
}

// write writes files into a folder, each whole and on disk before it has its name,
// which is one that the vendors' table knows. Until then its name begins with a
// dot, by which the box passes it over.
func (p placer) write(folder *os.Root, files []vendors.TemplateFile) error {
	const unfinished = ".restore.new"
	for _, f := range files {
		if f.Kept() {
			if err := p.makeKept(folder); err != nil {
				return err
			}
		}
		if err := folder.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		out, err := folder.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = out.Write(f.Text)
		if err = errors.Join(err, out.Chown(p.uid, p.gid), out.Sync(), out.Close()); err == nil {
			err = folder.Rename(unfinished, f.Name)
		}
		if err != nil {
			return err
		}
	}
	if slices.ContainsFunc(files, vendors.TemplateFile.Kept) {
		kept, err := folder.OpenRoot(vendors.KeptTemplates)
		if err != nil {
			return err
		}
		if err := errors.Join(syncRoot(kept), kept.Close()); err != nil {
			return err
		}
	}
	return syncRoot(folder)
}

// makeKept makes the folder of kept templates in another, if it is not there.
func (p placer) makeKept(folder *os.Root) error {
	err := folder.Mkdir(vendors.KeptTemplates, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return errors.Join(err, folder.Lchown(vendors.KeptTemplates, p.uid, p.gid))
}

// syncRoot makes new names in a folder last.
func syncRoot(folder *os.Root) error {
	d, err := folder.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
