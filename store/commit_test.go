package store

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

// shown reads one metric as a dashboard does.
func shown(t testing.TB, m *metrics.Set, name string) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("no metric %s", name)
	return ""
}

// held makes the committer stand still inside a change until release is
// called, so that others gather behind it.
func held(t testing.TB, s *Store) (release func()) {
	t.Helper()
	inside, let := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.submit(context.Background(), func(*view, *draft) error {
			close(inside)
			<-let
			return nil
		})
	}()
	<-inside
	return func() {
		close(let)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// gather submits changes and returns when all of them wait, in order.
func gather(s *Store, changes ...func() error) (answers chan error) {
	answers = make(chan error, len(changes))
	for i, f := range changes {
		go func() { answers <- f() }()
		for {
			s.queue.mu.Lock()
			n := len(s.queue.changes)
			s.queue.mu.Unlock()
			if n > i {
				break
			}
		}
	}
	return answers
}

func TestGatheredChangesShareOneCommit(t *testing.T) {
	shared := metrics.New()
	s, err := Open(filepath.Join(t.TempDir(), "db"), testKey(), Config{}, Tools{Metrics: shared})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	release := held(t, s)
	edit := func(change func(*auth.Record) error) func() error {
		return func() error {
			_, err := s.Change(context.Background(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
				old.Device.MAC = testMAC(1)
				err := change(&old)
				return &old, []audit.Record{{MAC: testMAC(1), Event: audit.Reset{Epoch: old.Enrolment.Epoch}}}, err
			}, testMAC(1))
			return err
		}
	}
	raise := edit(func(r *auth.Record) error { r.Enrolment.Epoch++; return nil })
	no := errors.New("no")
	answers := gather(s, raise, raise,
		edit(func(r *auth.Record) error { r.Enrolment.Epoch = 99; return no }),
		edit(func(r *auth.Record) error { r.Enrolment.Epoch = 99; panic("no") }),
		raise)
	release()
	failures := 0
	for range 5 {
		if err := <-answers; err != nil {
			failures++
		}
	}
	rec, err := s.Device(testMAC(1))
	if err != nil || rec.Enrolment.Epoch != 3 || failures != 2 {
		t.Errorf("epoch %d, %d failures, %v, want 3 and 2", rec.Enrolment.Epoch, failures, err)
	}
	if commits, changes := shown(t, shared, metrics.NameCommits), shown(t, shared, metrics.NameChanges); commits != "1" || changes != "3" {
		t.Errorf("%s commits of %s changes, want 1 of 3", commits, changes)
	}
	if all, err := s.Audit(t.Context(), 0, phone.MAC{}, 0); err != nil || len(all) != 3 {
		t.Errorf("%d audit entries, %v, want 3: none of a rejected change", len(all), err)
	}
}

// TestMarkIsCommitted: Mark costs a commit each time, also twice in a moment,
// and changes no record and no entry.
func TestMarkIsCommitted(t *testing.T) {
	shared := metrics.New()
	s, err := Open(filepath.Join(t.TempDir(), "db"), testKey(), Config{}, Tools{Metrics: shared})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := set(t, s, testRecord(1))
	before, _ := strconv.Atoi(shown(t, shared, metrics.NameCommits))
	entries, _ := s.Audit(t.Context(), 0, phone.MAC{}, 0)
	for range 2 {
		if err := s.Mark(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if after, _ := strconv.Atoi(shown(t, shared, metrics.NameCommits)); after != before+2 {
		t.Errorf("got %d commits, want %d", after, before+2)
	}
	if rec, err := s.Device(testMAC(1)); err != nil || rec.Rev != want.Rev {
		t.Errorf("got rev %d, %v, want still %d", rec.Rev, err, want.Rev)
	}
	if after, err := s.Audit(t.Context(), 0, phone.MAC{}, 0); err != nil || len(after) != len(entries) {
		t.Errorf("got %d audit entries, %v, want still %d", len(after), err, len(entries))
	}
}

func TestNothingToWriteIsNotCommitted(t *testing.T) {
	shared := metrics.New()
	s, err := Open(filepath.Join(t.TempDir(), "db"), testKey(), Config{}, Tools{Metrics: shared})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := set(t, s, testRecord(1))
	before := shown(t, shared, metrics.NameCommits)
	recs, err := s.Change(t.Context(), func(old auth.Record) (*auth.Record, []audit.Record, error) { return &old, nil, nil }, testMAC(1))
	if err != nil || recs[0].Rev != want.Rev {
		t.Errorf("rev %d, %v, want still %d", recs[0].Rev, err, want.Rev)
	}
	if _, err := s.Change(t.Context(), func(auth.Record) (*auth.Record, []audit.Record, error) { return nil, nil, nil }, testMAC(2)); err != nil {
		t.Error(err)
	}
	if after := shown(t, shared, metrics.NameCommits); after != before {
		t.Errorf("from %s commits to %s for nothing", before, after)
	}
	recs, err = s.Change(t.Context(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
		return &old, []audit.Record{{MAC: testMAC(1), Event: audit.Refused{Reason: "x"}}}, nil
	}, testMAC(1))
	if err != nil || recs[0].Rev != want.Rev {
		t.Errorf("with an event alone: rev %d, %v, want still %d", recs[0].Rev, err, want.Rev)
	}
	if all, _ := s.Audit(t.Context(), 0, phone.MAC{}, 0); len(all) != 2 {
		t.Errorf("%d audit entries, want 2", len(all))
	}
}

func TestWaitingChangeCanBeLeft(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	release := held(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	answers := gather(s, func() error {
		return s.submit(ctx, func(*view, *draft) error {
			t.Error("ran although its caller had left")
			return nil
		})
	})
	cancel()
	if err := <-answers; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	release()
}

func TestChangeTakenUpAnswersTheTruth(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	ctx, cancel := context.WithCancel(t.Context())
	rec := testRecord(1)
	_, err := s.Change(ctx, func(auth.Record) (*auth.Record, []audit.Record, error) {
		cancel()
		return &rec, nil, nil
	}, testMAC(1))
	if err != nil {
		t.Errorf("got %v, want none: the change was made", err)
	}
	if _, err := s.Device(testMAC(1)); err != nil {
		t.Error(err)
	}
}

func TestCloseCommitsWhatWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	release := held(t, s)
	answers := gather(s, func() error {
		rec := testRecord(1)
		_, err := s.Change(context.Background(), func(auth.Record) (*auth.Record, []audit.Record, error) { return &rec, nil, nil }, testMAC(1))
		return err
	})
	s.queue.close()
	if err := s.Record(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	release()
	if err := <-answers; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openTest(t, path, Config{}).Device(testMAC(1)); err != nil {
		t.Error(err)
	}
}

func TestQueueIsBounded(t *testing.T) {
	q := queue{wake: make(chan struct{}, 1)}
	for range maxWaiting {
		if err := q.add(&change{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.add(&change{}); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	if batch, open := q.take(nil); len(batch) != maxBatch || !open {
		t.Errorf("took %d, open %v, want %d", len(batch), open, maxBatch)
	}
}

// TestFullDisk fills the file up to its bound: changes fail together and leave
// no trace, reading goes on, the operator is told, and with room again all is
// well without a restart.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	var board health.Board
	s, err := Open(path, testKey(), Config{MaxBytes: 6 << 20}, Tools{Health: &board})
	if err != nil {
		t.Fatal(err)
	}
	want := set(t, s, testRecord(1))
	big := testRecord(1)
	for len(big.Device.Overrides) < phone.MaxOverrides {
		big.Device.Overrides[testMAC(len(big.Device.Overrides)).Hex()] = string(make([]byte, phone.MaxOverride))
	}
	kept := 0
	for n := 2; err == nil && n < 1000; n++ {
		big.Device.MAC = testMAC(n)
		_, err = s.Change(t.Context(), func(auth.Record) (*auth.Record, []audit.Record, error) { return &big, nil, nil }, testMAC(n))
		kept = n
	}
	if !errors.Is(err, berrors.ErrMaxSizeReached) {
		t.Fatalf("got %v, want the file to be full", err)
	}
	if _, err := s.Device(testMAC(kept)); !errors.Is(err, phone.ErrUnknownDevice) {
		t.Errorf("the device that was refused: got %v, want ErrUnknownDevice", err)
	}
	if got, err := s.Device(testMAC(1)); err != nil || got.Rev != want.Rev {
		t.Errorf("reading: %v, rev %d, want %d", err, got.Rev, want.Rev)
	}
	if list := board.List(); len(list) != 1 || list[0].Code != "store-write" {
		t.Errorf("board shows %+v, want store-write", list)
	}
	s.db.MaxSize = 1 << 30
	got := set(t, s, testRecord(1))
	if list := board.List(); len(list) != 0 {
		t.Errorf("board still shows %+v", list)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, path, Config{})
	if all, _ := s.All(); len(all) != kept-1 || s.Report().SetAside != "" {
		t.Errorf("%d devices, report %+v, want %d", len(all), s.Report(), kept-1)
	}
	if again, err := s.Device(testMAC(1)); err != nil || again.Rev != got.Rev {
		t.Errorf("rev %d, %v, want %d", again.Rev, err, got.Rev)
	}
}

// TestDamageWhileRunning has the database panic under a commit: it is an error
// of those who asked, not the end of the process.
func TestDamageWhileRunning(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	set(t, s, testRecord(1))
	err := s.submit(t.Context(), func(_ *view, d *draft) error {
		d.put("no such bucket", []byte("k"), []byte("v"))
		return nil
	})
	if err == nil {
		t.Fatal("a panic of the database was no error")
	}
	set(t, s, testRecord(2))
	if all, _ := s.All(); len(all) != 2 {
		t.Errorf("%d devices, want 2", len(all))
	}
}

// TestMemoryFollowsTheFileAfterAFailedCommit: what a commit left in the file
// although it was reported as an error is what counts from then on.
func TestMemoryFollowsTheFileAfterAFailedCommit(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	old := set(t, s, testRecord(1))
	next := old
	next.Enrolment.OTP.Used = true
	next.Rev++
	value, err := s.codec().encodeDevice(next)
	if err != nil {
		t.Fatal(err)
	}
	release := held(t, s)
	s.failed(os.ErrInvalid) // as the committer does, which stands still
	release()
	// The held transaction is over; now put what the failed one left.
	err = s.db.Update(func(tx *bolt.Tx) error {
		if err := tx.Bucket([]byte(bucketMeta)).SetSequence(next.Rev); err != nil {
			return err
		}
		return tx.Bucket([]byte(bucketDevices)).Put(next.Device.MAC[:], value)
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Change(t.Context(), func(rec auth.Record) (*auth.Record, []audit.Record, error) {
		if !rec.Enrolment.OTP.Used {
			t.Error("decided on memory that the file contradicts")
		}
		return &rec, nil, nil
	}, testMAC(1))
	if err != nil {
		t.Fatal(err)
	}
	if rec, _ := s.Device(testMAC(1)); !rec.Enrolment.OTP.Used {
		t.Error("readers still see the one-time password unused")
	}
}
