package update_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/update"
)

// errCut is a power cut.
var errCut = errors.New("the power is cut")

var errNotReady = errors.New("not READY after 90 s")

// machine is a box with its disk, on which every step can be the last.
type machine struct {
	// On disk.
	slots            [2]string // the version whose whole content is in it
	current, written int       // -1 is the package's own program
	previous         int
	ledger           update.Ledger
	state, copied    string // who wrote the state last
	// In memory.
	running string
	started time.Time
	steps   int
	cutAt   int // the step before which the power is cut; 0 is none
	starts  map[string]int
	behave  func(version string, since time.Duration) (update.Vitals, error)
}

func newMachine() *machine {
	return &machine{current: -1, written: -1, previous: -1, running: "v1.1.0", state: "v1.1.0", starts: map[string]int{}, started: labTime,
		behave: func(string, time.Duration) (update.Vitals, error) { return update.Vitals{}, nil }}
}

// step is one thing that is on disk once it is done.
func (m *machine) step() {
	if m.steps++; m.steps == m.cutAt {
		panic(errCut)
	}
}

func (m *machine) counts() string {
	if m.current < 0 {
		return "v1.1.0"
	}
	return m.slots[m.current]
}

func (m *machine) Write(_ context.Context, version string, content io.Reader) error {
	free := 0
	if m.current == 0 {
		free = 1
	}
	m.step()
	m.slots[free] = "torn"
	m.step()
	text, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	if string(text) != contents()["lineside-linux-amd64"] {
		return fmt.Errorf("got %q for this machine", text)
	}
	m.slots[free], m.written = version, free
	return nil
}

func (m *machine) Try() error {
	m.step()
	if m.current == m.written {
		return nil
	}
	m.previous = m.current
	m.step()
	m.current = m.written
	return nil
}

func (m *machine) Good() error { m.step(); return nil }

func (m *machine) Back() error { m.step(); m.current = m.previous; return nil }

// start is the service's start, also that of the machine.
func (m *machine) start() error {
	m.running = ""
	version := m.counts()
	m.starts[version]++
	if _, err := m.behave(version, 0); errors.Is(err, errNotReady) {
		return err
	}
	m.running, m.started, m.state = version, time.Now(), version
	return nil
}

func (m *machine) Restart(context.Context) error { m.step(); return m.start() }

func (m *machine) Vitals(context.Context) (update.Vitals, error) {
	if m.running == "" {
		return update.Vitals{}, errors.New("nobody answers")
	}
	v, err := m.behave(m.running, time.Since(m.started))
	v.Version = m.running
	if v.Started.IsZero() {
		v.Started = m.started
	}
	return v, err
}

func (m *machine) Backup(context.Context) error { m.step(); m.copied = m.state; return nil }

func (m *machine) Restore(context.Context) error {
	m.step()
	m.running, m.state = "", m.copied
	return nil
}

func (m *machine) Load() (update.Ledger, error) {
	l := m.ledger
	if l.Trial != nil {
		one := *l.Trial
		l.Trial = &one
	}
	l.TurnedBack = slices.Clone(l.TurnedBack)
	return l, nil
}

func (m *machine) Save(l update.Ledger) error {
	m.step()
	m.ledger = l
	m.ledger, _ = m.Load() // a copy, as on disk
	return nil
}

func (m *machine) helper(t *testing.T, wish func() update.Wish) *update.Helper {
	t.Helper()
	h, err := update.New(update.Config{
		Standing: update.Standing{Running: "v1.1.0", Base: "v1.1.0", Schema: 2, Kind: update.Program, OS: "linux", Arch: "amd64"}, Wish: wish,
	}, m, m, m, m, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// life is a machine's from one start to the next; cut says that the power ended it.
func (m *machine) life(f func() error) (cut bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			if v != errCut {
				panic(v)
			}
			cut = true
		}
	}()
	return false, f()
}

// behaviours of a program on trial, and what has to become of it.
var behaviours = []struct {
	name string
	next func(since time.Duration) (update.Vitals, error)
	kept bool
}{
	{"it works", func(time.Duration) (update.Vitals, error) {
		return update.Vitals{Given: map[string]update.Answers{"snom": {Served: 1}}}, nil
	}, true},
	{"it is never READY", func(time.Duration) (update.Vitals, error) { return update.Vitals{}, errNotReady }, false},
	{"it is READY and refuses phones", func(since time.Duration) (update.Vitals, error) {
		return update.Vitals{Given: map[string]update.Answers{"snom": {Refused: int(since / (20 * time.Second))}}}, nil
	}, false},
	{"it falls silent", func(since time.Duration) (update.Vitals, error) {
		if since > 3*time.Minute {
			return update.Vitals{}, errors.New("nobody answers")
		}
		return update.Vitals{}, nil
	}, false},
	{"it starts over and over", func(since time.Duration) (update.Vitals, error) {
		return update.Vitals{Started: labTime.Add(since.Truncate(time.Minute))}, nil
	}, false},
	{"it panics", func(since time.Duration) (update.Vitals, error) {
		return update.Vitals{Panics: int(since / time.Minute)}, nil
	}, false},
	{"its process hangs up in the middle", func(since time.Duration) (update.Vitals, error) {
		if since > time.Minute && since < 90*time.Second {
			return update.Vitals{}, errors.New("nobody answers")
		}
		return update.Vitals{}, nil
	}, true},
}

// TestPowerCuts applies updates that work and that do not, and cuts the power
// before each step in turn, and once more at each step of the life after. In the
// end a good one is in use, unless the cut came before it counted, and a bad one
// is not; no torn slot is ever started from.
func TestPowerCuts(t *testing.T) {
	maker := newMaker(t)
	release := maker.release(t, manifest(t, "v1.2.0"))
	lives := 0
	for _, b := range behaviours {
		t.Run(b.name, func(t *testing.T) {
			beyond := false
			for first := 0; !beyond; first++ {
				for second, cut := 0, true; second == 0 || cut; second++ {
					synctest.Test(t, func(t *testing.T) { cut = livesOf(t, maker, release, b.next, b.kept, first, second) })
					lives++
				}
				beyond = first > 0 && firstWasBeyond(t, maker, release, b.next, first)
			}
		})
	}
	t.Logf("%d runs", lives)
}

// firstWasBeyond says that an update has fewer steps than that.
func firstWasBeyond(t *testing.T, maker maker, release []byte, next func(time.Duration) (update.Vitals, error), step int) (beyond bool) {
	synctest.Test(t, func(t *testing.T) {
		m := machineWith(next)
		m.cutAt = step
		cut, _ := m.life(func() error {
			return m.helper(t, nil).Apply(t.Context(), bytes.NewReader(release), maker.keys(), "test")
		})
		beyond = !cut
	})
	return beyond
}

func machineWith(next func(time.Duration) (update.Vitals, error)) *machine {
	m := newMachine()
	m.started = time.Now()
	m.behave = func(version string, since time.Duration) (update.Vitals, error) {
		if version == "v1.2.0" {
			return next(since)
		}
		return update.Vitals{Given: map[string]update.Answers{"snom": {Served: 10, Refused: 10}}}, nil
	}
	return m
}

// livesOf is an update with a power cut before the first step, and another before
// the second step of the life after it; 0 is none. It reports whether the second
// came.
func livesOf(t *testing.T, maker maker, release []byte, next func(time.Duration) (update.Vitals, error), kept bool, first, second int) (cutTwice bool) {
	m := machineWith(next)
	m.cutAt = first
	cut, err := m.life(func() error {
		return m.helper(t, nil).Apply(t.Context(), bytes.NewReader(release), maker.keys(), "test")
	})
	if err != nil {
		t.Fatalf("cut at %d: apply: %v", first, err)
	}
	for life := 0; cut; life++ {
		m.steps, m.cutAt = 0, 0
		if life == 0 {
			m.cutAt = second
		}
		_ = m.start() // the machine's own; a program that is not READY is the helper's to see
		cut, err = m.life(func() error { return m.helper(t, nil).Resume(t.Context()) })
		cutTwice = cutTwice || cut
		if err != nil && m.ledger.Trial != nil && m.ledger.Trial.Phase != update.Cut {
			t.Fatalf("cut at %d and %d: resume: %v", first, second, err)
		}
	}
	want := "v1.1.0"
	// Before the ledger said that it is on trial, nothing counted.
	tried := m.ledger.Trial != nil && m.ledger.Trial.Phase != update.Cut
	if kept && tried {
		want = "v1.2.0"
	}
	if m.running != want || m.counts() != want || m.ledger.Runs() || m.starts["torn"] > 0 || m.starts[""] > 0 {
		t.Errorf("cut at %d and %d: got %s running and %s to start, ledger %+v, starts %v; want %s and nothing under way", first, second, m.running, m.counts(), m.ledger.Trial, m.starts, want)
	}
	if phase := m.ledger.Trial; tried && !kept && (phase.Phase != update.Back || phase.Why == "") {
		t.Errorf("cut at %d and %d: got the phase %s because %q, want it back with a reason", first, second, phase.Phase, phase.Why)
	}
	if first == 0 && !tried {
		t.Errorf("without a cut the update was not tried: %+v", m.ledger)
	}
	return cutTwice
}

func TestTrialIsCutShortTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		maker := newMaker(t)
		m := machineWith(behaviours[0].next)
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		_ = m.helper(t, nil).Apply(ctx, bytes.NewReader(maker.release(t, manifest(t, "v1.2.0"))), maker.keys(), "test")
		stop()
		for range 3 {
			if m.ledger.Trial.Phase != update.Trying {
				t.Fatalf("got the phase %s, want it on trial yet", m.ledger.Trial.Phase)
			}
			_ = m.start()
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			_ = m.helper(t, nil).Resume(ctx)
			stop()
		}
		if l := m.ledger; l.Trial.Phase != update.Back || m.running != "v1.1.0" || !slices.Equal(l.TurnedBack, []string{"v1.2.0"}) {
			t.Errorf("got %+v and %s running, want it turned back from", l.Trial, m.running)
		}
	})
}

// TestStateOfBefore has a release write state that the program before cannot
// read: going back puts the backup back.
func TestStateOfBefore(t *testing.T) {
	for schema, want := range map[int]string{2: "v1.2.0", 3: "v1.1.0"} {
		synctest.Test(t, func(t *testing.T) {
			maker := newMaker(t)
			m := machineWith(behaviours[2].next)
			is := manifest(t, "v1.2.0")
			is.Schema, is.BackTo = schema, schema
			var state string
			restart := m.behave
			m.behave = func(version string, since time.Duration) (update.Vitals, error) {
				if version == "v1.1.0" && since == 0 && m.starts["v1.2.0"] > 0 {
					state = m.state
				}
				return restart(version, since)
			}
			if err := m.helper(t, nil).Apply(t.Context(), bytes.NewReader(maker.release(t, is)), maker.keys(), "test"); err != nil {
				t.Fatal(err)
			}
			if state != want {
				t.Errorf("schema %d: the program of before found the state of %s, want %s", schema, state, want)
			}
		})
	}
}

func TestWishes(t *testing.T) {
	for wish, want := range map[update.Wish]update.Phase{update.WishKeep: update.Kept, update.WishBack: update.Back} {
		synctest.Test(t, func(t *testing.T) {
			maker := newMaker(t)
			m := machineWith(behaviours[0].next)
			began := time.Now()
			h := m.helper(t, func() update.Wish { return wish })
			if err := h.Apply(t.Context(), bytes.NewReader(maker.release(t, manifest(t, "v1.2.0"))), maker.keys(), "test"); err != nil {
				t.Fatal(err)
			}
			if got := m.ledger.Trial.Phase; got != want || time.Since(began) > time.Minute {
				t.Errorf("%s: got %s after %s, want %s at once", wish, got, time.Since(began), want)
			}
		})
	}
}

// TestGoBack: an operator goes back from a kept one, once, and nobody else may
// go to anything older afterwards.
func TestGoBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		maker := newMaker(t)
		m := machineWith(behaviours[0].next)
		apply := func(version string) error {
			return m.helper(t, nil).Apply(t.Context(), bytes.NewReader(maker.release(t, manifest(t, version))), maker.keys(), "test")
		}
		if err := m.helper(t, nil).GoBack(t.Context(), "root"); !errors.Is(err, update.ErrNothingBefore) {
			t.Errorf("before any update: got %v, want %v", err, update.ErrNothingBefore)
		}
		if err := apply("v1.2.0"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := m.helper(t, nil).GoBack(t.Context(), "root"); err != nil && !errors.Is(err, update.ErrNothingBefore) {
				t.Fatal(err)
			}
			if m.running != "v1.1.0" || m.ledger.Newest != "v1.2.0" {
				t.Errorf("got %s running and %s as the newest, want v1.1.0 and v1.2.0", m.running, m.ledger.Newest)
			}
		}
		if err := apply("v1.1.5"); !errors.Is(err, update.ErrOlder) || m.ledger.Refused.Version != "v1.1.5" {
			t.Errorf("something older than what was kept: got %v, want %v", err, update.ErrOlder)
		}
		if err := apply("v1.2.0"); err != nil || m.running != "v1.2.0" || len(m.ledger.TurnedBack) != 0 {
			t.Errorf("the same again: got %v and %s running, want it kept", err, m.running)
		}
	})
}

// TestRefusedReleases change nothing, whatever comes.
func TestRefusedReleases(t *testing.T) {
	maker, stranger := newMaker(t), newMaker(t)
	good := maker.release(t, manifest(t, "v1.2.0"))
	for name, release := range map[string][]byte{
		"signed by a stranger": stranger.release(t, manifest(t, "v1.2.0")),
		"older":                maker.release(t, manifest(t, "v1.0.0")),
		"cut":                  good[:len(good)/2],
		"its end is another":   append(bytes.Clone(good[:len(good)-1530]), make([]byte, 1530)...),
	} {
		m := newMachine()
		var err error
		synctest.Test(t, func(t *testing.T) {
			err = m.helper(t, nil).Apply(t.Context(), bytes.NewReader(release), maker.keys(), "test")
		})
		if err == nil || m.ledger.Refused == nil || m.ledger.Trial != nil || m.slots != [2]string{} || m.counts() != "v1.1.0" || len(m.starts) != 0 {
			t.Errorf("%s: got %v, ledger %+v, slots %q; want it refused and nothing touched", name, err, m.ledger, m.slots)
		}
	}
}
