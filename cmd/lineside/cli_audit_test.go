package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
)

func TestAuditVerb(t *testing.T) {
	o := newOperator(t)
	const first, second = "00:15:65:4a:a9:37", "00:15:65:4a:a9:38"
	o.does("", 0, "", "device", "add", first, "--model", "T46G")
	o.does("", 0, "", "device", "add", second, "--model", "T46G")
	o.does("", 0, "", "device", "suspend", first)

	for _, tt := range []struct {
		name, want string
		args       []string
		lines      int // of the answer, its head counted
	}{
		{"the end", "device-added.*suspended", nil, 4},
		{"behind a number", "device-added.*suspended", []string{"--since", "1"}, 3},
		{"the last hours", "device-added.*suspended", []string{"--since", "24h"}, 4},
		{"from a time on", "device-added.*suspended", []string{"--since", "2026-01-01T00:00:00+02:00"}, 4},
		{"from a time to come", "NO", []string{"--since", "2999-01-01T00:00:00Z"}, 1},
		{"one device's last hours", "device-added.*suspended", []string{"--since", "24h", "--mac", first}, 3},
		{"what came by the socket", "device-added.*suspended", []string{"--front", "cli"}, 4},
		{"what came by no page", "NO", []string{"--front", "page"}, 1},
		{"of one kind", "suspended", []string{"--kind", "suspended"}, 2},
		{"of two kinds, one device's", "device-added.*suspended", []string{"--kind", "suspended,device-added", "--mac", first}, 3},
		{"of nobody", "NO", []string{"--name", "nobody", "--since", "0"}, 1},
		{"before it began", "NO", []string{"--until", "2026-01-01T00:00:00Z"}, 1},
		{"the first of them", "device-added", []string{"--since", "24h", "--limit", "1"}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := o.does("", 0, tt.want, append([]string{"audit"}, tt.args...)...)
			if n := strings.Count(out, "\n"); n != tt.lines {
				t.Errorf("got %d lines, want %d:\n%s", n, tt.lines, out)
			}
		})
	}
	o.does("", 0, "the audit log is whole: 3 entries, 1 to 3\n", "audit", "--verify")
	o.does("", 0, `"ok": true`, "audit", "--verify", "--json")
	o.does("", 0, `"hash": "[0-9a-f]{64}"`, "audit", "--json")
	for _, since := range []string{"yesterday", "-24h", "-1", "2026-01-01", ""} {
		o.does("", exitUsage, "neither an entry's number", "audit", "--since", since)
	}
	o.does("", exitUsage, "leave out --since", "audit", "--verify", "--since", "1")
	o.does("", exitUsage, "leave out --since", "audit", "--verify", "--kind", "suspended")
	o.does("", exitUsage, "neither a length of time", "audit", "--until", "noon")
}

// TestWholeText: what is said of a log's beginning is what happened to it.
func TestWholeText(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	oldest := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		found audit.Check
		want  string
	}{
		{audit.Check{OK: true}, "the audit log is empty"},
		{audit.Check{OK: true, Entries: 1, First: 1, Last: 1, Oldest: oldest}, "the audit log is whole: 1 entry, 1 to 1"},
		{audit.Check{OK: true, Entries: 200, First: 1025, Last: 1224, Oldest: oldest, Anchor: audit.Link{Seq: 1024}},
			"the audit log is whole: 200 entries, 1025 to 1224; the 1024 before were dropped to make room, the oldest kept is of 2026-03-01 09:00"},
		{audit.Check{OK: true, Entries: 200, First: 1025, Last: 1224, Anchor: audit.Link{Seq: 1024}}, // of an older box
			"the audit log is whole: 200 entries, 1025 to 1224; the 1024 before were dropped to make room"},
	} {
		if got := wholeText(tt.found, berlin); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// TestVerifySaysWhatIsBroken stands in for a box whose log was changed.
func TestVerifySaysWhatIsBroken(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "lineside.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	box := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found := audit.Check{Entries: 9, First: 1, Last: 9, BrokenAt: 7, Why: "it does not follow\x1b[2J"}
		if r.URL.Path != admin.API+"/audit/verify" || json.NewEncoder(w).Encode(found) != nil {
			t.Errorf("asked for %s", r.URL.Path)
		}
	}))
	box.Listener.Close()
	box.Listener = l
	box.Start()
	defer box.Close()
	o := &operator{t: t, socket: socket}
	o.does("", exitWrong, `the audit log was changed: entry 7: it does not follow·.*→ find out who`, "audit", "--verify")
	o.does("", exitWrong, `"broken_at": 7`, "audit", "--verify", "--json")
}
