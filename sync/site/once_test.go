package site_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

func mustRead(t *testing.T, b []byte, e *wire.Envelope) (r wire.Reply) {
	t.Helper()
	if err := json.Unmarshal(b, e); err != nil {
		t.Error(err)
	}
	if err := json.Unmarshal(e.Reply, &r); err != nil {
		t.Error(err)
	}
	return r
}

// copyFile is a backup, or putting one back.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err != nil || out.Close() != nil {
		t.Fatal(err)
	}
}

// TestOneTimeOverABadLine drives the real database, anchor file and link by
// the shared rules: phones show one-time passwords all at once and again and
// again, the line loses and repeats, the box and the platform restart, the
// database is put back. No mint is accepted twice, and when all is quiet both
// sides say the same.
func TestOneTimeOverABadLine(t *testing.T) {
	worlds := 12
	if n, err := strconv.Atoi(os.Getenv("SITE_WORLDS")); err == nil {
		worlds = n
	}
	for n := range worlds {
		for _, offline := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d, off line %v", n, offline), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { oneTime(t, offline) })
			})
		}
	}
}

func oneTime(t *testing.T, offline bool) {
	l := newLab(t)
	l.desk.offline = offline
	l.p.weather = weather{lost: 5, unanswered: 10, cut: 3}
	ids := []proto.ID{one, two}
	l.settle(ids...)
	l.begin()
	var mu sync.Mutex
	accepted := map[string]int{}
	show := func() {
		var wg sync.WaitGroup
		for _, id := range ids {
			l.p.mu.Lock()
			mint := l.p.held[id].Sec.OTP.Mint
			l.p.mu.Unlock()
			for range 3 {
				wg.Go(func() {
					ok, _ := l.s.May(t.Context(), id, mint) // the error is the bad line's
					if ok {
						mu.Lock()
						accepted[mint]++
						mu.Unlock()
					}
				})
			}
		}
		wg.Wait()
	}
	saved, mints := false, 0
	for range 40 {
		time.Sleep(time.Duration(rand.IntN(60)) * time.Second)
		switch rand.IntN(9) {
		case 0, 1, 2:
			show()
		case 3:
			id := ids[rand.IntN(2)]
			mints++
			l.p.do(func(tx proto.CentralTx) { proto.Arm(tx, id, fmt.Sprint("mint", mints)) })
		case 4:
			l.end()
			if rand.IntN(2) == 0 {
				copyFile(t, l.database(), l.database()+".saved")
				saved = true
			}
			l.begin()
		case 5:
			l.p.cut(rand.IntN(2) == 0)
		case 6:
			l.p.cut(false)
			l.p.do(func(proto.CentralTx) { l.p.start() })
		case 7:
			if err := l.s.Tried(t.Context(), ids[rand.IntN(2)], 5); err != nil {
				t.Error(err)
			}
		case 8:
			if saved && rand.IntN(2) == 0 {
				l.end()
				copyFile(t, l.database()+".saved", l.database())
				l.begin()
			}
		}
	}
	l.p.mu.Lock()
	l.p.weather = weather{}
	l.p.mu.Unlock()
	l.p.cut(false)
	time.Sleep(time.Hour)
	for mint, n := range accepted {
		if n > 1 {
			t.Errorf("%s was accepted %d times", mint, n)
		}
	}
	here := l.db.SyncValues("state/")
	for _, id := range ids {
		var d proto.Device
		if err := json.Unmarshal(here["state/"+string(id)], &d); err != nil {
			t.Fatal(err)
		}
		if want := l.p.held[id].Sec; d.Sec != want || d.Dirty {
			t.Errorf("%s: the box holds %+v, the platform %+v", id, d, want)
		}
	}
	l.end()
	t.Logf("accepted: %v", accepted)
}
