package site_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/sync/site"
)

// silent is a way that says nothing until whoever dials has enough.
type silent struct {
	way
	took []time.Duration
}

func (s *silent) Dial(ctx context.Context) (site.Conn, error) {
	if conn, err := s.way.Dial(ctx); err == nil {
		return conn, nil
	}
	began := time.Now()
	<-ctx.Done()
	s.took = append(s.took, time.Since(began))
	return nil, ctx.Err()
}

// TestChoiceHasPatience: a way that says nothing is given up soon for another
// that may be open, and later where none is; one that has worked, or is the only
// one, may take the time of the dial, because the platform may have a line.
func TestChoiceHasPatience(t *testing.T) {
	const s, whole = time.Second, 75 * time.Second
	for name, c := range map[string]struct {
		ways   int
		worked bool
		want   []time.Duration // of the first way
	}{
		"one of two":            {2, false, []time.Duration{10 * s, 20 * s, 40 * s, whole, whole}},
		"the only one":          {1, false, []time.Duration{whole, whole, whole}},
		"one that worked":       {2, true, []time.Duration{whole, whole}},
		"the only one, as well": {1, true, []time.Duration{whole, whole}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := &silent{way: way{name: "tls"}}
				ways := []site.Transport{first, &silent{way: way{name: "https", err: errBlocked}}}[:c.ways]
				choice := newChoice(t, ways...)
				if c.worked {
					conn, err := choice.Dial(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					_ = conn.Close()
				}
				first.set(errBlocked)
				for len(first.took) < len(c.want) {
					ctx, cancel := context.WithTimeout(t.Context(), whole)
					if conn, err := choice.Dial(ctx); err == nil {
						t.Fatalf("got %v, want no connection", conn)
					}
					cancel()
				}
				if !slices.Equal(first.took, c.want) {
					t.Errorf("got %s, want %s", first.took, c.want)
				}
			})
		})
	}
}
