package smtplab

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Letter is a message that arrived.
type Letter struct {
	Header netmail.Header
	// Subject and Text are decoded, Raw is all of it as it lies there.
	Subject, Text, Raw string
}

// Mailbox reads what has arrived, in no order.
func (s *Server) Mailbox() []Letter {
	s.t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "mail", "new", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	var all []Letter
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, read(s.t, raw))
	}
	return all
}

// Arrived waits until so many have, and fails the test where they do not.
func (s *Server) Arrived(n int) []Letter {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(15 * time.Second)
	for {
		if got := s.Mailbox(); len(got) >= n {
			return got
		}
		select {
		case <-tick.C:
		case <-late:
			s.t.Fatalf("got %d letters in the mailbox, want %d", len(s.Mailbox()), n)
		}
	}
}

func read(t testing.TB, raw []byte) Letter {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("a letter in the mailbox cannot be read: %v\n%s", err, raw)
	}
	var body io.Reader = m.Body
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(m.Body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return Letter{Header: m.Header, Subject: subject, Text: string(text), Raw: string(raw)}
}
