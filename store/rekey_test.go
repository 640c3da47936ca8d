package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestRestoreOfABackupUnderTheOldKey(t *testing.T) {
	w := newSite(t)
	was, err := ReadKey(w.key)
	if err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(backup, readText(t, goodPath(w.db)), 0o600); err != nil {
		t.Fatal(err)
	}
	rotateSite(t, w)
	is, err := ReadKey(w.key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(w.db, backup, is, time.Now()); !errors.Is(err, ErrKey) {
		t.Errorf("under the new key: got %v, want ErrKey", err)
	}
	if _, err := RestoreUnder(w.db, backup, was, is, time.Now()); err != nil {
		t.Fatal(err)
	}
	s := openUnder(t, w.db, is)
	if all, _ := s.All(); len(all) != 5 || !s.Report().Restored || !verify(t, s).OK {
		t.Errorf("got %d devices, %+v, log %+v", len(all), s.Report(), verify(t, s))
	}
	for _, rec := range must(s.All()) {
		if !rec.Enrolment.OTP.Used {
			t.Errorf("%s: an unused one-time password came back", rec.Device.MAC)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
