package vendors

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"

	"github.com/lineside/lineside/phone"
)

// Layers are operators' templates: what a vendor's or a model's full configs
// say beside or instead of what this box writes. They are made by LoadLayers
// and never change; the zero value has none.
type Layers struct {
	files map[layerKey]*layer
}

// layerKey says whose configs a layer is for; model is a modelKey, empty for
// all of the vendor.
type layerKey struct {
	vendor phone.Vendor
	model  string
}

// layer is one file.
type layer struct {
	name    string
	body    string
	text    [sha256.Size]byte
	entries []entry
}

// entry is one line of a layer: a parameter with its value in pieces, or one to
// be dropped.
type entry struct {
	name   string
	pieces []piece
	drop   bool
	from   *Origin
}

// filled is an entry with its placeholders filled in.
type filled struct {
	value  string
	from   *Origin
	placed bool // in the place of one of ours
}

// of is what the layers say for one phone: the vendor's file first, the model's
// over it.
func (l Layers) of(m Maker, in Input) (set map[string]filled, dropped map[string]*Origin) {
	set, dropped = map[string]filled{}, map[string]*Origin{}
	model := modelKey(in.Device.Model)
	keys := []layerKey{{vendor: m.Vendor}}
	if model != "" {
		keys = append(keys, layerKey{m.Vendor, model})
	}
	for _, key := range keys {
		file := l.files[key]
		if file == nil {
			continue
		}
		for _, e := range file.entries {
			if e.drop {
				delete(set, e.name)
				dropped[e.name] = e.from
				continue
			}
			if value, ok := fill(e.pieces, in); ok {
				delete(dropped, e.name)
				set[e.name] = filled{value: value, from: e.from}
			}
		}
	}
	return set, dropped
}

// Files are the names of the files in force, in order.
func (l Layers) Files() []string {
	var names []string
	for _, f := range l.files {
		names = append(names, f.name)
	}
	slices.Sort(names)
	return names
}

// Texts is what each file in force says, by its name: LoadLayers of a folder with
// these files gives the same templates.
func (l Layers) Texts() map[string]string {
	texts := make(map[string]string, len(l.files))
	for _, f := range l.files {
		texts[f.name] = f.body
	}
	return texts
}

// With is the same templates, but for phones of v those that from has.
func (l Layers) With(v phone.Vendor, from Layers) Layers {
	out := Layers{files: make(map[layerKey]*layer, len(l.files))}
	for key, file := range l.files {
		if key.vendor != v {
			out.files[key] = file
		}
	}
	for key, file := range from.files {
		if key.vendor == v {
			out.files[key] = file
		}
	}
	return out
}

// LayersVersion is another value whenever the templates that say something for
// one model are others. The zero value is none.
type LayersVersion struct{ vendor, model [sha256.Size]byte }

// VersionOf is of the templates for one model: a cache keyed by it loses what a
// change touches and nothing else. It costs two look-ups.
func (l Layers) VersionOf(v phone.Vendor, model string) LayersVersion {
	var version LayersVersion
	if file := l.files[layerKey{vendor: v}]; file != nil {
		version.vendor = file.text
	}
	var room [modelRoom]byte
	key := appendModelKey(room[:0], model)
	if file := l.files[layerKey{v, string(key)}]; file != nil && len(key) > 0 {
		version.model = file.text
	}
	return version
}

// Masked is the same templates with mask in the place of what an operator wrote
// out and secret says to hide; what placeholders stand for is Input's, to be
// masked there. It is for showing, never for a phone.
func (l Layers) Masked(mask string, secret func(name, value string) bool) Layers {
	out := Layers{files: make(map[layerKey]*layer, len(l.files))}
	for key, file := range l.files {
		shown := *file
		shown.entries = slices.Clone(file.entries)
		for i, e := range shown.entries {
			shown.entries[i].pieces = slices.Clone(e.pieces)
			for j, p := range e.pieces {
				if p.ask == nil && p.text != "" && secret(e.name, p.text) {
					shown.entries[i].pieces[j].text = mask
				}
			}
		}
		out.files[key] = &shown
	}
	return out
}

// Models are those of a vendor that have a template of their own, in order, as keys
// that find the model.
func (l Layers) Models(v phone.Vendor) []string {
	var models []string
	for key := range l.files {
		if key.vendor == v && key.model != "" {
			models = append(models, key.model)
		}
	}
	slices.Sort(models)
	return models
}

// Version is another text whenever another template is in force: it belongs
// into the key of every cache of rendered configs. It is empty without layers.
func (l Layers) Version() string {
	if len(l.files) == 0 {
		return ""
	}
	h := sha256.New()
	keys := slices.SortedFunc(maps.Keys(l.files), func(a, b layerKey) int {
		if a.vendor != b.vendor {
			return cmp.Compare(string(a.vendor), string(b.vendor))
		}
		return cmp.Compare(a.model, b.model)
	})
	for _, k := range keys {
		h.Write([]byte(strconv.Quote(string(k.vendor)) + strconv.Quote(k.model)))
		h.Write(l.files[k].text[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
