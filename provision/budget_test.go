package provision_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// TestPINBudget spreads wrong PINs over many devices, each below its own bound.
func TestPINBudget(t *testing.T) {
	const budget = 7
	l := newLab(t, auth.FactorPIN, func(c *provision.Config, _ vendors.Table) { c.WrongPINs = budget })
	for i := range budget + 1 {
		m := phone.MAC{0, 0x15, 0x65, 7, 0, byte(i)}
		rec := l.add(t, m)
		wrong := phone.NewSecret("000000")
		if wrong.Equal(rec.Enrolment.PIN) {
			wrong = phone.NewSecret("111111")
		}
		if _, err := l.EnterPIN(t.Context(), operator, m, wrong); err != nil {
			t.Fatal(err)
		}
		if got, want := len(l.board.List()), (i+1)/(budget+1); got != want {
			t.Fatalf("after %d wrong PINs: got %d conditions, want %d", i+1, got, want)
		}
	}
	rec := l.add(t, mac)
	if r, err := l.EnterPIN(t.Context(), operator, mac, rec.Enrolment.PIN); err != nil || !r.Accepted {
		t.Errorf("an honest phone during the alarm: got %+v, %v; want its PIN taken", r, err)
	}
	synctest.Test(t, func(t *testing.T) {
		l.wait(time.Hour + time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = l.Run(ctx) }()
		time.Sleep(time.Minute)
		cancel()
		if got := l.board.List(); len(got) != 0 {
			t.Errorf("an hour later: got %+v, want the alarm over", got)
		}
	})
}

// history is an audit log of the last hours.
type history []audit.Entry

func (h history) Audit(_ context.Context, since uint64, _ phone.MAC, _ int) (page []audit.Entry, err error) {
	for _, e := range h {
		if e.Seq > since {
			page = append(page, e)
		}
	}
	return page, nil
}

func (h history) AuditTail(_ context.Context, _ phone.MAC, n int) ([]audit.Entry, error) {
	return h[max(0, len(h)-n):], nil
}

// TestBudgetOutlivesARestart has a box start in the middle of somebody's guessing.
func TestBudgetOutlivesARestart(t *testing.T) {
	entry := func(before time.Duration, e audit.PINEntered) audit.Entry {
		what, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return audit.Entry{At: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Add(-before), Kind: e.Kind(), MAC: mac, What: what}
	}
	wrong, right := audit.PINEntered{Result: "wrong", Fails: 1}, audit.PINEntered{Result: "right"}
	const budget = 3
	for name, tc := range map[string]struct {
		log  []audit.Entry
		more int // wrong PINs after the start
		want bool
	}{
		"over it already":           {[]audit.Entry{entry(50*time.Minute, wrong), entry(40*time.Minute, wrong), entry(2*time.Minute, wrong), entry(time.Minute, wrong)}, 0, true},
		"within it":                 {[]audit.Entry{entry(50*time.Minute, wrong), entry(40*time.Minute, wrong), entry(time.Minute, wrong)}, 0, false},
		"within it, and one more":   {[]audit.Entry{entry(50*time.Minute, wrong), entry(40*time.Minute, wrong), entry(time.Minute, wrong)}, 1, true},
		"long ago":                  {[]audit.Entry{entry(70*time.Minute, wrong), entry(69*time.Minute, wrong), entry(68*time.Minute, wrong), entry(time.Minute, wrong)}, 1, false},
		"right ones do not count":   {[]audit.Entry{entry(9*time.Minute, right), entry(8*time.Minute, right), entry(7*time.Minute, right), entry(time.Minute, wrong)}, 1, false},
		"what is newer than itself": {[]audit.Entry{entry(-time.Minute, wrong), entry(-time.Minute, wrong), entry(-time.Minute, wrong), entry(-time.Minute, wrong)}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, auth.FactorPIN)
			for i := range tc.log {
				tc.log[i].Seq = uint64(i + 1)
			}
			l.restart(t, history(tc.log), budget)
			rec := l.add(t, mac)
			pin := phone.NewSecret("000000")
			if pin.Equal(rec.Enrolment.PIN) {
				pin = phone.NewSecret("111111")
			}
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- l.Run(ctx) }()
				synctest.Wait()
				for range tc.more {
					if _, err := l.EnterPIN(t.Context(), operator, mac, pin); err != nil {
						t.Error(err)
					}
				}
				got := slices.ContainsFunc(l.board.List(), func(c health.Condition) bool { return c.Code == provision.CodeGuessing })
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
				if got != tc.want {
					t.Errorf("got the alarm %t, want %t", got, tc.want)
				}
			})
		})
	}
}

// restart gives the lab a new desk on the same store, with an audit log to read.
func (l *lab) restart(t testing.TB, h provision.History, wrongPINs int) {
	t.Helper()
	var err error
	l.Desk, err = provision.New(provision.Config{
		Site: phone.Site{Name: "Lab", Zone: "Europe/Berlin", Emergency: []string{"112"}},
		Addr: netip.MustParseAddr("10.20.0.1"), WrongPINs: wrongPINs,
	}, l.table(), provision.Stores{
		Devices: l.store, Policies: l.store, Sightings: l.store, Recorder: l.store, Leases: l.store, Neighbours: l.store, History: h,
	}, provision.Tools{
		Log: slog.New(slog.DiscardHandler), Health: l.board, Metrics: metrics.New(),
		Now: func() time.Time { return *l.clock.Load() },
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWrongPINsSetting refuses a budget that is none.
func TestWrongPINsSetting(t *testing.T) {
	for n, ok := range map[int]bool{-1: false, 0: true, 1: true, provision.MaxWrongPINs: true, provision.MaxWrongPINs + 1: false} {
		_, err := provision.New(provision.Config{Site: phone.Site{Name: "Lab", Zone: "UTC", Emergency: []string{"112"}}, WrongPINs: n},
			vendors.NewTable(), provision.Stores{Devices: &memory{}, Policies: &memory{}, Sightings: &memory{}, Recorder: &memory{}, Leases: &memory{}}, provision.Tools{})
		if got := err == nil; got != ok {
			t.Errorf("%d: got %v, want taken %t", n, err, ok)
		}
	}
}
