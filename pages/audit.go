package pages

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// auditPage is a piece of the audit log, newest first.
type auditPage struct {
	Form    *form
	List    *list
	Kinds   []option
	Entries []auditRow
	Stopped *admin.Stopped
	Older   string       // the address of what came before
	Newest  string       // and of the end of the log, where this is not it
	Check   *audit.Check // what verifying found, nil where nobody asked
	Export  string
}

// auditRow is one entry.
type auditRow struct {
	audit.Entry
	Who    string
	Fields []auditField
}

// auditField is one of an event's own facts. At is set where it is a moment.
type auditField struct {
	Name, Text string
	At         time.Time
}

func auditFilters() []string { return []string{"mac", "name", "kind", "from", "to", "before"} }

func getAudit(v *visit) error { return v.showAudit(nil) }

// showAudit shows the piece of the log the address asks for.
func (v *visit) showAudit(check *audit.Check) error {
	l := v.list(auditFilters()...)
	f := &form{values: map[string]string{}}
	for _, name := range auditFilters() {
		f.values[name] = l.Filter(name)
	}
	p := &auditPage{Form: f, List: l, Kinds: v.auditKinds(l.Filter("kind")), Check: check}
	q := v.auditQuery(f)
	if !f.OK() {
		return v.again("audit", p, f, nil)
	}
	p.Export = strings.Replace(l.With("before", ""), "/audit", "/audit/export", 1)
	found, err := v.api.SearchAudit(v.ctx(), q)
	if err != nil {
		return v.again("audit", p, f, err)
	}
	for _, e := range slices.Backward(found.Entries) {
		p.Entries = append(p.Entries, v.auditRow(e))
	}
	p.Stopped = found.Stopped
	if found.Older > 0 {
		p.Older = l.With("before", strconv.FormatUint(found.Older, 10))
	}
	if l.Filter("before") != "" {
		p.Newest = l.With("before", "")
	}
	return v.show("audit", p)
}

// auditQuery reads the filters. Days are the site's, the last one included.
func (v *visit) auditQuery(f *form) admin.AuditQuery {
	q := admin.AuditQuery{Limit: perPage}
	q.Name = f.Get("name")
	var err error
	if mac := f.Get("mac"); mac != "" {
		if q.MAC, err = phone.ParseMAC(mac); err != nil {
			f.blame("mac", v.say("audit.mac.wrong"))
		}
	}
	if kind := f.Get("kind"); kind != "" {
		q.Kinds = []string{kind}
	}
	q.From = v.auditDay(f, "from")
	if q.To = v.auditDay(f, "to"); !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
		if !q.From.Before(q.To) {
			f.blame("to", v.say("audit.to.wrong"))
		}
	}
	if before := f.Get("before"); before != "" {
		q.Before, _ = strconv.ParseUint(before, 10, 63) // of no link of ours: the end
	}
	return q
}

func (v *visit) auditDay(f *form, name string) time.Time {
	text := f.Get(name)
	if text == "" {
		return time.Time{}
	}
	day, err := time.ParseInLocation(time.DateOnly, text, v.s.zone())
	if err != nil {
		f.blame(name, v.say("audit.day.wrong"))
		f.values[name] = "" // a field for a day holds nothing else
	}
	return day
}

// auditKinds are the kinds there are words for, in the order of these.
func (v *visit) auditKinds(chosen string) []option {
	const family = "audit.kind."
	all := []option{{Value: "", Text: v.say("audit.kind.all")}}
	for key, text := range v.words().text {
		if kind, ok := strings.CutPrefix(key, family); ok && kind != "all" {
			all = append(all, option{Value: kind, Text: text, Chosen: kind == chosen})
		}
	}
	slices.SortFunc(all[1:], func(a, b option) int { return strings.Compare(strings.ToLower(a.Text), strings.ToLower(b.Text)) })
	return all
}

// auditRow reads an event's facts, in order of their names, so that kinds this
// build does not know are shown too.
func (v *visit) auditRow(e audit.Entry) auditRow {
	r := auditRow{Entry: e, Who: e.By.Name}
	if r.Who == "" && e.By.Remote.IsValid() {
		r.Who = e.By.Remote.String()
	}
	var facts map[string]any
	if json.Unmarshal(e.What, &facts) != nil {
		return r
	}
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		field := auditField{Name: name, Text: auditText(facts[name])}
		if at, err := time.Parse(time.RFC3339, field.Text); err == nil {
			field.At = at
		}
		if field.Text != "" {
			r.Fields = append(r.Fields, field)
		}
	}
	return r
}

func auditText(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case []any:
		parts := make([]string, len(value))
		for i := range value {
			parts[i] = auditText(value[i])
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			parts = append(parts, name+": "+auditText(value[name]))
		}
		return strings.Join(parts, ", ")
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// postAuditVerify has the chain followed through the whole log.
func postAuditVerify(v *visit) error {
	check, err := v.api.VerifyAudit(v.ctx())
	if err != nil {
		return err
	}
	return v.showAudit(&check)
}

// getAuditExport sends what the filters let through as a file.
func getAuditExport(v *visit) error {
	f := &form{values: map[string]string{}}
	l := v.list(auditFilters()...)
	for _, name := range auditFilters() {
		f.values[name] = l.Filter(name)
	}
	q := v.auditQuery(f)
	if !f.OK() {
		return v.showAudit(nil)
	}
	name, kind, form := "audit.csv", "text/csv; charset=utf-8", "csv"
	if v.r.URL.Query().Get("form") == "jsonl" {
		name, kind, form = "audit.jsonl", "application/jsonl", "jsonl"
	}
	return v.download(name, kind, func(w io.Writer) error { return v.api.ExportAudit(v.ctx(), form, q, w) })
}
