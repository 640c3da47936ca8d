package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
)

// sitePrompts writes files below the state directory's prompts.
func sitePrompts(t *testing.T, state string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(state, "prompts", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(state, "prompts")
}

func TestCheckOfPrompts(t *testing.T) {
	state := t.TempDir()
	folder := sitePrompts(t, state, map[string]string{
		"de/ask.wav": "no WAV", "de/wrong.ulaw": strings.Repeat("\xff", 8000), "de/failed.ulaw": strings.Repeat("\x80\x00", 8000),
		"en/hello.ulaw": strings.Repeat("\x20\xa0", 4000), "en/ask.ulaw": strings.Repeat("\x20\xa0", 4000),
	})
	path := writeSettings(t, "state = \""+state+"\"\n"+freeDoors(t, state))
	code, out, _ := lineside(t, "check", "--config", path)
	if code != exitWrong {
		t.Errorf("got exit %d, want %d", code, exitWrong)
	}
	for _, want := range []string{
		folder + ": prompt de/ask.wav is not used, callers hear the built-in one: it is no WAV file\n",
		"prompt de/wrong.ulaw is not used, callers hear the built-in one: it is nearly silent",
		"prompt de/failed.ulaw is not used, callers hear the built-in one: it is clipped",
		"prompt en/hello.ulaw is not used, callers hear the built-in one: no prompt has that name",
	} {
		if strings.Count(out, want) != 1 {
			t.Errorf("want once %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "en/ask") {
		t.Errorf("a good prompt is named:\n%s", out)
	}
	code, out, _ = lineside(t, "check", "--config", writeSettings(t, "state = \""+state+"\"\nsip.pin_calls = false\n"+freeDoors(t, state)))
	if code != exitOK || strings.Contains(out, "prompt") {
		t.Errorf("switched off: got exit %d and\n%s", code, out)
	}
}

func TestBrokenPromptsAreAConditionAndStopNoCall(t *testing.T) {
	b := &box{log: slog.New(slog.DiscardHandler), health: new(health.Board), metrics: metrics.New()}
	b.settings.State, b.settings.SIP.PINCalls = t.TempDir(), true
	sitePrompts(t, b.settings.State, map[string]string{"de/ask.wav": "no WAV"})
	calls, err := b.newVoice()
	if err != nil || calls == nil {
		t.Fatalf("got %v, %v: want calls with the built-in prompts", calls, err)
	}
	list := b.health.List()
	if len(list) != 1 || list[0].Code != codePrompts || !strings.Contains(list[0].Detail, "de/ask.wav") || !strings.Contains(list[0].Do, "lineside check") {
		t.Errorf("got %+v, want one that names de/ask.wav and what to type", list)
	}
}
