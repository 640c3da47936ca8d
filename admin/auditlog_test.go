package admin_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
)

// TestAuditIsSearched asks for pieces of a log of five entries, one a minute: 1 and
// 4 by ben, 2 and 5 by @eve, 3 by anna.
func TestAuditIsSearched(t *testing.T) {
	for name, tc := range map[string]struct {
		query  string
		look   int
		status int
		want   string // the entries' numbers, and what else there is to say
	}{
		"the end":                 {"limit=2", 0, 200, "4 5, next 5, older 4"},
		"before":                  {"limit=2&before=4", 0, 200, "2 3, next 3, older 2"},
		"the beginning":           {"limit=2&before=3", 0, 200, "1 2, next 2"},
		"before the beginning":    {"before=1", 0, 200, ", next 0"},
		"on from a number":        {"limit=2&since=1", 0, 200, "2 3, next 3, more"},
		"on to the end":           {"since=3", 0, 200, "4 5, next 5"},
		"by a name":               {"name=ben", 0, 200, "1 4, next 5"},
		"by another front":        {"front=cli", 0, 200, ", next 5"},
		"of a kind":               {"kind=reset,refused&since=4", 0, 200, "5, next 5"},
		"of no such kind":         {"kind=reset", 0, 200, ", next 5"},
		"of a device":             {"limit=1&mac=" + macA.String(), 0, 200, "5, next 5, older 5"},
		"between times":           {"from=2026-03-01T09:02:00Z&to=2026-03-01T10:04:00%2B01:00", 0, 200, "2 3, next 5"},
		"little found, back":      {"name=anna", 2, 200, ", next 5, older 4, stopped at 4 of 09:04 after 2: before=4"},
		"little found, on":        {"name=anna&since=0", 2, 200, ", next 2, more, stopped at 2 of 09:02 after 2: since=2"},
		"enough is no stop":       {"name=@eve&limit=1", 1, 200, "5, next 5, older 5"},
		"no number":               {"before=x", 0, 400, "before is not a number"},
		"before nothing":          {"before=0", 0, 400, "nothing before entry 0"},
		"no time":                 {"from=yesterday", 0, 400, "from is not a time"},
		"no time either":          {"to=1", 0, 400, "to is not a time"},
		"times the wrong way":     {"from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", 0, 400, "from is not before its to"},
		"no device":               {"mac=x", 0, 400, "not a MAC"},
		"a name without end":      {"name=" + strings.Repeat("x", 129), 0, 400, "too long"},
		"too many kinds":          {"kind=" + strings.Repeat("x,", 40), 0, 400, "at most 32 kinds"},
		"one kind without an end": {"kind=" + strings.Repeat("x", 6000), 0, 400, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, nil)
			b.books.look = tc.look
			got := b.call(t, "GET", "/api/v1/audit?"+tc.query, "")
			text := got.body
			if got.status == http.StatusOK {
				text = auditWords(t, got.body)
			}
			if ok := text == tc.want || got.status != http.StatusOK && strings.Contains(text, tc.want); got.status != tc.status || !ok {
				t.Errorf("got %d %s\nwant %d %s", got.status, text, tc.status, tc.want)
			}
		})
	}
}

// auditWords says of an answer which entries it has and how to go on.
func auditWords(t *testing.T, body string) string {
	t.Helper()
	var a admin.Audit
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatal(err)
	}
	var seqs []string
	for _, e := range a.Entries {
		seqs = append(seqs, fmt.Sprint(e.Seq))
	}
	words := []string{strings.Join(seqs, " "), fmt.Sprintf("next %d", a.Next)}
	if a.Older != 0 {
		words = append(words, fmt.Sprintf("older %d", a.Older))
	}
	if a.More {
		words = append(words, "more")
	}
	if s := a.Stopped; s != nil {
		how, _, _ := strings.Cut(strings.TrimPrefix(s.Next, "ask again with "), " ")
		words = append(words, fmt.Sprintf("stopped at %d of %s after %d: %s", s.Number, s.At.UTC().Format("15:04"), s.Looked, how))
	}
	return strings.Join(words, ", ")
}

// TestAuditIsExported as a whole, in pieces, as CSV in which no cell is a formula
// and as lines of JSON.
func TestAuditIsExported(t *testing.T) {
	b := newBox(t, nil)
	b.books.look = 2
	c := b.server.For(admin.Caller{Name: "vera", Role: admin.Viewer})
	var table bytes.Buffer
	if err := c.ExportAudit(t.Context(), "csv", admin.AuditQuery{}, &table); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || len(rows) != 6 {
		t.Fatalf("got %v, %v; want the names of columns and five rows", rows, err)
	}
	if got, want := strings.Join(rows[2][:6], " "), "2 2026-03-01T09:02:00Z refused  api '@eve"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var lines bytes.Buffer
	if err := c.ExportAudit(t.Context(), "jsonl", admin.AuditQuery{Filter: audit.Filter{Name: "@eve"}, Before: 5}, &lines); err != nil {
		t.Fatal(err)
	}
	var e audit.Entry
	if err := json.Unmarshal(lines.Bytes(), &e); err != nil || e.Seq != 2 || e.By.Name != "@eve" {
		t.Errorf("got %q, %v; want the one entry of @eve before number 5", &lines, err)
	}
	if got := b.call(t, "GET", "/api/v1/audit/export?form=xml", ""); got.status != http.StatusBadRequest || !strings.Contains(got.body, "csv or jsonl") {
		t.Errorf("got %d %s, want the forms there are", got.status, got.body)
	}
	b.books.fail = errors.New("planted")
	if err := c.ExportAudit(t.Context(), "csv", admin.AuditQuery{}, &lines); err == nil {
		t.Error("got no error of a log that cannot be read")
	}
}

// TestAuditExportThatBreaksOff is cut: half of it must not look like the whole.
func TestAuditExportThatBreaksOff(t *testing.T) {
	b := newBox(t, nil)
	b.books.look, b.books.failFrom = 2, 3
	var got bytes.Buffer
	err := b.server.For(admin.Caller{Role: admin.Viewer}).ExportAudit(t.Context(), "csv", admin.AuditQuery{}, &got)
	if err == nil || strings.Count(got.String(), "\n") != 3 {
		t.Errorf("got %v after %q, want two entries and an error", err, &got)
	}
}
