package store

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// logged is a closed store whose audit log has so many entries, pruned to keep.
func logged(t testing.TB, path string, n, keep int) {
	t.Helper()
	s := openTest(t, path, Config{AuditKeep: keep})
	for from := 0; from < n; from += 100 {
		events := make([]audit.Record, min(100, n-from))
		for i := range events {
			events[i] = audit.Record{MAC: testMAC(i), By: audit.Actor{Front: "http"}, Event: audit.Refused{Reason: "unknown", Times: from + i}}
		}
		if err := s.Record(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func verify(t testing.TB, s *Store) audit.Check {
	t.Helper()
	found, err := s.VerifyAudit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestChainGoesOnAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	for want := uint64(1); want <= 3; want++ {
		s := openTest(t, path, Config{})
		if err := s.Record(t.Context(), audit.Record{Event: audit.PINShown{}}); err != nil {
			t.Fatal(err)
		}
		got := verify(t, s)
		if oldest := got.Oldest; oldest.IsZero() || oldest.After(s.clock.time()) {
			t.Errorf("got %s for the oldest, want a time that was", oldest)
		}
		if got.Oldest = (time.Time{}); got != (audit.Check{Entries: want, First: 1, Last: want, OK: true}) {
			t.Errorf("got %+v, want %d entries, whole", got, want)
		}
		all, err := s.Audit(t.Context(), 0, phone.MAC{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		prev := audit.Hash{}
		for _, e := range all {
			if e.Chain(prev) != e.Hash {
				t.Errorf("entry %d as it is read does not give the hash it has", e.Seq)
			}
			prev = e.Hash
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEmptyLogIsWhole(t *testing.T) {
	if got := verify(t, openTest(t, filepath.Join(t.TempDir(), "db"), Config{})); got != (audit.Check{OK: true}) {
		t.Errorf("got %+v", got)
	}
}

func TestChainSurvivesPruning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	logged(t, path, 5000, 100)
	s := openTest(t, path, Config{AuditKeep: 100})
	got := verify(t, s)
	if !got.OK || got.First < 3000 || got.Last != 5000 || got.Entries != got.Last+1-got.First || got.Anchor.Seq != got.First-1 || got.Anchor.Hash.IsZero() {
		t.Errorf("got %+v, want the end of the log, whole, behind an anchor", got)
	}
}

// TestOddTextIsChained: what is not UTF-8 is replaced when it is written, and
// so must be before it is hashed.
func TestOddTextIsChained(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	odd := "\xff<&>\u2028\x00"
	if err := s.Record(t.Context(), audit.Record{By: audit.Actor{Front: odd, Name: odd, Identity: odd}, Event: audit.Refused{Reason: odd}}); err != nil {
		t.Fatal(err)
	}
	if got := verify(t, s); !got.OK {
		t.Errorf("got %+v, want it whole", got)
	}
}

// rehash makes the chain anew from entry from on, as somebody who has the file
// and knows this code can.
func rehash(t testing.TB, tx *bolt.Tx, from uint64, change func(*storedEntry)) audit.Link {
	t.Helper()
	b := tx.Bucket([]byte(bucketAudit))
	prev := audit.Hash{}
	if value := b.Get(entryKey(from - 1)); value != nil {
		e, err := decodeEntry(entryKey(from-1), value)
		if err != nil {
			t.Fatal(err)
		}
		prev = e.Hash
	}
	c := chain{head: audit.Link{Seq: from - 1, Hash: prev}}
	for seq := from; b.Get(entryKey(seq)) != nil; seq++ {
		s, err := parse[storedEntry](b.Get(entryKey(seq)), entrySchema)
		if err != nil {
			t.Fatal(err)
		}
		if seq == from {
			change(&s)
		}
		if err := c.add(b, s); err != nil {
			t.Fatal(err)
		}
	}
	return c.head
}

// TestForgedLogIsFound has somebody with the file but without the site key
// change the log in every way that leaves it readable. Each is found, by Open
// or by verifying, and stays found while the log goes on.
func TestForgedLogIsFound(t *testing.T) {
	lie := func(s *storedEntry) { s.Kind = "pin-shown" }
	cut := func(t *testing.T, tx *bolt.Tx, from, to, end uint64) {
		b := tx.Bucket([]byte(bucketAudit))
		for seq := from; seq <= to; seq++ {
			if err := b.Delete(entryKey(seq)); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.SetSequence(end); err != nil {
			t.Fatal(err)
		}
	}
	reseal := func(t *testing.T, tx *bolt.Tx, change func(*chain)) {
		c, _, err := readChain(tx, testKey().sealKey())
		if err != nil {
			t.Fatal(err)
		}
		change(&c)
		if err := c.put(tx, []byte("a key of the forger's own.......")); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name   string
		forge  func(t *testing.T, tx *bolt.Tx)
		at     uint64
		onOpen bool // found before anybody asks
	}{
		{"one entry changed", func(t *testing.T, tx *bolt.Tx) {
			b := tx.Bucket([]byte(bucketAudit))
			s, err := parse[storedEntry](b.Get(entryKey(20)), entrySchema)
			if err != nil {
				t.Fatal(err)
			}
			lie(&s)
			value, err := frame(s)
			if err := errors.Join(err, b.Put(entryKey(20), value)); err != nil {
				t.Fatal(err)
			}
		}, 20, false},
		{"one entry changed, the rest hashed anew", func(t *testing.T, tx *bolt.Tx) { rehash(t, tx, 20, lie) }, 50, true},
		{"hashed anew with the record, unsealed", func(t *testing.T, tx *bolt.Tx) {
			head := rehash(t, tx, 20, lie)
			reseal(t, tx, func(c *chain) { c.head = head })
		}, 1, true},
		{"its end cut off", func(t *testing.T, tx *bolt.Tx) { cut(t, tx, 41, 50, 40) }, 41, true},
		{"its end cut off, the record with it", func(t *testing.T, tx *bolt.Tx) {
			cut(t, tx, 41, 50, 40)
			e, err := decodeEntry(entryKey(40), tx.Bucket([]byte(bucketAudit)).Get(entryKey(40)))
			if err != nil {
				t.Fatal(err)
			}
			reseal(t, tx, func(c *chain) { c.head = audit.Link{Seq: 40, Hash: e.Hash} })
		}, 1, true},
		{"its beginning cut off", func(t *testing.T, tx *bolt.Tx) { cut(t, tx, 1, 10, 50) }, 11, true},
		{"all of it", func(t *testing.T, tx *bolt.Tx) { cut(t, tx, 1, 50, 50) }, 51, true},
		{"an entry added", func(t *testing.T, tx *bolt.Tx) {
			b := tx.Bucket([]byte(bucketAudit))
			s, err := parse[storedEntry](b.Get(entryKey(50)), entrySchema)
			if err != nil {
				t.Fatal(err)
			}
			c := chain{head: audit.Link{Seq: 50, Hash: s.Hash}}
			if err := errors.Join(c.add(b, s), b.SetSequence(51)); err != nil {
				t.Fatal(err)
			}
		}, 51, true},
		{"the record thrown away", func(t *testing.T, tx *bolt.Tx) {
			if err := tx.Bucket([]byte(bucketMeta)).Delete([]byte(chainKey)); err != nil {
				t.Fatal(err)
			}
		}, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			logged(t, path, 50, 100)
			rewrite(t, path, func(tx *bolt.Tx) error { tt.forge(t, tx); return nil })
			for start := range 3 {
				var board health.Board
				s, err := Open(path, testKey(), Config{}, Tools{Health: &board})
				if err != nil {
					t.Fatal(err)
				}
				if r := s.Report(); r != (Report{}) {
					t.Fatalf("report %+v: phones must be served", r)
				}
				if told := len(board.List()) == 1 && board.List()[0].Code == "audit-broken"; told != tt.onOpen {
					t.Errorf("start %d: board shows %+v, want audit-broken %v", start, board.List(), tt.onOpen)
				}
				if err := s.Record(t.Context(), audit.Record{Event: audit.PINShown{}}); err != nil {
					t.Fatal(err)
				}
				if got := verify(t, s); got.OK || got.BrokenAt != tt.at || got.Why == "" {
					t.Errorf("start %d: got %+v, want it broken at %d", start, got, tt.at)
				}
				if len(board.List()) != 1 {
					t.Errorf("start %d: after verifying the board shows %+v", start, board.List())
				}
				if n := kinds(t, s)["audit-chain-broken"]; n != map[bool]int{true: 1}[tt.onOpen] {
					t.Errorf("start %d: %d events of a broken chain", start, n)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func kinds(t testing.TB, s *Store) map[string]int {
	t.Helper()
	all, err := s.Audit(t.Context(), 0, phone.MAC{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, e := range all {
		n[e.Kind]++
	}
	return n
}

// TestPrunedLogIsVouchedForAgain: once the part that was changed has been dropped
// to make room, what is left is whole.
func TestPrunedLogIsVouchedForAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	logged(t, path, 50, 100)
	rewrite(t, path, func(tx *bolt.Tx) error {
		rehash(t, tx, 20, func(s *storedEntry) { s.Kind = "x" })
		return nil
	})
	logged(t, path, 3000, 100)
	if got := verify(t, openTest(t, path, Config{AuditKeep: 100})); !got.OK || got.First < 1000 {
		t.Errorf("got %+v, want it whole", got)
	}
}

// TestNoWayBackToSchema1: a file of schema 1 is chained as it stands, so nobody
// without the key may make one of another.
func TestNoWayBackToSchema1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	logged(t, path, 50, 100)
	rewrite(t, path, func(tx *bolt.Tx) error {
		m, err := readMeta(tx, testKey(), len(migrations)+1)
		if err != nil {
			return err
		}
		m.Schema = 1
		return putMeta(tx, m)
	})
	if _, err := Open(path, testKey(), Config{}, Tools{}); !errors.Is(err, ErrKey) {
		t.Errorf("got %v, want ErrKey", err)
	}
}

// TestCopiesCarryTheChain: a good copy and a backup go on with the chain they
// have, and the event of being one is part of it.
func TestCopiesCarryTheChain(t *testing.T) {
	dir := t.TempDir()
	path, fromV1 := filepath.Join(dir, "db"), filepath.Join(dir, "v1")
	s := openTest(t, path, Config{})
	set(t, s, testRecord(1))
	var backup bytes.Buffer
	if err := errors.Join(s.KeepGood(t.Context()), s.Backup(&backup)); err != nil {
		t.Fatal(err)
	}
	set(t, s, testRecord(2))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	spoil(t, path, func(raw []byte) []byte { return raw[:used(raw)/2] })
	healed := openTest(t, path, Config{})
	if got, n := verify(t, healed), kinds(t, healed); !got.OK || got.Last != 2 || n["store-replaced"] != 1 {
		t.Errorf("healed: got %+v, %v", got, n)
	}
	if err := copyFile(savedV1, fromV1); err != nil {
		t.Fatal(err)
	}
	if err := healed.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(path, fromV1, testKey(), healed.clock.time()); err != nil {
		t.Fatal(err)
	}
	restored := openTest(t, path, Config{})
	if got, n := verify(t, restored), kinds(t, restored); !got.OK || got.Last != 4 || n["store-replaced"] != 1 || n["audit-chain-started"] != 1 {
		t.Errorf("restored from schema 1: got %+v, %v", got, n)
	}
}

func TestVerifyingEndsWithItsContext(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	set(t, s, testRecord(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.VerifyAudit(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("verifying: got %v, want context.Canceled", err)
	}
	if _, err := s.AuditSince(ctx, clockFloor); !errors.Is(err, context.Canceled) {
		t.Errorf("looking for a time: got %v, want context.Canceled", err)
	}
}

// BenchmarkChainedEntry is what one entry's hash costs beside the rest of
// writing it, and BenchmarkVerify what following 200,000 of them does.
func BenchmarkChainedEntry(b *testing.B) {
	r := audit.Record{MAC: testMAC(1), By: audit.Actor{Front: "http"}, Event: audit.CredentialMinted{User: testMAC(1).Hex(), Ground: "otp"}}
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			if _, err := encodeEntry(r, clockFloor); err != nil {
				b.Fatal(err)
			}
		}
	})
	s, err := encodeEntry(r, clockFloor)
	if err != nil {
		b.Fatal(err)
	}
	e, prev := s.entry(1), audit.Hash{}
	b.Run("hash", func(b *testing.B) {
		for b.Loop() {
			prev = e.Chain(prev)
		}
	})
	key := testKey().sealKey()
	b.Run("seal", func(b *testing.B) {
		for b.Loop() {
			_ = chain{head: audit.Link{Seq: 1, Hash: prev}}.seal(key)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	s := openTest(b, filepath.Join(b.TempDir(), "db"), Config{})
	fillUp(b, s, 0, 200_000)
	for b.Loop() {
		if got := verify(b, s); !got.OK || got.Entries != 200_000 {
			b.Fatalf("got %+v", got)
		}
	}
}

// BenchmarkChainOldLog is the start after an update from schema 1, with a full
// audit log.
func BenchmarkChainOldLog(b *testing.B) {
	path := filepath.Join(b.TempDir(), "db")
	s := openTest(b, path, Config{})
	fillUp(b, s, 0, 200_000)
	for b.Loop() {
		err := s.db.Update(func(tx *bolt.Tx) error {
			err := chainEntries(tx, migrating{testKey(), clockFloor})
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-heap")
			return errors.Join(err, errNothing)
		})
		if !errors.Is(err, errNothing) {
			b.Fatal(err)
		}
	}
}
