package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// TestCopyNeverRevivesAnOTP: one device consumed its one-time password before
// the copy was made, one after it, one never; after falling back on the copy
// none of the three is accepted.
func TestCopyNeverRevivesAnOTP(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "db")
	s := openTest(t, path, Config{})
	consume := func(s *Store, n int) {
		rec, err := s.Device(testMAC(n))
		if err != nil {
			t.Fatal(err)
		}
		rec.Enrolment.OTP.Used = true
		set(t, s, rec)
	}
	for n := 1; n <= 3; n++ {
		rec := testRecord(n)
		rec.Enrolment.Pass = auth.Pass{Until: time.Now().Add(time.Hour)}
		set(t, s, rec)
	}
	consume(s, 1)
	if err := s.KeepGood(t.Context()); err != nil {
		t.Fatal(err)
	}
	var backup bytes.Buffer
	if err := s.Backup(&backup); err != nil {
		t.Fatal(err)
	}
	consume(s, 2)
	var last auth.Record
	for range 20 {
		last = set(t, s, testRecord(4))
		remove(t, s, 4)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, s *Store, burnt int) {
		t.Helper()
		all, _ := s.All()
		if len(all) != 3 {
			t.Fatalf("%d devices, want the 3 of the copy", len(all))
		}
		for _, rec := range all {
			if !rec.Enrolment.OTP.Used || rec.Enrolment.Pass != (auth.Pass{}) {
				t.Errorf("%s: OTP used %v, pass %+v, want both gone", rec.Device.MAC, rec.Enrolment.OTP.Used, rec.Enrolment.Pass)
			}
		}
		r := s.Report()
		if !r.Restored || !strings.Contains(r.Detail, fmt.Sprintf("%d unused one-time passwords", burnt)) {
			t.Errorf("report %+v, want it restored and %d burnt", r, burnt)
		}
		if rec := set(t, s, testRecord(9)); rec.Rev <= last.Rev {
			t.Errorf("rev %d, given before the damage: last was %d", rec.Rev, last.Rev)
		} else if rec.Rev >= 1<<53 {
			t.Errorf("rev %d does not fit a JSON number", rec.Rev)
		}
		log, err := s.Audit(t.Context(), 0, phone.MAC{}, 0)
		if err != nil || len(log) < 2 || log[len(log)-2].Kind != "store-replaced" {
			t.Errorf("audit log %+v, %v, want store-replaced before the last", log, err)
		}
	}
	again := func(t *testing.T, s *Store, path string) {
		t.Helper()
		rec, err := s.Device(testMAC(1))
		if err != nil {
			t.Fatal(err)
		}
		rec.Enrolment.OTP = auth.Arming{Generation: rec.Enrolment.OTP.Generation + 1}
		set(t, s, rec)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openTest(t, path, Config{})
		if rec, _ := s.Device(testMAC(1)); rec.Enrolment.OTP.Used || s.Report() != (Report{}) {
			t.Errorf("burnt once more at the next start: %+v", s.Report())
		}
	}
	t.Run("damaged, the good copy taken", func(t *testing.T) {
		spoil(t, path, func(raw []byte) []byte { return raw[:used(raw)/2] })
		s := openTest(t, path, Config{})
		if s.Report().SetAside == "" {
			t.Error("nothing was set aside")
		}
		check(t, s, 2)
		again(t, s, path)
	})
	t.Run("lost, the good copy taken", func(t *testing.T) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		s := openTest(t, path, Config{})
		check(t, s, 2)
	})
	t.Run("backup copied into place by hand", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "db")
		if err := os.WriteFile(path, backup.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		s := openTest(t, path, Config{})
		check(t, s, 2)
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, want 0600", info.Mode())
		}
		again(t, s, path)
	})
	t.Run("backup restored", func(t *testing.T) {
		dir := t.TempDir()
		path, from := filepath.Join(dir, "db"), filepath.Join(dir, "backup")
		if err := os.WriteFile(from, backup.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		running := openTest(t, path, Config{})
		set(t, running, testRecord(8))
		if _, err := Restore(path, from, testKey(), time.Now()); !errors.Is(err, ErrInUse) {
			t.Errorf("restore under a running store gave %v, want ErrInUse", err)
		}
		if err := running.Close(); err != nil {
			t.Fatal(err)
		}
		aside, err := Restore(path, from, testKey(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		s := openTest(t, path, Config{})
		check(t, s, 2)
		old := openTest(t, aside, Config{})
		if _, err := old.Device(testMAC(8)); err != nil {
			t.Errorf("the replaced database: %v", err)
		}
		if left, _ := filepath.Glob(path + "*.new"); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func remove(t testing.TB, s *Store, n int) {
	t.Helper()
	if _, err := s.Change(t.Context(), func(auth.Record) (*auth.Record, []audit.Record, error) { return nil, nil, nil }, testMAC(n)); err != nil {
		t.Fatal(err)
	}
}

func TestRestoreRefusesWhatIsNoBackup(t *testing.T) {
	dir := t.TempDir()
	path, from := filepath.Join(dir, "db"), filepath.Join(dir, "backup")
	s := openTest(t, path, Config{})
	set(t, s, testRecord(1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other, err := NewKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "foreign")
	f, err := Open(foreign, other, Config{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"text": []byte("no database"), "empty": nil} {
		if err := os.WriteFile(from, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(path, from, testKey(), time.Now()); err == nil {
			t.Errorf("%s was restored", name)
		}
	}
	if _, err := Restore(path, foreign, testKey(), time.Now()); !errors.Is(err, ErrKey) {
		t.Errorf("backup of another site: got %v, want ErrKey", err)
	}
	if _, err := openTest(t, path, Config{}).Device(testMAC(1)); err != nil {
		t.Errorf("after the refusals: %v", err)
	}
}

// TestFailedCopyLeavesTheLastOne: a copy that cannot be finished or verified
// does not replace the last good one.
func TestFailedCopyLeavesTheLastOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	set(t, s, testRecord(1))
	if err := s.KeepGood(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(goodPath(path))
	if err != nil {
		t.Fatal(err)
	}
	set(t, s, testRecord(2))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.KeepGood(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if after, err := os.ReadFile(goodPath(path)); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the last copy changed, %v", err)
	}
	if left, _ := filepath.Glob(path + "*.new"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
