package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/operators"
)

// ChangeSettings sets keys over the operator's file, or takes them out. All of it
// is checked as the next start would find it before any is kept.
func (b *box) ChangeSettings(ctx context.Context, by audit.Actor, rev uint64, in admin.SettingsInput) (admin.Settings, error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	l, err := readLayers(b.settings.Path, overlayName)
	if err != nil {
		return admin.Settings{}, operatorError(err)
	}
	if rev != 0 && rev != l.over.rev {
		return admin.Settings{}, b.overtaken(l.over)
	}
	was := l.read()
	values, wrong := was.values(in)
	if len(wrong) > 0 {
		return admin.Settings{}, operatorError(wrong)
	}
	next := l
	who := change{By: cmp.Or(by.Name, by.Front), At: b.now().UTC().Truncate(time.Second)}
	if next.over, err = l.over.with(values, who); err != nil {
		return admin.Settings{}, operatorError(err)
	}
	now := next.read()
	if wrong := b.tryOut(ctx, was, now); len(wrong) > 0 {
		return admin.Settings{}, operatorError(wrong)
	}
	if err := b.keepChange(ctx, by, l.over, next.over, changesOf(was, now, values)); err != nil {
		return admin.Settings{}, err
	}
	b.reloadNow(ctx)
	return b.show(next), nil
}

// keepChange puts the overlay in its place together with its audit events: where
// these cannot be kept, the one of before comes back.
func (b *box) keepChange(ctx context.Context, by audit.Actor, was, next overlay, events []audit.Event) error {
	if err := next.write(); err != nil {
		return err
	}
	records := make([]audit.Record, len(events))
	for i, e := range events {
		records[i] = audit.Record{By: by, Event: e}
	}
	if err := b.store.Record(ctx, records...); err != nil {
		if len(was.text) == 0 {
			was.text, _ = was.encode() // sets nothing, as no file does
		}
		return errors.Join(fmt.Errorf("record the change of settings: %w", err), was.write())
	}
	return nil
}

// overtaken is the answer to a change of settings that are not the newest.
func (b *box) overtaken(o overlay) error {
	last, keys := o.newest()
	what := "the settings were changed meanwhile"
	if last.By != "" {
		what += fmt.Sprintf(" by %s: %s", last.By, strings.Join(keys, ", "))
	}
	return operators.Fail(http.StatusPreconditionFailed, what, "fetch the settings again, repeat the change on what they are now, and send it with the new rev")
}

// values reads what is to be set, by key; nil takes a key out. What the page may
// not set is a problem each, and what is sent back as it was shown masked is left
// as it is.
func (r reading) values(in admin.SettingsInput) (map[string]any, problems) {
	values := make(map[string]any, len(in))
	var wrong problems
	known := knownKeys()
	for _, key := range slices.Sorted(maps.Keys(in)) {
		how, why := r.changes(key)
		v, err := plainJSON(in[key])
		switch {
		case !slices.Contains(known, key):
			text := "is no setting"
			if near := nearest(key, known); near != "" {
				text += "; did you mean " + near + "?"
			}
			wrong = append(wrong, problem{Key: fmt.Sprintf("%.64s", key), Text: text})
		case how == changePolicy:
			wrong = append(wrong, problem{Key: key, Text: why + ": " + ruleHint(key)})
		case how == changeFile:
			wrong = append(wrong, problem{Key: key, Text: "is not set from here, for " + why + "; edit " + key + " in " + r.path})
		case err != nil:
			wrong = append(wrong, problem{Key: key, Text: err.Error()})
		case r.masked[key] && v != nil && v == r.typed[key] && v != "":
		default:
			values[key] = v
		}
	}
	return values, wrong
}

func knownKeys() []string {
	var keys []string
	for _, k := range settingKeys() {
		keys = append(keys, k.key)
	}
	return keys
}

// plainJSON reads a value as settings have them: text, true or false, whole and
// other numbers, lists and tables of these. Null, which takes a key out, is nil,
// and stands nowhere deeper.
func plainJSON(text json.RawMessage) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil || v == nil {
		return nil, err
	}
	return plainValue(v)
}

func plainValue(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, errors.New("holds null; leave the entry out")
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case []any:
		for i := range v {
			var err error
			if v[i], err = plainValue(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for name := range v {
			var err error
			if v[name], err = plainValue(v[name]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// changesOf are the audit events of a change, by key.
func changesOf(was, now reading, values map[string]any) (events []audit.Event) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		events = append(events, audit.SettingChanged{Key: key, From: was.shown(key), To: now.shown(key), Unset: values[key] == nil})
	}
	return events
}

// maxShown bounds a value in the audit log.
const maxShown = 200

// shown is a key's value for the audit log: a secret is none, and a table says how
// many entries it has.
func (r reading) shown(key string) string {
	if table, ok := r.rawOf(key).(map[string]any); ok {
		return fmt.Sprintf("%d entries", len(table))
	}
	for _, o := range r.origin {
		if o.Key == key {
			return fmt.Sprintf("%.*s", maxShown, o.Value)
		}
	}
	return ""
}

// tryOut says all that is wrong with settings to come, as "lineside check" does:
// what stood so before is no fault of this change.
func (b *box) tryOut(ctx context.Context, was, now reading) problems {
	if len(now.wrong) > 0 {
		return now.wrong.sorted()
	}
	where, wrong := tryLAN(now.settings)
	if len(wrong) > 0 {
		return wrong
	}
	wrong = append(checkClash(now.settings, where), checkDHCP(now.settings, where)...)
	wrong = append(wrong, checkDoors(ctx, now.settings, where, b.newDoors(now.settings, where))...)
	soft := append(checkReach(now.settings, where), checkPrompts(now.settings)...)
	before := fieldsOf(append(checkReach(was.settings, where), checkPrompts(was.settings)...))
	for _, p := range soft {
		if !slices.Contains(before, p.Error()) {
			wrong = append(wrong, p)
		}
	}
	if !slices.Equal(was.settings.Site.Emergency, now.settings.Site.Emergency) {
		lost, err := b.desk.WouldLose(now.settings.Site.Emergency)
		if err != nil {
			return append(wrong, problem{Key: "site.emergency", Text: fmt.Sprintf("whether phones lose a number could not be looked at: %v", err)})
		}
		wrong = append(wrong, lostProblems(lost)...)
	}
	return wrong
}

// tryLAN finds the LAN of settings to come.
func tryLAN(s settings) (lan, problems) {
	nics, err := systemNICs()
	if err != nil {
		return lan{}, problems{{Text: err.Error()}}
	}
	where, err := findLAN(s.Listen, nics)
	if err != nil {
		return lan{}, problems{{Key: "listen.interface", Text: err.Error()}}
	}
	return where, nil
}

// newDoors are the doors of settings to come that the box has not open: those can
// be tried.
func (b *box) newDoors(s settings, where lan) (doors []door) {
	for _, d := range s.doors() {
		at := d.on(where.Self.Addr())
		open := slices.ContainsFunc(b.opened, func(o opened) bool { return o.network == at.network && o.addr == at.addr })
		if !open && b.handed.find(at) == nil { // systemd's is open too
			doors = append(doors, d)
		}
	}
	return doors
}
