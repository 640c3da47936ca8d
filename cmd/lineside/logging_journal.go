package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/coreos/go-systemd/v22/journal"
)

// daemonLogger writes to journald, field by field, where systemd connected w to it,
// and else text.
func daemonLogger(w io.Writer, level slog.Level) *slog.Logger {
	under := underJournal(w, os.Getenv("JOURNAL_STREAM"))
	if !under || !journal.Enabled() {
		return newLogger(w, level, under)
	}
	return slog.New(&journalHandler{level: level, send: journal.Send, spare: newLogger(w, level, true).Handler()})
}

// journalHandler gives journald each attribute as a field of its own beside the
// message, in capitals: journalctl MAC=00:15:65:4a:a9:37. The message has them too, in
// words, so that nobody needs to know of the fields.
type journalHandler struct {
	level slog.Level
	send  func(message string, priority journal.Priority, fields map[string]string) error
	spare slog.Handler // for what journald does not take
	attrs []slog.Attr
	group string // dotted, with a dot at its end
}

// Enabled reports that a level is logged.
func (h *journalHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// WithAttrs gives each record some more.
func (h *journalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], h.grouped(attrs)...)
	next.spare = h.spare.WithAttrs(attrs)
	return &next
}

// WithGroup puts what follows below a name.
func (h *journalHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	next := *h
	next.group, next.spare = h.group+name+".", h.spare.WithGroup(name)
	return &next
}

func (h *journalHandler) grouped(attrs []slog.Attr) (list []slog.Attr) {
	for _, a := range attrs {
		a.Key = h.group + a.Key
		list = append(list, a)
	}
	return list
}

// Handle sends a record.
func (h *journalHandler) Handle(ctx context.Context, r slog.Record) error {
	var mine []slog.Attr
	r.Attrs(func(a slog.Attr) bool { mine = append(mine, a); return true })
	all := append(h.attrs[:len(h.attrs):len(h.attrs)], h.grouped(mine)...)
	fields := make(map[string]string, len(all))
	for _, a := range all {
		if name := fieldName(a.Key); name != "" {
			fields[name] = a.Value.Resolve().String() // a secret says that it is one
		}
	}
	if h.send(sentence(ctx, r.Message, all), priority(r.Level), fields) == nil {
		return nil
	}
	return h.spare.Handle(ctx, r)
}

// sentence is the message with its attributes as text.
func sentence(ctx context.Context, message string, attrs []slog.Attr) string {
	var b bytes.Buffer
	text := slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.LevelKey || a.Key == slog.MessageKey) && a.Value.Kind() != slog.KindGroup {
			return slog.Attr{}
		}
		return a
	}})
	var r slog.Record // without a time, which journald has
	r.AddAttrs(attrs...)
	_ = text.Handle(ctx, r) // into memory
	return strings.TrimSpace(message + " " + b.String())
}

// fieldName is an attribute's name as journald takes one (systemd.journal-fields(7)):
// capitals, digits and underscores. Its own names are not ours to give.
func fieldName(key string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, key)
	name = strings.TrimLeft(name, "_0123456789")
	if name == "MESSAGE" || name == "PRIORITY" || strings.HasPrefix(name, "SYSLOG_") {
		return ""
	}
	return name
}

// priority is a level in syslog's words.
func priority(l slog.Level) journal.Priority {
	switch {
	case l >= slog.LevelError:
		return journal.PriErr
	case l >= slog.LevelWarn:
		return journal.PriWarning
	case l >= slog.LevelInfo:
		return journal.PriInfo
	}
	return journal.PriDebug
}
