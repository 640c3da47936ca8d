package provision_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// hourBook keeps hours in memory and counts the writes.
type hourBook struct {
	of     map[time.Time]phone.Hour
	writes int
	fail   error
}

func (b *hourBook) Hours() (all []phone.Hour, err error) {
	for _, h := range b.of {
		all = append(all, h)
	}
	return all, b.fail
}

func (b *hourBook) SaveHours(_ context.Context, keep []phone.Hour, gone []time.Time) error {
	b.writes++
	for _, h := range keep {
		b.of[h.Start] = h
	}
	for _, start := range gone {
		delete(b.of, start)
	}
	return b.fail
}

// TestHoursAreCounted as phones come, written once a minute at the most, and
// known again after a restart but for what is older than 31 days.
func TestHoursAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now().UTC().Truncate(time.Hour)
		old, before := began.Add(-800*time.Hour), began.Add(-5*time.Hour)
		book := &hourBook{of: map[time.Time]phone.Hour{
			old: {Start: old, Full: 9}, before: {Start: before, Full: 1, Enrolled: 1}, began: {Start: began, Holding: 1},
		}}
		l := newLab(t, auth.FactorPIN)
		l.set(time.Now())
		desk, err := provision.New(provision.Config{Site: l.Site()}, l.table(), provision.Stores{
			Devices: l.store, Policies: l.store, Sightings: l.store, Recorder: l.store, Leases: l.store, Neighbours: l.store, Hours: book,
		}, provision.Tools{Log: slog.New(slog.DiscardHandler), Health: l.board, Metrics: metrics.New(), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		l.Desk = desk
		l.add(t, mac)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- desk.Run(ctx) }()
		for range 30 {
			wantStage(t, "without a login", l.get(t, mac, "10.20.0.57"), vendors.Holding)
			time.Sleep(5 * time.Second)
		}
		synctest.Wait()
		if book.writes < 2 || book.writes > 4 {
			t.Errorf("got %d writes in 150 s, want one a minute", book.writes)
		}
		l.get(t, mac, "10.20.0.57", "who", "ever")
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		want := phone.Hour{Start: began, Holding: 31, Challenged: 1}
		if got := book.of[began]; got != want {
			t.Errorf("on disk: got %+v, want %+v", got, want)
		}
		if _, there := book.of[old]; there {
			t.Error("an hour of 33 days ago is still on disk")
		}
		if got := desk.Hours(); len(got) != 2 || got[0].Start != before || got[0].Enrolled != 1 || got[1] != want {
			t.Errorf("got %+v, want the hour before and this one", got)
		}
	})
}

// TestHoursThatCannotBeRead are no reason not to start.
func TestHoursThatCannotBeRead(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	book := &hourBook{fail: errors.New("page 7 is damaged")}
	desk, err := provision.New(provision.Config{Site: l.Site()}, l.table(), provision.Stores{
		Devices: l.store, Policies: l.store, Sightings: l.store, Recorder: l.store, Leases: l.store, Hours: book,
	}, provision.Tools{Log: slog.New(slog.DiscardHandler), Health: l.board, Metrics: metrics.New()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := desk.Run(ctx); err != nil || len(desk.Hours()) != 0 {
		t.Errorf("got %v and %v, want none and no error", desk.Hours(), err)
	}
}
