package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/pelletier/go-toml/v2"

	"github.com/lineside/lineside/shell"
)

// layers is what settings are made of: the operator's file, and over it what was
// set on the page. A key the page sets wins; the file is never written.
type layers struct {
	path   string
	text   []byte // of the file
	noFile bool   // there is none at the usual place
	over   overlay
}

// reading is what came of reading layers, also where something is wrong in them.
type reading struct {
	*reader
	settings settings
	raw      rawSettings
}

// loadSettings reads the settings file at path, and what was set on the page.
func loadSettings(path string) (settings, error) {
	l, err := readLayers(path, overlayName)
	if err != nil {
		return settings{}, err
	}
	return l.settings()
}

// parseSettings turns a file's text alone into settings.
func parseSettings(path string, text []byte) (settings, error) {
	return layers{path: path, text: text}.settings()
}

// readLayers reads the file at path, and beside the state it names the overlay of
// that name; an empty name is none. Without a file at the usual place a box is
// one that nobody has set up yet; a file named and not there is a mistake.
func readLayers(path, overlay string) (layers, error) {
	l := layers{path: path}
	text, err := readBounded(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && path == defaultSettings:
		l.noFile = true
	case errors.Is(err, fs.ErrNotExist):
		return layers{}, shell.Hint(fmt.Errorf("there is no settings file at %s", path),
			"write one from the sample: lineside check --sample > %s", path)
	case err != nil:
		return layers{}, fmt.Errorf("read settings: %w", err)
	}
	l.text = bytes.TrimPrefix(text, []byte("\ufeff")) // editors of other systems begin files so
	if overlay != "" {
		l.over, err = readOverlay(filepath.Join(l.state(), overlay))
	}
	return l, err
}

// readBounded reads a file that is no larger than settings are.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSettings+1))
	if err == nil && len(text) > maxSettings {
		err = fmt.Errorf("%s is larger than %d bytes: this is some other file", path, maxSettings)
	}
	return text, err
}

// state is the state directory that the file names. The overlay lies there and
// cannot name another. A fault in the file is told by who reads all of it.
func (l layers) state() string {
	var top struct {
		State any `toml:"state"`
	}
	_ = toml.Unmarshal(l.text, &top)
	if dir, ok := top.State.(string); ok && filepath.IsAbs(dir) {
		return filepath.Clean(dir)
	}
	return defaultState
}

// settings are the layers' when nothing is wrong. The error is problems:
// everything that is wrong, in order of line.
func (l layers) settings() (settings, error) {
	got := l.read()
	if len(got.wrong) > 0 {
		return settings{}, got.wrong.sorted()
	}
	return got.settings, nil
}

// read reads all of the layers; what is wrong gathers in the reading.
func (l layers) read() reading {
	r := &reader{
		path: l.path, noFile: l.noFile, over: l.over, lines: keyLines(l.text),
		typed: make(map[string]any), masked: make(map[string]bool), paths: make(map[string]bool),
	}
	raw, strict, err := decodeRaw(l.text)
	if err != nil {
		r.wrong = problems{syntaxProblem(l.path, err)}
		return reading{reader: r}
	}
	over, overStrict, err := decodeRaw(l.over.text)
	if err != nil {
		r.wrong = problems{syntaxProblem(l.over.path, err)}
		return reading{reader: r}
	}
	lay(reflect.ValueOf(&raw).Elem(), reflect.ValueOf(over))
	s := r.settings(raw)
	r.unknown(l.path, strict)
	r.unknown(l.over.path, withoutNotes(overStrict))
	return reading{reader: r, settings: s, raw: raw}
}

// decodeRaw reads a text strictly: keys nobody asked for come back with their
// places, all other faults as an error.
func decodeRaw(text []byte) (raw rawSettings, strict *toml.StrictMissingError, err error) {
	err = toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&raw)
	if errors.As(err, &strict) {
		err = nil
	}
	return raw, strict, err
}

// lay puts what over gives in the place of what raw has, key by key.
func lay(raw, over reflect.Value) {
	if raw.Kind() == reflect.Struct {
		for i := range raw.NumField() {
			lay(raw.Field(i), over.Field(i))
		}
		return
	}
	if !over.IsNil() {
		raw.Set(over)
	}
}
