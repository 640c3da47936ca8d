package provision

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/lineside/lineside/vendors"
)

// readKept are the templates that were in force before the start. One that cannot
// be read is none.
func (d *Desk) readKept() vendors.Layers {
	if d.cfg.Templates == nil {
		return vendors.Layers{}
	}
	dir, err := fs.Sub(d.cfg.Templates.FS(), vendors.KeptTemplates)
	if err != nil {
		return vendors.Layers{}
	}
	kept, wrong := d.table.LoadLayers(dir, vendors.Layers{})
	for _, w := range wrong {
		d.tools.Log.Warn("a template kept from before the start is not used", "file", path.Join(vendors.KeptTemplates, w.File), "reason", w.Text)
	}
	return kept
}

// keepTemplates puts the text of what is in force on disk, each file whole or as it
// was. What is not in force is kept while the operator has a file of that name: it
// may be wanted back.
func (d *Desk) keepTemplates(now vendors.Layers) error {
	root := d.cfg.Templates
	if root == nil {
		return nil
	}
	texts := now.Texts()
	if len(texts) > 0 {
		if err := root.MkdirAll(vendors.KeptTemplates, 0o700); err != nil {
			return err
		}
	}
	var errs []error
	for name, text := range texts {
		file := path.Join(vendors.KeptTemplates, name)
		if is, err := readBounded(root, file, int64(len(text))); err == nil && string(is) == text {
			continue
		}
		if err := writeWhole(root, file, []byte(text)); err != nil {
			errs = append(errs, fmt.Errorf("write %s: %w", file, err))
		}
	}
	return errors.Join(append(errs, pruneKept(root, texts))...)
}

// pruneKept removes what no operator has any more, and what was never whole.
func pruneKept(root *os.Root, texts map[string]string) error {
	list, err := fs.ReadDir(root.FS(), vendors.KeptTemplates)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range list {
		if _, used := texts[f.Name()]; used {
			continue
		}
		_, err := root.Lstat(f.Name())
		if strings.HasPrefix(f.Name(), tempPrefix) || errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, root.Remove(path.Join(vendors.KeptTemplates, f.Name())))
		}
	}
	return errors.Join(errs...)
}
