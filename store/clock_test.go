package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// watch is a wall clock that can be set, beside one that cannot.
type watch struct {
	mu     sync.Mutex
	off    time.Duration // wall clock against the other one
	ran    time.Duration
	synced bool
}

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func (w *watch) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return noon.Add(w.off + w.ran)
}

func (w *watch) elapsed() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ran
}

func (w *watch) isSynced() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.synced
}

// pass lets time go by, set sets the wall clock.
func (w *watch) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ran += d
}

func (w *watch) set(to time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = to.Sub(noon) - w.ran
}

func (w *watch) config() Config {
	return Config{Now: w.now, Elapsed: w.elapsed, Synced: w.isSynced}
}

const day = 24 * time.Hour

var y1970 = time.Unix(0, 0).UTC()

// TestWhatTheBoxGoesBy sets the wall clock of a running box.
func TestWhatTheBoxGoesBy(t *testing.T) {
	for _, tt := range []struct {
		name   string
		mark   time.Time // on disk; zero for a box that is new
		boot   time.Time // wall clock at the start
		do     func(w *watch, c *clock)
		want   time.Time
		behind bool
		code   string // on the board
	}{
		{name: "the wall clock", mark: noon.Add(-time.Hour), boot: noon,
			do: func(w *watch, c *clock) { w.pass(time.Minute) }, want: noon.Add(time.Minute)},
		{name: "from the mark on, with the clock at 1970", mark: noon, boot: y1970,
			do: func(w *watch, c *clock) { w.pass(20 * time.Minute) }, want: noon.Add(20 * time.Minute), behind: true, code: "clock-behind"},
		{name: "from the mark on, with the clock a year back", mark: noon, boot: noon.Add(-365 * day),
			want: noon, behind: true, code: "clock-behind"},
		{name: "the wall clock, once it is set from 1970", mark: noon, boot: y1970,
			do: func(w *watch, c *clock) {
				w.pass(time.Minute)
				c.read()
				w.synced = true
				w.set(noon.Add(30 * day))
			}, want: noon.Add(30 * day)},
		{name: "1970 on a new box, and says so", boot: y1970, want: y1970, behind: true, code: "clock-behind"},
		{name: "the wall clock of a new box, as soon as it is set", boot: y1970,
			do: func(w *watch, c *clock) { w.set(noon) }, want: noon},
		{name: "the wall clock after a week off", mark: noon.Add(-7 * day), boot: noon, want: noon},
		{name: "the mark after a year off", mark: noon, boot: noon.Add(365 * day), want: noon, code: "clock-ahead"},
		{name: "the wall clock after a year off, once it has stood", mark: noon, boot: noon.Add(365 * day),
			do: func(w *watch, c *clock) { w.pass(proveFor) }, want: noon.Add(365*day + proveFor)},
		{name: "itself, not a leap of a year", mark: noon, boot: noon,
			do: func(w *watch, c *clock) {
				w.set(noon.Add(365 * day))
				c.read()
				w.pass(proveFor - time.Second)
			}, want: noon.Add(proveFor - time.Second), code: "clock-ahead"},
		{name: "the wall clock, once a leap was taken back", mark: noon, boot: noon,
			do: func(w *watch, c *clock) {
				w.set(noon.Add(365 * day))
				c.read()
				w.pass(time.Minute)
				c.read()
				w.set(noon.Add(time.Minute))
			}, want: noon.Add(time.Minute)},
		{name: "itself, if each leap is followed by one more", mark: noon, boot: noon,
			do: func(w *watch, c *clock) {
				for n := range 10 {
					w.set(noon.Add(time.Duration(n+1) * 365 * day))
					c.read()
					w.pass(proveFor - time.Second)
				}
			}, want: noon.Add(10 * (proveFor - time.Second)), code: "clock-ahead"},
		{name: "a leap that an NTP server stands for", mark: noon, boot: noon,
			do: func(w *watch, c *clock) {
				w.synced = true
				w.set(noon.Add(40 * day))
			}, want: noon.Add(40 * day)},
		{name: "small steps, up to five minutes", mark: noon, boot: noon,
			do: func(w *watch, c *clock) {
				for n := range 10 { // a minute each
					w.set(noon.Add(time.Duration(n+1) * time.Minute))
					c.read()
				}
			}, want: noon.Add(5 * time.Minute), code: "clock-ahead"},
		{name: "itself, with the clock set back an hour", mark: noon, boot: noon,
			do: func(w *watch, c *clock) {
				w.set(noon.Add(-time.Hour))
				c.read()
				w.pass(time.Minute)
			}, want: noon.Add(time.Minute), behind: true, code: "clock-behind"},
		{name: "itself, with the clock set back a little", mark: noon, boot: noon,
			do: func(w *watch, c *clock) { w.set(noon.Add(-time.Second)) }, want: noon},
		{name: "the wall clock, once it has caught up", mark: noon, boot: noon.Add(-time.Hour),
			do: func(w *watch, c *clock) {
				w.pass(time.Minute)
				c.read()
				w.set(noon.Add(2 * time.Minute))
			}, want: noon.Add(2 * time.Minute)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var w watch
			w.set(tt.boot)
			var board health.Board
			c := newClock(w.config(), &board)
			if back := c.start(tt.mark); back != 0 {
				t.Errorf("went back by %s", back)
			}
			if tt.do != nil {
				tt.do(&w, c)
			}
			got, isBehind := c.read()
			if !got.Equal(tt.want) || isBehind != tt.behind {
				t.Errorf("got %s, behind %v, want %s, %v", got, isBehind, tt.want, tt.behind)
			}
			code := ""
			for _, c := range board.List() {
				code += c.Code
			}
			if code != tt.code {
				t.Errorf("board shows %q, want %q", code, tt.code)
			}
		})
	}
}

// FuzzClock lets anything happen to the wall clock that nothing vouches for:
// the box's time never goes back, never stands still, and in all runs ahead of
// the clock that cannot be set by no more than the allowance, unless a leap
// stood for its hour.
func FuzzClock(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 250, 0, 9})
	f.Add([]byte("\xff\x00\xff\x00\x80\x7f"))
	f.Fuzz(func(t *testing.T, moves []byte) {
		if len(moves) > 200 {
			return
		}
		var w watch
		c := newClock(w.config(), &health.Board{})
		c.start(noon)
		last, _ := c.read()
		for _, m := range moves {
			passed := time.Duration(m>>4) * 10 * time.Second // at most 150 s
			if len(moves) > 20 {
				passed /= 10 // in all below an hour: no leap can prove itself
			}
			w.pass(passed)
			w.set(w.now().Add(time.Duration(int8(m<<4)) * 37 * time.Minute))
			now, _ := c.read()
			if now.Before(last.Add(passed)) {
				t.Fatalf("from %s to %s while %s passed", last, now, passed)
			}
			last = now
		}
		if lead := last.Sub(noon) - w.elapsed(); lead > runLeap {
			t.Errorf("ahead by %s", lead)
		}
	})
}

// TestRealClocksAgree uses the clocks of this machine: the store's time is the
// wall clock's.
func TestRealClocksAgree(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	before := time.Now().Round(0)
	now, isBehind := s.Now()
	if after := time.Now().Round(0); now.Before(before) || now.After(after) || isBehind {
		t.Errorf("got %s, behind %v, want it from %s to %s", now, isBehind, before, after)
	}
}

// TestMarkOutlivesARestart writes with a right clock and starts again at 1970.
func TestMarkOutlivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	var w watch
	s := openTest(t, path, w.config())
	w.pass(time.Hour)
	rec := testRecord(1)
	rec.Enrolment.State, rec.Enrolment.Until = auth.Failed, w.now().Add(30*time.Minute)
	set(t, s, rec)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	stopped := w.now()
	w.set(y1970)
	var board health.Board
	s, err := Open(path, testKey(), w.config(), Tools{Health: &board})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.pass(29 * time.Minute)
	now, isBehind := s.Now()
	if !now.Equal(stopped.Add(29*time.Minute)) || !isBehind {
		t.Errorf("got %s, behind %v, want 29 minutes after %s", now, isBehind, stopped)
	}
	if got, _ := s.Device(testMAC(1)); got.Enrolment.At(now) != auth.Failed || got.Enrolment.At(now.Add(time.Minute)) != auth.Needed {
		t.Error("the lock-out does not last its length")
	}
	list := board.List()
	if len(list) != 1 || list[0].Code != "clock-behind" || !strings.Contains(list[0].Detail, "1970-01-01") || !strings.Contains(list[0].Do, "NTP") {
		t.Errorf("board shows %+v", list)
	}
	set(t, s, testRecord(2))
	all, err := s.Audit(t.Context(), 0, phone.MAC{}, 0)
	if err != nil || !all[1].At.Equal(now) {
		t.Errorf("audit log %+v, %v, want the second entry of %s", all, err, now)
	}
	w.set(noon.Add(day))
	w.synced = true
	if now, isBehind := s.Now(); isBehind || len(board.List()) != 0 || !now.Equal(w.now()) {
		t.Errorf("the clock was set: got %s, behind %v, board %+v", now, isBehind, board.List())
	}
}

// TestMarkIsWrittenWhileNothingElseIs: once a minute, so that a power cut of an
// idle box costs no more than that.
func TestMarkIsWrittenWhileNothingElseIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(filepath.Join(t.TempDir(), "db"), testKey(), Config{Synced: func() bool { return false }}, Tools{})
		if err != nil {
			t.Fatal(err)
		}
		onDisk := func() (mark time.Time, tx int) {
			err := s.db.View(func(b *bolt.Tx) (err error) {
				mark, err = readMark(b)
				tx = b.ID()
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return mark, tx
		}
		first, before := onDisk()
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		mark, after := onDisk()
		if mark.Sub(first) < 9*time.Minute || after-before > 10 {
			t.Errorf("after ten minutes the mark has moved %s, in %d commits", mark.Sub(first), after-before)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestWrongYearIsLeftBehind: a box that has gone by a clock a year ahead finds
// back at its next start under an NTP server, and what it had begun to count
// keeps what is left of it.
func TestWrongYearIsLeftBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	var w watch
	w.set(noon.Add(365 * day))
	s := openTest(t, path, w.config()) // new: it knows no better
	wrong := w.now()
	rec := testRecord(1)
	rec.Enrolment.State, rec.Enrolment.Until = auth.Failed, wrong.Add(30*time.Minute)
	rec.Enrolment.Suspended = time.Time{}
	rec.Enrolment.Current.Minted = wrong.Add(-2 * time.Minute)
	rec.Device.Created = noon.Add(-day)
	set(t, s, rec)
	allow := func(p auth.Policy) (auth.Policy, []audit.Record, error) {
		p.Brands["snom"] = auth.Brand{Vendor: "snom", Set: wrong}
		return p, nil, nil
	}
	if _, err := s.ChangePolicy(t.Context(), allow); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	w.set(noon)
	s = openTest(t, path, w.config())
	if now, isBehind := s.Now(); !isBehind || !now.Equal(wrong) {
		t.Errorf("nothing vouches for the clock: got %s, behind %v, want %s", now, isBehind, wrong)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	w.synced = true
	for range 2 {
		s = openTest(t, path, w.config())
		now, isBehind := s.Now()
		got, err := s.Device(testMAC(1))
		if err != nil {
			t.Fatal(err)
		}
		e := got.Enrolment
		if isBehind || !now.Equal(noon) || !e.Until.Equal(noon.Add(30*time.Minute)) || !e.Current.Minted.Equal(noon.Add(-2*time.Minute)) ||
			!got.Device.Created.Equal(noon.Add(-day)) || !e.Suspended.IsZero() || !s.Policy().Brands["snom"].Set.Equal(noon) {
			t.Errorf("at %s, behind %v: got %+v", now, isBehind, got)
		}
		if check, n := verify(t, s), kinds(t, s)["clock-set-back"]; !check.OK || n != 1 {
			t.Errorf("audit log %+v, %d times set back", check, n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAuditSinceATime finds the first entry that is not older, even among
// entries stamped by a clock that went wrong.
func TestAuditSinceATime(t *testing.T) {
	var w watch
	s := openTest(t, filepath.Join(t.TempDir(), "db"), w.config())
	for range 5 {
		w.pass(time.Hour)
		if err := s.Record(context.Background(), audit.Record{Event: audit.PINShown{}}); err != nil {
			t.Fatal(err)
		}
	}
	for at, want := range map[time.Time]uint64{
		y1970: 0, noon.Add(time.Hour): 0, noon.Add(time.Hour + 1): 1, noon.Add(5 * time.Hour): 4, noon.Add(day): 5,
	} {
		if got, err := s.AuditSince(t.Context(), at); err != nil || got != want {
			t.Errorf("since %s: got %d, %v, want %d", at, got, err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AuditSince(t.Context(), noon); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func BenchmarkNow(b *testing.B) {
	s := openTest(b, filepath.Join(b.TempDir(), "db"), Config{})
	b.Run("wall clock", func(b *testing.B) {
		for b.Loop() {
			_ = time.Now()
		}
	})
	b.Run("box", func(b *testing.B) {
		for b.Loop() {
			_, _ = s.Now()
		}
	})
}
