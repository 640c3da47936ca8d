package vendors

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Bounds of templates as files, which whoever reads them from elsewhere keeps too.
const (
	MaxTemplates     = maxLayerFiles
	MaxTemplateBytes = maxLayerBytes
)

// KeptTemplates is where in the folder of the templates the box keeps the text of
// those in force: a start must not depend on what an operator is just writing.
const KeptTemplates = ".good"

// TemplateFile is one of the operator's templates as it lies in the folder,
// whether or not what it says can be used.
type TemplateFile struct {
	Name string // of a kept one with its folder, ".good/yealink.conf"
	Text []byte
}

// Kept reports that it is what the box kept, and not the operator's own.
func (f TemplateFile) Kept() bool { return strings.HasPrefix(f.Name, KeptTemplates+"/") }

// HoldsTemplate reports that a file of this name is a template of a vendor's, or
// one that was kept. Such a name has no other folder in it.
func (t Table) HoldsTemplate(name string) bool {
	_, _, ok := t.layerFor(strings.TrimPrefix(name, KeptTemplates+"/"))
	return ok
}

// KeptBeside gives the kept templates of dir that say something else than the file
// of that name in own, in order: without them a box that starts with own has
// nothing to fall back on.
func (t Table) KeptBeside(dir fs.FS, own []TemplateFile) ([]TemplateFile, error) {
	kept, err := fs.Sub(dir, KeptTemplates)
	if err != nil {
		return nil, fmt.Errorf("read the kept templates: %w", err)
	}
	files, _, err := t.Templates(kept)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f TemplateFile) bool {
		return slices.ContainsFunc(own, func(o TemplateFile) bool { return o.Name == f.Name && bytes.Equal(o.Text, f.Text) })
	})
	for i := range files {
		files[i].Name = KeptTemplates + "/" + files[i].Name
	}
	return files, nil
}

// Templates gives the files in dir whose names are templates', in order, and says
// of each other one why it is none; like LoadLayers it passes over folders and
// names that begin with a dot.
func (t Table) Templates(dir fs.FS) ([]TemplateFile, []*LayerError, error) {
	found, err := fs.ReadDir(dir, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the folder of templates: %w", err)
	}
	var files []TemplateFile
	var not []*LayerError
	for _, f := range found {
		switch {
		case f.IsDir() || strings.HasPrefix(f.Name(), "."):
			continue
		case !t.HoldsTemplate(f.Name()):
			not = append(not, &LayerError{File: f.Name(), Text: "is of no vendor"})
			continue
		case len(files) == MaxTemplates:
			not = append(not, &LayerError{File: f.Name(), Text: fmt.Sprintf("is one too many: at most %d templates are read", MaxTemplates)})
			continue
		}
		text, problem := readTemplate(dir, f.Name())
		if problem != nil {
			not = append(not, problem)
			continue
		}
		files = append(files, TemplateFile{Name: f.Name(), Text: text})
	}
	return files, not, nil
}
