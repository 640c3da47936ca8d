package sipd

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTurns(t *testing.T) {
	for _, tt := range []struct {
		name   string
		comes  []uint32 // in this order, each in a goroutine of its own
		noted  []uint32 // before
		want   []uint32
		within time.Duration
	}{
		{"in order", []uint32{5, 6, 7}, nil, []uint32{5, 6, 7}, 0},
		{"overtaken", []uint32{7, 6, 5}, nil, []uint32{5, 6, 7}, 0},
		{"one never comes", []uint32{8, 6, 7}, nil, []uint32{6, 7, 8}, turnWait},
		{"a re-INVITE between", []uint32{7, 5}, []uint32{6}, []uint32{5, 7}, 0},
		{"from before", []uint32{4, 5}, nil, []uint32{5}, 0},
		{"twice", []uint32{6, 6, 5}, nil, []uint32{5, 6}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				turns := newTurns(4)
				for _, n := range tt.noted {
					turns.note(n)
				}
				begin := time.Now()
				var got []uint32
				var all sync.WaitGroup
				for _, n := range tt.comes {
					all.Go(func() { turns.take(n, func() { got = append(got, n) }) })
					synctest.Wait()
				}
				all.Wait()
				if !slices.Equal(got, tt.want) || time.Since(begin) != tt.within {
					t.Errorf("got %v after %v, want %v after %v", got, time.Since(begin), tt.want, tt.within)
				}
			})
		})
	}
}

// A stranger's storm of numbers costs no more than its bound.
func TestTurnsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(0)
		var all sync.WaitGroup
		for n := range uint32(1000) {
			all.Go(func() { turns.take(2*n+2, func() {}) })
		}
		synctest.Wait()
		turns.mu.Lock()
		n := len(turns.waiting)
		turns.mu.Unlock()
		if n > maxTurns {
			t.Errorf("%d wait, want at most %d", n, maxTurns)
		}
		all.Wait()
	})
}
