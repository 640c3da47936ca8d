package store

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// putLetters puts letters by ID; an empty text deletes one.
func putLetters(t testing.TB, s *Store, texts map[string]string) {
	t.Helper()
	puts := map[string]phone.Secret{}
	for id, text := range texts {
		puts[id] = phone.NewSecret(text)
	}
	if err := s.ChangeLetters(t.Context(), puts, []audit.Record{{Event: audit.MailTested{To: "a@example.net"}}}); err != nil {
		t.Fatal(err)
	}
}

func reveal(l map[string]phone.Secret) (list []string) {
	for _, id := range slices.Sorted(maps.Keys(l)) {
		list = append(list, id+"="+l[id].Reveal())
	}
	return list
}

func TestLettersOutliveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	if got := s.Letters(); len(got) != 0 {
		t.Errorf("a new database has the letters %v", got)
	}
	putLetters(t, s, map[string]string{"one": "planted-first", "two": "planted-second", "gone": "planted-third"})
	putLetters(t, s, map[string]string{"gone": "", "two": "planted-changed", "never": ""})
	s.Letters()["mine"] = phone.NewSecret("not the store's")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("planted-")) {
		t.Error("a letter stands in the file in clear")
	}
	back := openTest(t, path, Config{})
	if got, want := reveal(back.Letters()), []string{"one=planted-first", "two=planted-changed"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	log, err := back.AuditTail(t.Context(), phone.MAC{}, 5)
	if err != nil || len(log) != 2 || log[1].Kind != "mail-tested" {
		t.Errorf("audit: got %v, %v, want the event of each change", log, err)
	}
}

// TestLettersOfACopyAreNotSent: they were sent after the copy was made.
func TestLettersOfACopyAreNotSent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	putLetters(t, s, map[string]string{"one": "planted-first", "two": "planted-second"})
	var backup bytes.Buffer
	if err := errors.Join(s.Backup(&backup), s.Close(), os.WriteFile(path, backup.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	back := openTest(t, path, Config{})
	if got := back.Letters(); len(got) != 0 || !strings.Contains(back.Report().Detail, "2 letters") {
		t.Errorf("got %d letters and the report %q, want none and that they were removed", len(got), back.Report().Detail)
	}
}

func TestLetterOutOfPlaceIsDamage(t *testing.T) {
	c := codec{testKey()}
	value, err := c.encodeLetter("one", phone.NewSecret("planted"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.decodeLetter([]byte("two"), value); !errors.Is(err, errDamaged) {
		t.Errorf("under another ID: got %v, want it damaged", err)
	}
	s, err := parse[storedLetter](value, mailSchema)
	if err != nil {
		t.Fatal(err)
	}
	s.ID = "two"
	moved, err := frame(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.decodeLetter([]byte("two"), moved); !errors.Is(err, errDamaged) {
		t.Errorf("renamed: got %v, want it damaged", err)
	}
	db := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	if err := db.ChangeLetters(t.Context(), map[string]phone.Secret{strings.Repeat("x", 33): phone.NewSecret("x")}, nil); err == nil || len(db.Letters()) != 0 {
		t.Errorf("an ID no start could read: got %v and %d letters, want it refused", err, len(db.Letters()))
	}
}
