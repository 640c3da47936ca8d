package vendors

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Bounds of the operators' templates.
const (
	maxLayerFiles = 256
	maxLayerBytes = 64 << 10
	maxLayerValue = 1024
)

// layerEnding ends the names of template files.
const layerEnding = ".conf"

// LayerError is a template that is not used, or not in its newest form. Line is
// 0 where the file as a whole is meant.
type LayerError struct {
	File string
	Line int
	Text string // what is wrong and what to write
	Err  error  // nil where Text says all
}

// Error is the file, the line and what is wrong.
func (e *LayerError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Unwrap gives the cause.
func (e *LayerError) Unwrap() error { return e.Err }

// LoadLayers reads every template in dir: "yealink.conf" for a vendor,
// "yealink-T46G.conf" for one model of it. Its lines are
//
//	# a comment
//	parameter = value with {placeholders}
//	- parameter
//
// in the vendor's own names; the last takes one of ours out. A file that has
// anything else in it gives an error and is not used at all; in its place stays
// what last had for the same vendor and model. Names that begin with a dot and
// folders are passed over; a dir that is not there holds nothing.
func (t Table) LoadLayers(dir fs.FS, last Layers) (Layers, []*LayerError) {
	found, err := fs.ReadDir(dir, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return Layers{}, nil
	}
	if err != nil {
		return last, []*LayerError{{File: ".", Text: "templates cannot be read: " + err.Error() + "; phones are given what was loaded before", Err: err}}
	}
	loaded := Layers{files: map[layerKey]*layer{}}
	var wrong []*LayerError
	for _, f := range found {
		if f.IsDir() || strings.HasPrefix(f.Name(), ".") {
			continue
		}
		key, m, ok := t.layerFor(f.Name())
		switch {
		case !ok:
			wrong = append(wrong, &LayerError{File: f.Name(), Text: "is of no vendor; call it such as yealink.conf or yealink-T46G.conf, with one of " + strings.Join(t.Names(), ", ")})
			continue
		case len(loaded.files) >= maxLayerFiles:
			wrong = append(wrong, &LayerError{File: f.Name(), Text: fmt.Sprintf("is one too many: at most %d templates are read", maxLayerFiles)})
			if file := last.files[key]; file != nil && loaded.files[key] == nil { // of which another vendor's many are not to cost its phones
				loaded.files[key] = file
			}
			continue
		case loaded.files[key] != nil:
			wrong = append(wrong, &LayerError{File: f.Name(), Text: "says for the same phones what " + loaded.files[key].name + " says; make one file of them"})
			continue
		}
		file, problem := readLayer(dir, f.Name(), m.format)
		if problem != nil {
			wrong = append(wrong, problem)
			file = last.files[key]
		}
		if file != nil {
			loaded.files[key] = file
		}
	}
	return loaded, wrong
}

// layerFor reads a file's name. Where two vendors' names begin it, the longer
// one is meant.
func (t Table) layerFor(name string) (layerKey, Maker, bool) {
	stem, ok := strings.CutSuffix(name, layerEnding)
	if !ok || path.Base(name) != name {
		return layerKey{}, Maker{}, false
	}
	whole := stem
	for {
		if m, ok := t.Of(phone.Vendor(stem)); ok && m.format != nil {
			model, _ := strings.CutPrefix(whole[len(stem):], "-")
			if stem != whole && modelKey(model) == "" {
				return layerKey{}, Maker{}, false
			}
			return layerKey{m.Vendor, modelKey(model)}, m, true
		}
		dash := strings.LastIndexByte(stem, '-')
		if dash < 0 {
			return layerKey{}, Maker{}, false
		}
		stem = stem[:dash]
	}
}

func readLayer(dir fs.FS, name string, f format) (*layer, *LayerError) {
	body, problem := readTemplate(dir, name)
	if problem != nil {
		return nil, problem
	}
	l, problem := parseLayer(name, string(body), f)
	if problem != nil {
		return nil, problem
	}
	l.body, l.text = string(body), sha256.Sum256(body)
	return l, nil
}

func readTemplate(dir fs.FS, name string) ([]byte, *LayerError) {
	file, err := dir.Open(name)
	if err != nil {
		return nil, &LayerError{File: name, Text: "cannot be read: " + err.Error(), Err: err}
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, maxLayerBytes+1))
	if err != nil {
		return nil, &LayerError{File: name, Text: "cannot be read: " + err.Error(), Err: err}
	}
	if len(body) > maxLayerBytes {
		return nil, &LayerError{File: name, Text: fmt.Sprintf("is larger than %d KiB, which no template needs", maxLayerBytes>>10)}
	}
	return body, nil
}

// parseLayer reads a whole file or nothing of it.
func parseLayer(name, body string, f format) (*layer, *LayerError) {
	l := &layer{name: name}
	first := map[string]int{}
	n := 0
	for line := range strings.Lines(body) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		e, err := parseEntry(line, f)
		if err == nil && first[e.name] != 0 {
			err = fmt.Errorf("%s is in line %d already; leave one of them", e.name, first[e.name])
		}
		if err != nil {
			return nil, &LayerError{File: name, Line: n, Text: err.Error(), Err: err}
		}
		first[e.name] = n
		e.from = &Origin{File: name, Line: n}
		l.entries = append(l.entries, e)
	}
	return l, nil
}

func parseEntry(line string, f format) (entry, error) {
	if !writable(line) {
		return entry{}, errors.New("has a control character or is no UTF-8; type the line again")
	}
	if name, ok := strings.CutPrefix(line, "- "); ok {
		e := entry{name: strings.TrimSpace(name), drop: true}
		if !f.holdsName(e.name) {
			return entry{}, fmt.Errorf("%.60q is no parameter name; write the vendor's own, as its configs spell it", e.name)
		}
		return e, nil
	}
	name, value, ok := strings.Cut(line, " = ")
	if !ok {
		name, ok = strings.CutSuffix(line, " =")
	}
	if !ok {
		return entry{}, errors.New("is neither a comment nor a parameter; write \"parameter = value\" with blanks around the equals sign, or \"- parameter\" to drop one")
	}
	e := entry{name: strings.TrimSpace(name)}
	if !f.holdsName(e.name) {
		return entry{}, fmt.Errorf("%.60q is no parameter name; write the vendor's own, as its configs spell it", e.name)
	}
	value = strings.TrimSpace(value)
	if len(value) > maxLayerValue {
		return entry{}, fmt.Errorf("the value of %s is longer than %d bytes", e.name, maxLayerValue)
	}
	var err error
	e.pieces, err = pieces(value)
	return e, err
}
