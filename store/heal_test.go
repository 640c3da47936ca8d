package store

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

const pageSize = 4096

// spoil changes a closed store's file.
func spoil(t testing.TB, path string, f func(raw []byte) []byte) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, f(raw), 0o600); err != nil {
		t.Fatal(err)
	}
}

// used gives the length of the part of a file that is in use: behind it are
// zeros only, where damage is none.
func used(raw []byte) int {
	return (len(bytes.TrimRight(raw, "\x00")) + pageSize - 1) / pageSize * pageSize
}

// filledStore has devices, leases, sightings and an audit log of many pages,
// and is closed.
func filledStore(t testing.TB, path string, good bool) {
	t.Helper()
	s := openTest(t, path, Config{})
	for n := range 50 {
		set(t, s, testRecord(n))
	}
	events := make([]audit.Record, 200)
	for i := range events {
		events[i] = audit.Record{MAC: testMAC(i), Event: audit.Refused{Reason: "unknown", File: "y000000000000.cfg", Times: i}}
	}
	if err := s.Record(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	if good {
		if err := s.KeepGood(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDamageIsFoundAndSetAside(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(raw []byte) []byte
	}{
		{"cut in half", func(raw []byte) []byte { return raw[:used(raw)/2] }},
		{"last page gone", func(raw []byte) []byte { return raw[:used(raw)-pageSize] }},
		{"cut inside the head", func(raw []byte) []byte { return raw[:100] }},
		{"both heads zeroed", func(raw []byte) []byte { clear(raw[:2*pageSize]); return raw }},
		{"garbage from the start", func(raw []byte) []byte {
			r := rand.NewChaCha8([32]byte{1})
			_, _ = r.Read(raw)
			return raw
		}},
		{"everything but the heads garbage", func(raw []byte) []byte {
			r := rand.NewChaCha8([32]byte{2})
			_, _ = r.Read(raw[2*pageSize : used(raw)])
			return raw
		}},
		{"a text file", func([]byte) []byte { return []byte(strings.Repeat("lineside\n", 2000)) }},
		{"one digit of a record", func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte(`"used":false`), []byte(`"used":tru  `)) }},
		{"one record's claim", func(raw []byte) []byte {
			return bytes.ReplaceAll(raw, []byte(`"label":"Desk 7"`), []byte(`"label":"Desk 8"`))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			filledStore(t, path, false)
			spoil(t, path, tt.spoil)
			spoilt, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := openTest(t, path, Config{})
			r := s.Report()
			if r.SetAside == "" || r.Restored || !strings.Contains(r.Detail, r.SetAside) {
				t.Fatalf("report %+v, want the file set aside and nothing restored", r)
			}
			if kept, err := os.ReadFile(r.SetAside); err != nil || !bytes.Equal(kept, spoilt) {
				t.Errorf("what was set aside is not the damaged file: %v", err)
			}
			log, err := s.Audit(t.Context(), 0, phone.MAC{}, 0)
			if err != nil || len(log) != 1 || log[0].Kind != "store-replaced" {
				t.Errorf("audit log %+v, %v, want one store-replaced", log, err)
			}
			set(t, s, testRecord(1))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openTest(t, path, Config{})
			if all, _ := s.All(); len(all) != 1 || s.Report() != (Report{}) {
				t.Errorf("opened again: %d devices, report %+v", len(all), s.Report())
			}
		})
	}
}

// TestEveryDamagedPageIsFoundOrHarmless spoils one page after another, in three
// ways: either the damage is found, or nothing at all is lost.
func TestEveryDamagedPageIsFoundOrHarmless(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	filledStore(t, path, false)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{3})
	for _, tt := range []struct {
		name  string
		spoil func(page []byte)
	}{
		{"zeroed", func(page []byte) { clear(page) }},
		{"garbage", func(page []byte) { _, _ = random.Read(page) }},
		{"garbage behind the page's head", func(page []byte) { _, _ = random.Read(page[16:]) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := 0
			for page := 2 * pageSize; page < used(whole); page += pageSize {
				raw := bytes.Clone(whole[:used(whole)])
				tt.spoil(raw[page : page+pageSize])
				if openSpoilt(t, raw) {
					found++
				}
			}
			if found < 20 {
				t.Errorf("damage found in %d pages only", found)
			}
		})
	}
}

// openSpoilt opens a damaged filledStore and tells whether the damage was
// found.
func openSpoilt(t *testing.T, raw []byte) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, path, Config{})
	if s.Report().SetAside != "" {
		return true
	}
	all, _ := s.All()
	log, err := s.Audit(t.Context(), 0, phone.MAC{}, 0)
	if len(all) != 50 || len(log) != 250 || err != nil {
		t.Errorf("%d devices and %d entries are left, %v, and nothing was said", len(all), len(log), err)
	}
	return false
}

func TestDamagedCopyIsNotTakenEither(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	filledStore(t, path, true)
	cut := func(raw []byte) []byte { return raw[:used(raw)/2] }
	spoil(t, path, cut)
	spoil(t, goodPath(path), cut)
	s := openTest(t, path, Config{})
	if all, _ := s.All(); len(all) != 0 || s.Report().Restored || !strings.Contains(s.Report().Detail, "damaged as well") {
		t.Errorf("%d devices, report %+v, want an empty database and both said", len(all), s.Report())
	}
	if aside, _ := filepath.Glob(path + "*.damaged-*"); len(aside) != 3 {
		t.Errorf("set aside: %v, want the database, the copy in its place, and the copy", aside)
	}
}

func TestEmptyFileIsAFreshStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, path, Config{})
	set(t, s, testRecord(1))
	if s.Report() != (Report{}) {
		t.Errorf("report %+v, want none", s.Report())
	}
}

func TestErrorsOfTheFileSystemAreNoDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "db")
	if _, err := Open(path, testKey(), Config{}, Tools{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
	if _, err := Open(t.TempDir(), testKey(), Config{}, Tools{}); err == nil {
		t.Error("a directory was opened")
	}
	if _, err := Open(path, Key{}, Config{}, Tools{}); err == nil {
		t.Error("opened without a key")
	}
}
