package main

import (
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
)

func TestJournalFields(t *testing.T) {
	var message string
	var level journal.Priority
	var fields map[string]string
	var full error
	var spare strings.Builder
	h := &journalHandler{level: slog.LevelInfo, spare: newLogger(&spare, slog.LevelInfo, true).Handler(),
		send: func(m string, p journal.Priority, f map[string]string) error {
			message, level, fields = m, p, f
			return full
		}}
	mac, err := phone.ParseMAC("00:15:65:4a:a9:37")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(h).With("component", "httpd").WithGroup("dhcp").With("vendor", "yealink")
	log.Warn("phone refused", "mac", mac, "password", phone.NewSecret("hidden"), "text", "one\nMESSAGE=two", "message", "mine")
	want := map[string]string{
		"COMPONENT": "httpd", "DHCP_VENDOR": "yealink", "DHCP_MAC": "00:15:65:4a:a9:37", "DHCP_PASSWORD": fields["DHCP_PASSWORD"],
		"DHCP_TEXT": "one\nMESSAGE=two", "DHCP_MESSAGE": "mine",
	}
	if diff := cmp.Diff(want, fields); diff != "" || level != journal.PriWarning {
		t.Errorf("priority %d, fields (-want +got):\n%s", level, diff)
	}
	if !strings.HasPrefix(message, "phone refused component=httpd dhcp.vendor=yealink dhcp.mac=00:15:65:4a:a9:37 ") || strings.Contains(message, "\n") {
		t.Errorf("got the message %q, want its attributes in one line", message)
	}
	if all := message + fields["DHCP_PASSWORD"]; strings.Contains(all, "hidden") {
		t.Errorf("got the secret in %q", all)
	}
	full = errors.New("no buffer space")
	log.Error("desk is away")
	if !strings.Contains(spare.String(), `msg="desk is away"`) {
		t.Errorf("got %q as text, want what journald did not take", spare.String())
	}
	if slog.New(h).Enabled(t.Context(), slog.LevelDebug) {
		t.Error("debug is on, want it off")
	}
	log = daemonLogger(io.Discard, slog.LevelInfo)
	if _, ok := log.Handler().(*journalHandler); ok {
		t.Error("what does not go to journald is sent there")
	}
}

func TestFieldName(t *testing.T) {
	for key, want := range map[string]string{"mac": "MAC", "dhcp.vendor": "DHCP_VENDOR", "_PID": "PID", "9to5": "TO5", "message": "", "priority": "", "syslog_pid": "", "ä": ""} {
		if got := fieldName(key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}
