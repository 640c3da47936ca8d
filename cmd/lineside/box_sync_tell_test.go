package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/lineside/lineside/sync/site"
)

// TestLinkLog: a platform that stays away is one line in the log, however often
// it is dialled.
func TestLinkLog(t *testing.T) {
	var said bytes.Buffer
	told := logLink(slog.New(slog.NewTextHandler(&said, nil)))
	for _, s := range []site.Status{
		{State: site.Dialling}, {State: site.Joining}, {State: site.Linked},
		{State: site.Away, Reason: "refuses"}, {State: site.Dialling, Reason: "refuses"},
		{State: site.Away, Reason: "refuses"}, {State: site.Dialling, Reason: "refuses"},
		{State: site.Away, Reason: "does not resolve"}, {State: site.Dialling, Reason: "does not resolve"},
		{State: site.Joining}, {State: site.Linked},
	} {
		told(s)
	}
	if got := strings.Count(said.String(), "\n"); got != 7 {
		t.Errorf("got %d lines, want 7:\n%s", got, said.String())
	}
}
