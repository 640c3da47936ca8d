package sipd

import (
	"testing"
	"testing/synctest"
	"time"
)

// Who rings is left after a while where another may be asked, however often it says
// that it rings; the last is not.
func TestRingingEndsWhereAnotherMayBeAsked(t *testing.T) {
	for name, tt := range map[string]struct {
		rang, others bool
		want         time.Duration
	}{
		"on its way":             {false, true, 6 * time.Second},
		"it rings":               {true, true, 90 * time.Second},
		"the last one rings":     {true, false, time.Hour},
		"the last is on its way": {false, false, 6 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := forwarding{trying: 6 * time.Second, sent: time.Now(), others: tt.others}
				if tt.rang {
					f.rang = time.Now()
				}
				time.Sleep(5 * time.Second)
				if got := f.patience(); got != tt.want-5*time.Second {
					t.Errorf("got %s, want %s less 5 s", got, tt.want)
				}
			})
		})
	}
}
