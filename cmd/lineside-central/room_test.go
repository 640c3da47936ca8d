package main

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/sync/broker"
)

// TestRoomIsToldBeforeItIsGone: and taken back once there is some.
func TestRoomIsToldBeforeItIsGone(t *testing.T) {
	f := &platform{board: &health.Board{}, metrics: metrics.NewPlatform(func() (c metrics.Counted, err error) { return c, nil }), now: time.Now, log: slog.New(slog.DiscardHandler)}
	for _, step := range []struct {
		free uint64
		size broker.Size
		want string
	}{
		{fewSpace, broker.Size{Bytes: 80, Max: 100}, ""},
		{fewSpace - 1, broker.Size{Bytes: 81, Max: 100}, codeSpace + " " + codeStream},
		{fewSpace - 1, broker.Size{Bytes: 1 << 40}, codeSpace},
		{fewSpace, broker.Size{Bytes: 81, Max: 200}, ""},
	} {
		f.tellSpace(step.free)
		f.tellStream(step.size)
		var got []string
		for _, c := range f.board.List() {
			got = append(got, c.Code)
		}
		if strings.Join(got, " ") != step.want {
			t.Errorf("%d free, stream %+v: got %v, want %q", step.free, step.size, got, step.want)
		}
		w := httptest.NewRecorder()
		f.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		for name, value := range map[string]uint64{metrics.NameCentralFree: step.free, metrics.NameCentralStream: step.size.Bytes, metrics.NameCentralMost: step.size.Max} {
			if want := "\n" + name + " " + strconv.FormatFloat(float64(value), 'g', -1, 64) + "\n"; !strings.Contains(w.Body.String(), want) {
				t.Errorf("metrics: want %q, got\n%s", want, w.Body.String())
			}
		}
	}
}

// TestStatusSaysWhatIsWrong: a condition of the platform reaches its operator,
// and the room is in the metrics from the start.
func TestStatusSaysWhatIsWrong(t *testing.T) {
	l := newLab(t)
	f, err := os.OpenFile(l.conf, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(f, "[allow]\nnginx = \"/nowhere/at/all\"\n[nats]\nmax_mib = 64\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	l.start()
	until := time.Now().Add(20 * time.Second)
	for got := ""; !strings.Contains(got, "/nowhere/at/all") || !strings.Contains(got, "  → "); got = l.cli(0, "status") {
		if time.Now().After(until) {
			t.Fatalf("got %s, want the file that cannot be written, and what to do", got)
		}
	}
}
