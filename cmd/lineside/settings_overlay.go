package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/lineside/lineside/shell"
)

// Files of the state directory. The second is the overlay with which the box was
// last up: what a start falls back to.
const (
	overlayName = "settings.toml"
	goodName    = "settings.good.toml"
)

// overlayHead opens the file, for who finds it.
const overlayHead = `# Written by the box: what was set on its page, over the operator's settings file.
# Change it there, or with: lineside settings set KEY VALUE. "lineside settings unset
# KEY" has the file, or the default, say it again.

`

// What stands in an overlay beside settings.
const (
	noteRevision = "revision"
	noteChanged  = "changed"
)

// overlay is what was set on the page, as one file of the state directory. The
// zero overlay sets nothing. It may hold secrets, as the operator's file may: the
// file is its owner's alone.
type overlay struct {
	path    string
	text    []byte
	rev     uint64            // counts changes, from 1 for none yet
	changed map[string]change // by key, also of keys set no more
	values  map[string]any    // by key
}

// change is who set a key last, and when.
type change struct {
	By string    `toml:"by"`
	At time.Time `toml:"at"`
}

// readOverlay reads the overlay at path; none is one that sets nothing.
func readOverlay(path string) (overlay, error) {
	text, err := readBounded(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // who looks at the state says so
		return overlay{path: path, rev: 1}, nil
	case errors.Is(err, fs.ErrPermission):
		return overlay{}, shell.Hint(fmt.Errorf("read what was set on the page: %w", err), "use sudo")
	case err != nil:
		return overlay{}, fmt.Errorf("read what was set on the page: %w", err)
	}
	return parseOverlay(path, text)
}

// parseOverlay reads an overlay's text as far as it is no setting; what its keys
// are worth is said by who reads the layers.
func parseOverlay(path string, text []byte) (overlay, error) {
	o := overlay{path: path, text: text, values: make(map[string]any)}
	var notes struct {
		Revision uint64            `toml:"revision"`
		Changed  map[string]change `toml:"changed"`
	}
	tree := make(map[string]any)
	if err := errors.Join(toml.Unmarshal(text, &notes), toml.Unmarshal(text, &tree)); err != nil {
		return overlay{}, problems{syntaxProblem(path, flatten(err)[0])}
	}
	o.rev, o.changed = max(notes.Revision, 1), notes.Changed
	delete(tree, noteRevision)
	delete(tree, noteChanged)
	for section, v := range tree {
		leaves, ok := v.(map[string]any)
		if !ok {
			o.values[section] = v
		}
		for leaf, v := range leaves {
			o.values[section+"."+leaf] = v
		}
	}
	return o, nil
}

// withoutNotes leaves of unknown keys those that are settings.
func withoutNotes(strict *toml.StrictMissingError) *toml.StrictMissingError {
	if strict == nil {
		return nil
	}
	left := slices.DeleteFunc(slices.Clone(strict.Errors), func(e toml.DecodeError) bool {
		return e.Key()[0] == noteRevision || e.Key()[0] == noteChanged
	})
	return &toml.StrictMissingError{Errors: left}
}

// sets reports that the overlay gives key, or the table it stands in.
func (o overlay) sets(key string) bool {
	_, ok := o.set(key)
	return ok
}

// change is who set the key.
func (o overlay) change(key string) change {
	at, _ := o.set(key)
	return o.changed[at]
}

// set is the key under which the overlay gives another: itself, or the table it
// stands in, as of a network's pool.
func (o overlay) set(key string) (string, bool) {
	for {
		if _, ok := o.values[key]; ok {
			return key, true
		}
		i := strings.LastIndexByte(key, '.')
		if i < 0 {
			return "", false
		}
		key = key[:i]
	}
}

// with is the overlay after one more change: values set, or taken out where nil.
func (o overlay) with(values map[string]any, c change) (overlay, error) {
	next := overlay{path: o.path, rev: o.rev + 1, values: maps.Clone(o.values), changed: maps.Clone(o.changed)}
	if next.changed == nil {
		next.changed = make(map[string]change)
	}
	if next.values == nil {
		next.values = make(map[string]any)
	}
	for key, v := range values {
		next.values[key], next.changed[key] = v, c
		if v == nil {
			delete(next.values, key)
		}
	}
	text, err := next.encode()
	if err != nil {
		return overlay{}, err
	}
	return parseOverlay(o.path, text)
}

// encode writes the overlay as a settings file is written.
func (o overlay) encode() ([]byte, error) {
	tree := map[string]any{noteRevision: int64(o.rev), noteChanged: o.changed}
	for key, v := range o.values {
		section, leaf, ok := strings.Cut(key, ".")
		if !ok {
			tree[key] = v
			continue
		}
		in, ok := tree[section].(map[string]any)
		if !ok {
			in = make(map[string]any)
			tree[section] = in
		}
		in[leaf] = v
	}
	var b bytes.Buffer
	b.WriteString(overlayHead)
	if err := toml.NewEncoder(&b).Encode(tree); err != nil {
		return nil, fmt.Errorf("write what was set on the page: %w", err)
	}
	return b.Bytes(), nil
}

// write puts the overlay in its place, whole and on disk, or leaves what was
// there.
func (o overlay) write() error {
	err := shell.WriteWhole(o.path, func(w io.Writer) error {
		_, err := w.Write(o.text)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep what was set on the page: %w", err)
	}
	return nil
}

// newest is the change made last, and the keys changed then.
func (o overlay) newest() (last change, keys []string) {
	for key, c := range o.changed {
		if c.At.After(last.At) {
			last, keys = c, nil
		}
		if c.At.Equal(last.At) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return last, keys
}
