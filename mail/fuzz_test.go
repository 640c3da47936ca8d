package mail

import (
	"io"
	"maps"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
)

// FuzzCompose holds that whatever is taken as a message says, once written and
// read by another reader, what it said before, and has the header fields it
// should have and no other.
func FuzzCompose(f *testing.F) {
	f.Add("erika@example.net", "Erika Mustermann", "Ihr Kennwort", "Guten Tag,\n\nKennwort: x\n")
	f.Add("jörg@example.net", "Jörg \"Q\" <a@b>", "=?utf-8?q?a?=", ".\n..\n\n")
	f.Add("a@example.net", "a, b", strings.Repeat("ü", 90), strings.Repeat("=", 900)+"\n \t\n")
	f.Add("a@example.net\r\nBcc: b@example.net", "a\r\n", "a\nb", "\r\n.\r\n")
	f.Fuzz(func(t *testing.T, to, name, subject, text string) {
		m := Message{Kind: "test", To: to, Name: name, Subject: subject, Text: phone.NewSecret(text)}
		if m.check() != nil {
			return
		}
		l := newLetter(time.Unix(1_800_000_000, 0), m, testServer)
		raw, err := l.compose(testServer.From)
		if err != nil {
			t.Fatal(err)
		}
		got, err := netmail.ReadMessage(strings.NewReader(string(raw)))
		if err != nil {
			t.Fatalf("%v\n%q", err, raw)
		}
		want := []string{"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
		if fields := slices.Sorted(maps.Keys(got.Header)); !slices.Equal(fields, want) {
			t.Errorf("got the fields %q, want %q\n%q", fields, want, raw)
		}
		list, err := got.Header.AddressList("To")
		if err != nil || len(list) != 1 || list[0].Address != to || !sameWords(list[0].Name, name) {
			t.Errorf("got to %v, %v, want %q %q\n%q", list, err, name, to, raw)
		}
		if s, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject")); err != nil || !sameWords(s, subject) {
			t.Errorf("got the subject %q, %v, want %q", s, err, subject)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(got.Body))
		if err != nil || strings.TrimRight(unfold(string(body)), "\n") != strings.TrimRight(text, "\n") {
			t.Errorf("got the text %q, %v, want %q\n%q", body, err, text, raw)
		}
	})
}

// sameWords compares what is left of white space that folds.
func sameWords(a, b string) bool {
	return strings.Join(strings.Fields(a), "") == strings.Join(strings.Fields(asWritten(b)), "")
}

func unfold(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// FuzzSaid holds that a server's words are bounded and one line.
func FuzzSaid(f *testing.F) {
	f.Add("550 5.1.1 no\r\nsuch\x00 user")
	f.Add(strings.Repeat("ä", 300))
	f.Fuzz(func(t *testing.T, s string) {
		if got := said(s); len(got) > maxSaid || !oneLine(got) {
			t.Errorf("got %q of %d bytes", got, len(got))
		}
	})
}

// FuzzLetter holds that what is kept is read as it was written, or not at all.
func FuzzLetter(f *testing.F) {
	f.Add(`{"v":1,"kind":"test","to":"a@example.net","subject":"s","text":"t","since":"2026-03-01T08:00:00Z"}`)
	f.Add(`{"v":2}`)
	f.Fuzz(func(t *testing.T, kept string) {
		l, err := decodeLetter("x", phone.NewSecret(kept))
		if err != nil {
			return
		}
		again, err := l.encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeLetter("x", again); err != nil || back.message != l.message || !back.Since.Equal(l.Since) {
			t.Errorf("got %+v, %v, want %+v", back, err, l)
		}
	})
}
