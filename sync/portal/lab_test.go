package portal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
)

const fakeToken = "fake-token-of-the-file-0123456789-abc"

// lab is an API on a platform of its own. Every answer it gives is held against
// the OpenAPI document.
type lab struct {
	t     testing.TB
	p     *central.Platform
	s     *Server
	h     http.Handler
	now   time.Time
	doc   map[string]any
	token string
}

func newLab(t testing.TB) *lab {
	t.Helper()
	keys, err := central.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, now: time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC), token: fakeToken}
	log := slog.New(slog.DiscardHandler)
	l.p = openCentral(t, filepath.Join(t.TempDir(), "central.db"), keys, func() time.Time { return l.now }, log)
	t.Cleanup(func() { _ = l.p.Close() })
	m := metrics.NewPlatform(func() (metrics.Counted, error) { return metrics.Counted{}, nil })
	cfg := Config{URL: "https://platform.example:8443", Pin: bytes.Repeat([]byte{7}, 32), Token: phone.NewSecret(fakeToken), Version: "test", Now: func() time.Time { return l.now }}
	if l.s, err = New(cfg, l.p, m, log); err != nil {
		t.Fatal(err)
	}
	l.h = l.s.Handler()
	text, err := Document("test")
	if err == nil {
		err = json.Unmarshal(text, &l.doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func openCentral(t testing.TB, path string, keys central.Keys, now func() time.Time, log *slog.Logger) *central.Platform {
	t.Helper()
	p, err := central.Open(t.Context(), central.Config{Path: path, Keys: keys, Now: now}, log)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// send makes a call as whoever has l.token.
func (l *lab) send(method, path string, body any) *httptest.ResponseRecorder {
	l.t.Helper()
	var text []byte
	media := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		text = []byte(b)
		if !strings.HasPrefix(b, "{") {
			media = "text/csv"
		}
	default:
		var err error
		if text, err = json.Marshal(b); err != nil {
			l.t.Fatal(err)
		}
	}
	q := httptest.NewRequest(method, path, bytes.NewReader(text))
	q.Header.Set("Content-Type", media)
	if l.token != "" {
		q.Header.Set("Authorization", "Bearer "+l.token)
	}
	w := httptest.NewRecorder()
	l.h.ServeHTTP(w, q)
	l.described(method, q.URL.Path, w)
	return w
}

// want makes a call that has to come out with a status, and reads its answer.
func (l *lab) want(status int, method, path string, body, out any) {
	l.t.Helper()
	w := l.send(method, path, body)
	if w.Code != status {
		l.t.Fatalf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, status)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			l.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
}

// refused makes a call that has to fail, in words.
func (l *lab) refused(status int, method, path string, body any, says string) {
	l.t.Helper()
	w := l.send(method, path, body)
	if w.Code != status || !strings.Contains(w.Body.String(), says) {
		l.t.Errorf("%s %s: got %d %s, want %d with %q", method, path, w.Code, w.Body, status, says)
	}
	var e struct{ Error, Hint string }
	if json.Unmarshal(w.Body.Bytes(), &e) != nil || e.Error == "" || e.Hint == "" {
		l.t.Errorf("%s %s: got %s, want what happened and what to do", method, path, w.Body)
	}
}

// described holds an answer against the document.
func (l *lab) described(method, path string, w *httptest.ResponseRecorder) {
	l.t.Helper()
	for pattern, item := range l.doc["paths"].(map[string]any) {
		op, ok := item.(map[string]any)[strings.ToLower(method)].(map[string]any)
		if !ok || !matches(pattern, path) {
			continue
		}
		answers := op["responses"].(map[string]any)
		answer, ok := answers[strconv.Itoa(w.Code)].(map[string]any)
		if !ok {
			l.t.Errorf("%s %s: %d is not described", method, pattern, w.Code)
		}
		content, _ := answer["content"].(map[string]any)
		media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
		about, ok := content[media].(map[string]any)
		if !ok && (media != "" || len(content) > 0) {
			l.t.Errorf("%s %s %d: type %q is not described", method, pattern, w.Code, media)
		}
		if schema, ok := about["schema"].(map[string]any); ok && media == string(csvType) {
			l.isCSV(w.Body.String(), schema)
		} else if ok {
			var v any
			if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
				l.t.Errorf("%s %s: %v", method, pattern, err)
			}
			if wrong := l.differs(v, schema); wrong != "" {
				l.t.Errorf("%s %s %d: the answer is not as described: %s", method, pattern, w.Code, wrong)
			}
		}
		return
	}
}

// isCSV holds a file against the columns described.
func (l *lab) isCSV(text string, schema map[string]any) {
	l.t.Helper()
	var want []string
	for _, c := range schema["x-columns"].([]any) {
		want = append(want, c.(string))
	}
	if first, _, _ := strings.Cut(strings.TrimPrefix(text, "\ufeff"), "\n"); len(want) == 0 || strings.TrimSpace(first) != strings.Join(want, ",") {
		l.t.Errorf("got a file that begins %q, want the columns described: %v", first, want)
	}
}

func matches(pattern, path string) bool {
	return regexp.MustCompile("^" + regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(pattern, "[^/]+") + "$").MatchString(path)
}

// differs says how a value is not what its schema says, in the part of JSON
// Schema the document uses.
func (l *lab) differs(v any, schema map[string]any) string {
	if ref, ok := schema["$ref"].(string); ok {
		schema = l.doc["components"].(map[string]any)["schemas"].(map[string]any)[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
	}
	got := "null"
	switch v := v.(type) {
	case string:
		got = "string"
		if _, err := time.Parse(time.RFC3339Nano, v); schema["format"] == "date-time" && err != nil {
			return err.Error()
		}
	case bool:
		got = "boolean"
	case float64:
		got = "integer"
	case []any:
		got = "array"
		for _, one := range v {
			if wrong := l.differs(one, schema["items"].(map[string]any)); wrong != "" {
				return "in a list: " + wrong
			}
		}
	case map[string]any:
		got = "object"
		if wrong := l.members(v, schema); wrong != "" {
			return wrong
		}
	}
	if want, ok := schema["type"]; ok && want != got {
		return fmt.Sprintf("got %s, want %v", got, want)
	}
	return ""
}

func (l *lab) members(v, schema map[string]any) string {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			return fmt.Sprintf("%v is missing", name)
		}
	}
	for name, one := range v {
		about, ok := properties[name].(map[string]any)
		if !ok {
			if about, ok = schema["additionalProperties"].(map[string]any); !ok {
				return name + " is not described"
			}
		}
		if wrong := l.differs(one, about); wrong != "" {
			return name + ": " + wrong
		}
	}
	return ""
}
