package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// lasts is how long the lease of 10.0.0.n is in a store, 0 for none.
func lasts(s *Store, n byte) time.Duration {
	l, _ := s.LeaseOf(netip.AddrFrom4([4]byte{10, 0, 0, n}))
	return l.Expires.Sub(l.Start)
}

func take(t testing.TB, s *Store, steps ...step) {
	t.Helper()
	for _, st := range steps {
		if err := st.do(s); err != nil {
			t.Fatalf("%s: %v", st.name, err)
		}
	}
}

// inCommitter runs f where the journal may be touched.
func inCommitter(t testing.TB, s *Store, f func()) {
	t.Helper()
	if err := s.submit(t.Context(), func(*view, *draft) error { f(); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestKilledBoxKeepsItsLeases(t *testing.T) {
	path := leftByKill(t, leaseSteps()[:4])
	s := openTest(t, path, smallJournal)
	for n, want := range map[byte]time.Duration{1: 2 * time.Hour, 2: time.Hour, 3: 2 * time.Hour, 4: time.Hour, 6: 0} {
		if got := lasts(s, n); got != want {
			t.Errorf("10.0.0.%d: got a lease of %v, want %v", n, got, want)
		}
	}
	if s.Report() != (Report{}) || len(s.journal.behind) != 0 || s.meta.Round != "" {
		t.Errorf("report %+v, %d behind, round %q, want all taken over without a word", s.Report(), len(s.journal.behind), s.meta.Round)
	}
	if got := len(s.LeasesTo(testMAC(3))); got != 1 {
		t.Errorf("%d leases found by hardware address, want 1", got)
	}
}

// TestTheTimeIsKeptInTheJournal: the box's time does not go back to that of the
// last commit to the database.
func TestTheTimeIsKeptInTheJournal(t *testing.T) {
	w := watch{}
	running := filepath.Join(t.TempDir(), "db")
	s := openTest(t, running, w.config())
	take(t, s, leaseSteps()[:2]...)
	w.pass(40 * time.Second)
	take(t, s, leaseSteps()[2])
	path := copyOfKilled(t, running)
	w = watch{off: -time.Hour}
	again := openTest(t, path, w.config())
	if now, behind := again.Now(); !behind || !now.Equal(noon.Add(40*time.Second)) {
		t.Errorf("got %v, behind %t, want the time of the last lease", now, behind)
	}
}

// TestCopiesHoldWhatIsInTheJournal: backup and good copy have every lease that was
// acknowledged before, and what lies beside them is not theirs.
func TestCopiesHoldWhatIsInTheJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	take(t, s, leaseSteps()[:3]...)
	if len(s.journal.behind) == 0 {
		t.Fatal("nothing is in the journal")
	}
	var copied bytes.Buffer
	if err := s.Backup(&copied); err != nil {
		t.Fatal(err)
	}
	if err := s.KeepGood(t.Context()); err != nil {
		t.Fatal(err)
	}
	take(t, s, leaseSteps()[3:4]...)
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(backup, copied.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{backup, goodPath(path)} {
		if err := copyFile(journalPath(path), journalPath(name)); err != nil {
			t.Fatal(err)
		}
		old := openTest(t, name, Config{})
		if lasts(old, 5) != time.Hour || lasts(old, 3) != time.Hour {
			t.Errorf("%s: leases of %v and %v, want 1h as when it was made", filepath.Base(name), lasts(old, 5), lasts(old, 3))
		}
	}
}

// TestACopyKnowsNoJournal: a copy made while a round was open is as of its own
// moment, whatever lies beside it.
func TestACopyKnowsNoJournal(t *testing.T) {
	path := leftByKill(t, leaseSteps()[:3])
	if err := markCopy(path, testKey(), time.Now()); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, path, Config{})
	if lasts(s, 1) != time.Hour || lasts(s, 5) != 0 {
		t.Errorf("leases of %v and %v, want 1h and none, as in the database", lasts(s, 1), lasts(s, 5))
	}
}

// TestRestoreKeepsTheOldJournal: a database that is put back after another was
// tried has what lay in its journal.
func TestRestoreKeepsTheOldJournal(t *testing.T) {
	path := leftByKill(t, leaseSteps()[:3])
	backup := filepath.Join(t.TempDir(), "backup")
	other := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	f, err := os.Create(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Backup(f), f.Close()); err != nil {
		t.Fatal(err)
	}
	aside, err := Restore(path, backup, testKey(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := lasts(openTest(t, path, Config{}), 5); got != 0 {
		t.Errorf("the restored database has a lease of %v from the journal of another", got)
	}
	if got := lasts(openTest(t, aside, Config{}), 5); got != time.Hour {
		t.Errorf("the one set aside has a lease of %v, want 1h", got)
	}
}

// TestRotationCarriesTheJournalOn puts a database under a new key whose last
// leases are in the journal.
func TestRotationCarriesTheJournalOn(t *testing.T) {
	path := leftByKill(t, leaseSteps()[:3])
	keyPath := filepath.Join(filepath.Dir(path), "site.key")
	if err := os.WriteFile(keyPath, fmt.Appendf(nil, "%x\n", testKey().bytes), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Rotate(path, keyPath, audit.Actor{Front: "cli"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	key, err := LoadKey(keyPath, path)
	if err != nil {
		t.Fatal(err)
	}
	if got := lasts(openUnder(t, path, key), 5); got != time.Hour {
		t.Errorf("got a lease of %v, want the 1h that is in the journal", got)
	}
}

// TestOlderBuildRefusesALiveJournal: a build that knows no journal would give away
// addresses that are in it. Once the box was stopped it may have the file.
func TestOlderBuildRefusesALiveJournal(t *testing.T) {
	schema := func(path string) int {
		db, err := openBolt(path, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		m, err := readAll(db, testKey())
		if err != nil {
			t.Fatal(err)
		}
		return m.meta.V
	}
	path := leftByKill(t, leaseSteps()[:2])
	if got := schema(path); got != 2 {
		t.Errorf("with a live journal: meta schema %d, want 2", got)
	}
	s, err := Open(path, testKey(), Config{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	take(t, s, leaseSteps()[:3]...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := schema(path); got != 1 {
		t.Errorf("after a stop: meta schema %d, want 1", got)
	}
}

// TestJournalIsTakenOverInTime: once a minute the database has what the journal
// has, though nothing else is written.
func TestJournalIsTakenOverInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(filepath.Join(t.TempDir(), "db"), testKey(), Config{Synced: func() bool { return false }}, Tools{})
		if err != nil {
			t.Fatal(err)
		}
		take(t, s, leaseSteps()[:3]...)
		inDatabase := func() (n int) {
			if err := s.db.View(func(tx *bolt.Tx) error { n = tx.Bucket([]byte(bucketLeases)).Stats().KeyN; return nil }); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := inDatabase()
		time.Sleep(markEvery + time.Second)
		synctest.Wait()
		if after := inDatabase(); before != 1 || after != 5 || s.meta.Round != "" {
			t.Errorf("%d leases in the database, a minute later %d, round %q; want 1, 5 and none", before, after, s.meta.Round)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestJournalIsBounded gives far more leases than it has room for.
func TestJournalIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, smallJournal)
	for range 10 {
		take(t, s, leaseSteps()[:7]...)
	}
	var many []phone.Lease
	for n := range 500 {
		many = append(many, phone.Lease{Addr: netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)}), MAC: testMAC(n), State: phone.Bound})
	}
	if err := s.SaveLeases(t.Context(), many); err != nil {
		t.Errorf("more at once than the journal takes: %v", err)
	}
	info, err := os.Stat(journalPath(path))
	if err != nil || info.Size() != int64(smallJournal.JournalBytes) || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want %d bytes that nobody else reads", info, err, smallJournal.JournalBytes)
	}
}

// TestJournalOnAFullDisk: a lease that cannot be written is none, the operator is
// told, and the next goes to the database.
func TestJournalOnAFullDisk(t *testing.T) {
	var board health.Board
	path := filepath.Join(t.TempDir(), "db")
	s, err := Open(path, testKey(), Config{}, Tools{Health: &board})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	steps := leaseSteps()
	take(t, s, steps[:2]...)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	inCommitter(t, s, func() {
		if err := s.journal.close(); err != nil {
			t.Error(err)
		}
		s.journal.file = full
	})
	if err := steps[2].do(s); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want no space", err)
	}
	if got := lasts(s, 5); got != 0 {
		t.Errorf("a lease that was refused is there, for %v", got)
	}
	if list := board.List(); len(list) != 1 || list[0].Code != "store-write" {
		t.Errorf("board shows %+v, want store-write", list)
	}
	take(t, s, steps[2])
	if list := board.List(); len(list) != 0 || lasts(s, 5) != time.Hour || lasts(s, 2) != time.Hour {
		t.Errorf("with room again: board %+v, leases of %v and %v", list, lasts(s, 5), lasts(s, 2))
	}
}

// TestLeasesOnAFullDatabase: neither file takes them, so they are none.
func TestLeasesOnAFullDatabase(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{MaxBytes: 1 << 20})
	take(t, s, leaseSteps()[:3]...)
	many := make([]phone.Lease, 20_000)
	for n := range many {
		many[n] = phone.Lease{Addr: netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)}), MAC: testMAC(n), State: phone.Bound}
	}
	if err := s.SaveLeases(t.Context(), many); !errors.Is(err, berrors.ErrMaxSizeReached) {
		t.Errorf("got %v, want that there is no room", err)
	}
	if all, err := s.Leases(); err != nil || len(all) != 5 {
		t.Errorf("got %d leases, %v, want the 5 from before", len(all), err)
	}
	take(t, s, leaseSteps()[3:]...)
}

// TestLeasesAfterAFailedCommit: the database may or may not name another round
// by then, so nothing is appended to the one before.
func TestLeasesAfterAFailedCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	steps := leaseSteps()
	take(t, s, steps[:3]...)
	was := s.meta.Round
	inCommitter(t, s, func() { s.failed(os.ErrInvalid) })
	take(t, s, steps[3])
	if s.meta.Round == was || lasts(s, 5) != time.Hour || lasts(s, 3) != 2*time.Hour {
		t.Errorf("round %q as before, leases of %v and %v", s.meta.Round, lasts(s, 5), lasts(s, 3))
	}
}

// TestLeasesWithoutAJournal: where the file cannot be had, leases go to the
// database as they are given.
func TestLeasesWithoutAJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	target := filepath.Join(t.TempDir(), "target")
	if err := os.WriteFile(target, []byte("not ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, journalPath(path)); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, path, Config{})
	take(t, s, leaseSteps()...)
	if b, err := os.ReadFile(target); string(b) != "not ours" {
		t.Errorf("what a link led to now holds %.20q, %v", b, err)
	}
	if s.meta.Round != "" || lasts(s, 3) != 6*time.Hour {
		t.Errorf("round %q, a lease of %v, want none and 6h", s.meta.Round, lasts(s, 3))
	}
}

// FuzzJournal writes blocks, cuts the file anywhere and puts anything behind it:
// what is read is what the blocks say that are whole, and never fails.
func FuzzJournal(f *testing.F) {
	f.Add([]byte{3, 1, 2}, uint(9000), []byte("rubbish"))
	f.Add([]byte{250, 0, 7, 7}, uint(0), bytes.Repeat([]byte{0xff}, blockHead+5))
	f.Fuzz(func(t *testing.T, counts []byte, at uint, behind []byte) {
		r := newRound()
		var file []byte
		var ends []int
		for seq, count := range counts[:min(len(counts), 8)] {
			b := beginBlock(nil)
			for n := range count {
				l := phone.Lease{Addr: netip.AddrFrom4([4]byte{10, 0, byte(seq), n}), MAC: testMAC(int(n)), State: phone.Bound, Host: strings.Repeat("h", int(n))}
				value, err := encodeLease(storeLease(l))
				if err != nil {
					t.Fatal(err)
				}
				b = appendPut(b, l.Addr.AsSlice(), value)
			}
			file = append(file, r.seal(b, uint32(seq), time.Unix(int64(seq), 0))...)
			ends = append(ends, len(file))
		}
		cutAt := int(at % uint(len(file)+1))
		want, blocks := 0, 0
		for seq, end := range ends {
			if whole := bytes.TrimRight(file[:end], "\x00"); cutAt >= len(whole) {
				want, blocks = want+int(counts[seq]), seq+1
			}
		}
		got := r.read(append(file[:cutAt:cutAt], behind...))
		if len(got.leases) != want || got.lost != "" {
			t.Errorf("cut at %d of %d: got %d leases, lost %q, want those of %d blocks, %d", cutAt, len(file), len(got.leases), got.lost, blocks, want)
		}
	})
}

// BenchmarkSaveLeases gives leases in groups, each on disk before the next, as a
// power-up does.
func BenchmarkSaveLeases(b *testing.B) {
	s := openTest(b, filepath.Join(b.TempDir(), "db"), Config{})
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	group := make([]phone.Lease, 75)
	b.ReportAllocs()
	for i := range b.N {
		for n := range group {
			k := (i*len(group) + n) % 20_000
			group[n] = phone.Lease{
				Addr: netip.AddrFrom4([4]byte{10, 20, byte(k >> 8), byte(k)}), MAC: testMAC(k), State: phone.Bound, Start: at,
				Expires: at.Add(time.Duration(i) * time.Second), Class: "yealink", Vendor: "yealink", Model: "SIP-T46S",
			}
		}
		if err := s.SaveLeases(context.Background(), group); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(group)), "ns/lease")
}
