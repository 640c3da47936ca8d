package pages

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lineside/lineside/admin"
)

// settingsPage is one section of the settings, and what concerns all of them.
type settingsPage struct {
	All      admin.Settings
	Sections []string
	Section  string
	Rows     []settingRow
	Form     *form
	// Open says that there is a key here that can be set.
	Open bool
}

// settingRow is one key, its field where it can be set, and its value as text.
type settingRow struct {
	admin.SettingKey
	Field field
	Text  string
	Was   string // names the field that keeps what was shown
	Clear string // names the tick that takes the key out
	Takes bool   // the page may set it
	Reset bool   // the page did, so that it can be taken back
}

func getSettings(v *visit) error {
	now, err := v.api.Settings(v.ctx())
	if err != nil {
		return err
	}
	return v.show("settings", v.newSettings(now, v.r.URL.Query().Get("section"), &form{}))
}

// sectionOf is the part of the file a key stands in; what stands above all of
// them is the box's own.
func sectionOf(key string) string {
	section, _, found := strings.Cut(key, ".")
	if !found {
		return "box"
	}
	return section
}

// newSettings is the page of one section, as the settings are now. What was
// written and not yet kept stays in its field.
func (v *visit) newSettings(now admin.Settings, section string, f *form) *settingsPage {
	p := &settingsPage{All: now, Form: f}
	for _, k := range now.Settings {
		if s := sectionOf(k.Key); !slices.Contains(p.Sections, s) {
			p.Sections = append(p.Sections, s)
		}
	}
	slices.SortStableFunc(p.Sections, func(a, b string) int { return settingRank(a) - settingRank(b) })
	if p.Section = section; !slices.Contains(p.Sections, section) && len(p.Sections) > 0 {
		p.Section = p.Sections[0]
	}
	for _, k := range now.Settings {
		if sectionOf(k.Key) == p.Section {
			r := v.newSetting(k, f)
			p.Rows, p.Open = append(p.Rows, r), p.Open || r.Takes
		}
	}
	return p
}

// settingRank puts the site first and the box's own last; what is between comes
// as in the file.
func settingRank(section string) int {
	switch section {
	case "site":
		return 0
	case "box":
		return 2
	}
	return 1
}

func (v *visit) newSetting(k admin.SettingKey, f *form) settingRow {
	r := settingRow{
		SettingKey: k, Text: settingText(k), Was: "was:" + k.Key, Clear: "clear:" + k.Key,
		Takes: k.Change != "file", Reset: k.From == "page",
	}
	filled := &form{values: map[string]string{k.Key: r.Text}, Wrong: f.Wrong}
	if written, ok := f.values[k.Key]; ok && k.Kind != "secret" {
		filled.values[k.Key] = written
	}
	switch kind := k.Kind; {
	case k.Key == "site.first_contact":
		r.Field = choice(filled, k.Key, k.Key, v.factors()...)
	case kind == "flag":
		r.Field = choice(filled, k.Key, k.Key, "true", v.say("settings.yes"), "false", v.say("settings.no"))
	case kind == "list", kind == "table":
		r.Field = plain(long(area(filled, k.Key, k.Key)))
	case kind == "secret":
		r.Field = auto("new-password", password(filled, k.Key, k.Key))
	default:
		r.Field = plain(input(filled, k.Key, k.Key))
	}
	// The sample says of a rule that the file counts once, and how it is changed
	// elsewhere; here it is changed.
	r.Field.Hint, _, _ = strings.Cut(k.Text, " Counts at the first start only")
	return r
}

// factors are what a phone may be asked for at first contact, with their words.
func (v *visit) factors() []string {
	var all []string
	for _, f := range []string{"pin", "otp", "otp+pin", "none"} {
		all = append(all, f, v.word("factor", f))
	}
	return all
}

// settingText is a value as people read and write it: a list has a line for each
// entry, a table is JSON.
func settingText(k admin.SettingKey) string {
	switch value := k.Value.(type) {
	case nil:
		return ""
	case float64: // as JSON has numbers
		return strconv.FormatFloat(value, 'f', -1, 64)
	case []any:
		lines := make([]string, len(value))
		for i := range value {
			lines[i] = fmt.Sprint(value[i])
		}
		return strings.Join(lines, "\n")
	case map[string]any:
		text, err := json.MarshalIndent(value, "", "  ")
		if err != nil || len(value) == 0 {
			return ""
		}
		return string(text)
	}
	return fmt.Sprint(k.Value)
}

// postSettings sets what was changed in one section. Each field goes with what it
// was when it was shown, so that only the fields somebody wrote in are sent, and
// of two people at the same section neither undoes the other's.
func postSettings(v *visit) error {
	now, err := v.api.Settings(v.ctx())
	if err != nil {
		return err
	}
	section := v.r.URL.Query().Get("section")
	f, err := v.form("rev")
	if err != nil {
		return err
	}
	in, rules := v.changedSettings(now, section, f)
	if !f.OK() {
		return v.again("settings", v.newSettings(now, section, f), f, nil)
	}
	back := "/settings?section=" + url.QueryEscape(section)
	if len(in)+len(rules) == 0 {
		return v.done(back, "settings.same")
	}
	if err := v.setRules(section, rules); err != nil {
		return v.settingsAgain(section, f, err)
	}
	if len(in) == 0 {
		return v.done(back, "settings.done")
	}
	rev, _ := strconv.ParseUint(f.Get("rev"), 10, 64) // of no form of ours: the API refuses 0 of nobody
	after, err := v.api.SetSettings(v.ctx(), rev, in)
	if err != nil {
		return v.settingsAgain(section, f, err)
	}
	for _, k := range after.Settings {
		if _, ok := in[k.Key]; ok && k.Waiting {
			return v.done(back, "settings.waits")
		}
	}
	return v.done(back, "settings.done")
}

// setRules changes the rules among the settings, which the API keeps under the
// last part of their names. What is wrong with one is told of the key.
func (v *visit) setRules(section string, rules map[string]json.RawMessage) error {
	if len(rules) == 0 {
		return nil
	}
	var in admin.PolicyInput
	text, err := json.Marshal(rules)
	if err == nil {
		err = json.Unmarshal(text, &in)
	}
	if err != nil {
		return fmt.Errorf("word rules: %w", err)
	}
	_, err = v.api.SetPolicy(v.ctx(), in)
	var wrong *admin.Error
	if !errors.As(err, &wrong) {
		return err
	}
	told := *wrong
	told.Fields = slices.Clone(wrong.Fields)
	for i := range told.Fields {
		told.Fields[i] = section + "." + told.Fields[i]
	}
	return &told
}

// settingsAgain shows the section again as it is now, with what was written.
func (v *visit) settingsAgain(section string, f *form, wrong error) error {
	now, err := v.api.Settings(v.ctx())
	if err != nil {
		return err
	}
	p := v.problem(wrong)
	keys := make([]string, 0, len(now.Settings))
	for _, k := range now.Settings {
		keys = append(keys, k.Key)
	}
	v.refused(f, atKeys(wrong, keys))
	return v.render(p.Status, "settings", v.newSettings(now, section, f))
}

// changedSettings are the keys of a section that were written in, and the rules
// by the last part of theirs. The form keeps those alone.
func (v *visit) changedSettings(now admin.Settings, section string, f *form) (in admin.SettingsInput, rules map[string]json.RawMessage) {
	in, rules = admin.SettingsInput{}, map[string]json.RawMessage{}
	for _, k := range now.Settings {
		if sectionOf(k.Key) != section || k.Change == "file" {
			continue
		}
		value, ok := v.changedSetting(k, f)
		switch {
		case !ok:
		case k.Change == "policy":
			rules[strings.TrimPrefix(k.Key, section+".")] = value
		default:
			in[k.Key] = value
		}
	}
	return in, rules
}

func (v *visit) changedSetting(k admin.SettingKey, f *form) (json.RawMessage, bool) {
	if v.r.PostFormValue("clear:"+k.Key) != "" {
		f.values[k.Key] = settingText(k)
		return json.RawMessage("null"), true
	}
	if k.Kind == "secret" {
		f.values[k.Key] = "" // for what is wrong with it
		written := v.secret(k.Key)
		value, err := json.Marshal(written.Reveal())
		return value, err == nil && !written.IsZero()
	}
	written, was := lines(v.r.PostFormValue(k.Key)), lines(v.r.PostFormValue("was:"+k.Key))
	if written == was || !v.r.PostForm.Has(k.Key) {
		return nil, false
	}
	f.values[k.Key] = written
	value, err := settingValue(k.Kind, written)
	if err != nil {
		f.blame(k.Key, v.settingWrong(k.Kind))
	}
	return value, err == nil
}

// settingWrong says how a value is written.
func (v *visit) settingWrong(kind string) string {
	if kind == "number" {
		return v.say("settings.number")
	}
	return v.say("settings.table")
}

// lines is a text with one kind of line end and no space around it.
func lines(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

// settingValue is what was written, in the type of the key.
func settingValue(kind, text string) (json.RawMessage, error) {
	switch kind {
	case "flag":
		return json.Marshal(text == "true")
	case "number":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, err
		}
		return json.Marshal(n)
	case "list":
		list := []string{}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				list = append(list, line)
			}
		}
		return json.Marshal(list)
	case "table":
		table := map[string]any{}
		if text != "" {
			if err := json.Unmarshal([]byte(text), &table); err != nil {
				return nil, err
			}
		}
		return json.Marshal(table)
	}
	return json.Marshal(text)
}

// postRestart has the box start anew, and shows a page that waits for it.
func postRestart(v *visit) error {
	if ok, err := v.sure(v.say("settings.restart.sure"), v.say("settings.restart")); !ok {
		return err
	}
	if _, err := v.api.Restart(v.ctx()); err != nil {
		return err
	}
	return v.waitForBox("/settings")
}

// waitForBox shows a page until the box is back, which then goes to where. A
// browser without a script looks after a while.
func (v *visit) waitForBox(where string) error {
	v.w.Header().Set("Refresh", "20; url="+where)
	return v.show("restart", where)
}
