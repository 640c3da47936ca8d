package site_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// TestToldFirst: in step the desk hears of a change before the page it came on is
// kept, and once; where the box stops between the two, or the desk cannot take
// it yet, it is told again and has it in the end.
func TestToldFirst(t *testing.T) {
	for name, c := range map[string]struct {
		stop, full bool
		told       int
	}{
		"all goes well":      {told: 1},
		"stopped between":    {stop: true, told: 2},
		"the disk was full":  {full: true, told: 3}, // before and after the page was kept, and once more
		"both, one by other": {stop: true, full: true, told: 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				l.settle(one)
				l.begin()
				time.Sleep(time.Second)
				told, ending, db := 0, make(chan bool), l.db
				l.desk.mu.Lock()
				l.desk.first = func(d wire.Doc) error {
					if d.ID != two {
						return nil
					}
					told++
					if kept := db.SyncValues("doc/" + string(two)); told == 1 && len(kept) != 0 {
						t.Errorf("got %q kept already, want the desk told first", kept)
					}
					if told == 1 && c.stop {
						go func() {
							l.end()
							close(ending)
						}()
						synctest.Wait()
					}
					if c.full && told <= 2 {
						return fmt.Errorf("%w: the disk is full", site.ErrRetry)
					}
					return nil
				}
				l.desk.mu.Unlock()
				l.settle(two)
				if c.stop {
					<-ending
					l.begin()
				}
				time.Sleep(time.Minute)
				if got := l.desk.has(two); got != "fake-"+string(two) || told != c.told {
					t.Errorf("got %q, told %d times, want the secret opened and %d", got, told, c.told)
				}
				if kept, todo := l.db.SyncValues("doc/"+string(two)), l.db.SyncValues("todo/"); len(kept) != 1 || len(todo) != 0 {
					t.Errorf("got %d kept and %d to be told, want 1 and 0", len(kept), len(todo))
				}
				l.end()
			})
		})
	}
}
