package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lineside/lineside/health"
)

func TestTellTurnedBack(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note")
	b := &box{health: new(health.Board), log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	b.tellTurnedBack(note)
	if list := b.health.List(); len(list) > 0 {
		t.Errorf("without a note: got %+v, want nothing said", list)
	}
	if err := os.WriteFile(note, []byte("9.9.9\x1b[2J\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.tellTurnedBack(note)
	list := b.health.List()
	if len(list) != 1 || list[0].Code != codeTurnedBack || !strings.Contains(list[0].Detail, "9.9.9") || strings.Contains(list[0].Detail, "\x1b") {
		t.Errorf("with a note: got %+v, want its version, and nothing that moves a terminal's cursor", list)
	}
}
