package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// keeper keeps the settings of a running box: what is written, what is in force,
// and the way from the one to the other. It is nothing in the demo.
func (b *box) keeper() admin.SettingsKeeper {
	if b.settings.Path == "" {
		return nil
	}
	return b
}

// Settings is every key: what is written of it, what it means, how it is changed.
func (b *box) Settings() (admin.Settings, error) {
	l, err := readLayers(b.settings.Path, overlayName)
	if err != nil {
		return admin.Settings{}, operatorError(err)
	}
	return b.show(l), nil
}

// show words layers for an operator.
func (b *box) show(l layers) admin.Settings {
	read := l.read()
	out := admin.Settings{
		Rev: l.over.rev, File: l.path, NoFile: l.noFile, Settings: []admin.SettingKey{},
		Waiting: b.waiting(read), Problems: fieldsOf(read.wrong.sorted()),
	}
	bare := layers{noFile: l.noFile}.read()
	force := make(map[string]string)
	for _, o := range b.force.settings(b.settings).Origin {
		force[o.Key] = o.Value
	}
	rules := inForce(b.desk.Policy())
	texts := settingTexts()
	for _, k := range settingKeys() {
		s := read.key(k, bare)
		if s.Kind == "" {
			continue // of another version, or kept elsewhere
		}
		s.Text = texts[k.key]
		if rule, ok := rules[k.key]; ok {
			s.From, s.Value, s.Do = fromStore, typedAs(s.Value, rule), ruleHint(k.key)
		}
		if s.Change == changeFile {
			s.Do = "edit " + k.key + " in " + l.path + ", then: systemctl restart lineside"
		}
		if s.Waiting = slices.Contains(out.Waiting, k.key); s.Waiting {
			s.InForce = force[k.key]
		}
		out.Settings = append(out.Settings, s)
	}
	switch {
	case len(out.Problems) > 0:
		out.Next = "correct what is wrong; until then the settings of before are in force"
	case len(out.Waiting) > 0:
		out.Next = "lineside restart takes over what waits: phones that are in use go on meanwhile; calls for a PIN that run break off"
	}
	return out
}

// key is what was read of one key; its kind is empty where it is no setting of
// this version.
func (r reading) key(k settingKey, bare reading) admin.SettingKey {
	s := admin.SettingKey{Key: k.key, From: fromDefault}
	s.Change, s.Why = r.changes(k.key)
	if k.table {
		s.Kind, s.Value, s.Default = "table", map[string]any{}, map[string]any{}
		if v := r.rawOf(k.key); v != nil {
			s.Value, s.From = v, fromFile
		}
		if r.over.sets(k.key) {
			c := r.over.change(k.key)
			s.From, s.By, s.At = fromPage, c.By, c.At
		}
		return s
	}
	value, ok := r.typed[k.key]
	if !ok {
		value = bare.typed[k.key]
	}
	s.Kind, s.Value, s.Default = kindOfSetting(value), value, bare.typed[k.key]
	if i := slices.IndexFunc(r.origin, func(o admin.Setting) bool { return o.Key == k.key }); i >= 0 {
		s.From, s.By, s.At = r.origin[i].From, r.origin[i].By, r.origin[i].At
	}
	if r.secret(k.key) {
		s.Kind, s.Value, s.Default, s.HasValue = "secret", nil, nil, value != ""
	}
	return s
}

// secret reports that key is one that is never shown.
func (r reading) secret(key string) bool {
	v := r.typed[key]
	return r.masked[key] && (v == "" || v == phone.Redacted)
}

// kindOfSetting names the type of a value as the reader keeps it.
func kindOfSetting(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case bool:
		return "flag"
	case int64:
		return "number"
	case []string:
		return "list"
	}
	return ""
}

// typedAs is a rule's text as the type its setting has.
func typedAs(like any, text string) any {
	switch like.(type) {
	case bool:
		return text == "true"
	case int64:
		n, _ := strconv.ParseInt(text, 10, 64) // written by inForce
		return n
	}
	return text
}

// ruleHint says where a rule is changed.
func ruleHint(key string) string {
	name := key[strings.IndexByte(key, '.')+1:]
	return "lineside policy set " + strings.ReplaceAll(name, "_", "-") + "; or PATCH " + admin.API + "/policy"
}

// waiting are the keys whose value as written only a restart takes over. Rules
// wait for none, nor does what cannot be read.
func (b *box) waiting(read reading) []string {
	if len(read.wrong) > 0 {
		return []string{}
	}
	rules := inForce(b.desk.Policy())
	keys := []string{}
	for _, key := range b.force.settings(b.settings).changed(read.settings) {
		if _, rule := rules[key]; rule {
			continue
		}
		if table, ok := tableOf(key); ok {
			key = table
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// tableOf is the table a key stands in, as dhcp.scopes of a network's pool.
func tableOf(key string) (string, bool) {
	for _, k := range settingKeys() {
		if k.table && strings.HasPrefix(key, k.key+".") {
			return k.key, true
		}
	}
	return "", false
}

// fieldsOf are problems, a line each.
func fieldsOf(wrong problems) []string {
	lines := make([]string, len(wrong))
	for i, p := range wrong {
		lines[i] = p.Error()
	}
	return lines
}

// operatorError words an error of the settings for who asked by the API.
func operatorError(err error) error {
	var e *operators.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	if wrong := asProblems(err); len(wrong) > 0 {
		return &operators.Error{
			Status: http.StatusUnprocessableEntity, What: "the settings have faults, and nothing was done",
			Hint: "correct each; lineside check says all that is wrong", Fields: fieldsOf(wrong),
		}
	}
	return err
}

// reloadNow has the task that owns reloading do it, and waits. A box that ends
// meanwhile reads its settings at the next start.
func (b *box) reloadNow(ctx context.Context) {
	done := make(chan struct{})
	select {
	case b.asked <- done:
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}
