package main

import (
	"reflect"
	"strings"

	"github.com/lineside/lineside/auth"
)

// How a key comes to have another value.
const (
	changeNow     = "now"     // taken over by the running box
	changeRestart = "restart" // by its next start
	changePolicy  = "policy"  // counts at the first start only; from then on the rules are
	changeFile    = "file"    // in the operator's file alone
)

// fileKeys are the keys that the page may not set, each with the reason. Keys that
// name a file or directory of the machine join them: who is an admin of the page is
// not one of the machine.
func fileKeys() map[string]string {
	const unseen = "whoever sets it wrong has no page left to set it right"
	return map[string]string{
		"listen.admin":        unseen,
		"listen.interface":    unseen,
		"listen.address":      unseen,
		"central.otp_offline": "it lowers what a one-time password is worth for the whole platform",
	}
}

// pathReason is why a path is not set from the page.
const pathReason = "it names a place on the machine, and an admin of the page is not one of the machine"

// settingKey is one key of the settings.
type settingKey struct {
	key   string
	table bool // its value is a table
}

// settingKeys lists every key, in the order of the sections.
func settingKeys() []settingKey { return keysOf("", reflect.TypeFor[rawSettings]()) }

func keysOf(section string, typ reflect.Type) (keys []settingKey) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		key := section + f.Tag.Get("toml")
		if f.Type.Kind() == reflect.Struct {
			keys = append(keys, keysOf(key+".", f.Type)...)
			continue
		}
		keys = append(keys, settingKey{key, f.Type.Kind() == reflect.Map})
	}
	return keys
}

// changes says how key is changed and, where the page may not, why.
func (r reading) changes(key string) (how, why string) {
	if _, ok := inForce(auth.Policy{})[key]; ok {
		return changePolicy, "it counts at the box's first start only; from then on it is one of the rules"
	}
	if why := fileKeys()[key]; why != "" {
		return changeFile, why
	}
	switch {
	case r.paths[key]:
		return changeFile, pathReason
	case reloads(key):
		return changeNow, ""
	}
	return changeRestart, ""
}

// rawOf is the value of key as it was written in file or overlay, nil for none.
func (r reading) rawOf(key string) any {
	section, leaf, ok := strings.Cut(key, ".")
	v := fieldOf(reflect.ValueOf(r.raw), section)
	if ok && v.IsValid() && v.Kind() == reflect.Struct {
		v = fieldOf(v, leaf)
	}
	if !v.IsValid() || v.IsNil() {
		return nil
	}
	return plain(v)
}

// fieldOf is the field of a struct whose key is name.
func fieldOf(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("toml") == name {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

// plain is a value without our types: tables as maps, keys left out where nothing
// is given.
func plain(v reflect.Value) any {
	out := make(map[string]any)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsNil() {
				out[v.Type().Field(i).Tag.Get("toml")] = plain(f)
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			out[k.String()] = plain(v.MapIndex(k))
		}
	default:
		return v.Interface()
	}
	return out
}

// settingTexts is what the sample says of each key: the comment above it, or above
// the keys it stands under.
func settingTexts() map[string]string {
	texts := make(map[string]string)
	section, after := "", false // after a key a comment is a new one
	var block []string
	for line := range strings.Lines(string(sampleSettings)) {
		line = strings.TrimSpace(line)
		if comment, ok := strings.CutPrefix(line, "#"); ok {
			if after {
				block = nil
			}
			block, after = append(block, strings.TrimSpace(comment)), false
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			name = strings.TrimSuffix(name, "]")
			texts[name] = strings.Join(block, " ")
			section, line = name+".", ""
		}
		if key, _, ok := strings.Cut(line, " = "); ok {
			texts[section+key], after = strings.Join(block, " "), true
			continue
		}
		block, after = nil, false
	}
	return texts
}
