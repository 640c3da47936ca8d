package vendors

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Bounds of templates as files, which whoever reads them from elsewhere keeps too.
const (
	MaxTemplates     = maxLayerFiles
	MaxTemplateBytes = maxLayerBytes
)

// TemplateFile is one of the operator's templates as it lies in the folder,
// whether or not what it says can be used.
type TemplateFile struct {
	Name string // without a folder
	Text []byte
}

// HoldsTemplate reports that a file of this name is a template of a vendor's. Such
// a name has no folder in it.
func (t Table) HoldsTemplate(name string) bool {
	_, _, ok := t.layerFor(name)
	return ok
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
