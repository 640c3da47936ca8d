package sipd_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// handset is a phone of the benchmark: it has no goroutine for its sound, so that
// what is counted is the box's.
type handset struct {
	*talker
	keys string // still to be typed
	step int    // packets of the first of them that are sent
}

// next sends the packet that is due: of a key, 60 ms down and 40 ms up, else of
// silence.
func (h *handset) next(silence []byte) {
	const down, whole = 3, 8 // packets: held, and with its ends and the gap
	if h.keys == "" {
		h.says(silence)
		return
	}
	h.step++
	if h.step <= down+3 { // the end three times (RFC 4733 section 2.5.1.4)
		h.event(h.keys[0], h.step == 1, h.step > down)
	}
	if h.step == whole {
		h.keys, h.step = h.keys[1:], 0
		h.stamp += 160 * whole
	}
}

// event sends one packet of a key.
func (h *handset) event(key byte, first, end bool) {
	event, flags, pt := byte(strings.IndexByte("0123456789*#", key)), byte(10), byte(101)
	if end {
		flags |= 0x80
	}
	if first {
		pt |= 0x80
	}
	h.number++
	b := []byte{0x80, pt, byte(h.number >> 8), byte(h.number), byte(h.stamp >> 24), byte(h.stamp >> 16), byte(h.stamp >> 8), byte(h.stamp), 7, 7, 7, 7, event, flags, 1, 0x40}
	_, _ = h.rtp.WriteTo(b, h.sound)
}

// BenchmarkPINCalls holds calls at the same time, each with sound both ways, and
// then types every PIN. It reports what a call costs the box.
func BenchmarkPINCalls(b *testing.B) {
	for _, calls := range []int{100, 1000} {
		b.Run(fmt.Sprint(calls), func(b *testing.B) {
			for b.Loop() {
				holdCalls(b, calls)
			}
		})
	}
}

// perHost is how many phones share one address: as many as may behind a router.
const perHost = 10

func holdCalls(b *testing.B, calls int) {
	l := newLab(b, withVoice(b, calls))
	phones := make([]*handset, calls)
	for i := range phones {
		k := newTalker(b, fmt.Sprintf("127.1.%d.%d", i/perHost/200, 2+i/perHost%200), l.addr)
		k.mac[3], k.mac[4], k.mac[5] = 9, byte(i>>8), byte(i)
		phones[i] = &handset{talker: k}
	}
	goroutines, memory := runtime.NumGoroutine(), used()
	for _, p := range phones {
		p.calls()
	}
	stop, types := make(chan struct{}), make(chan string, 1)
	var all sync.WaitGroup
	all.Go(func() { talkAll(phones, types, stop) })
	begin, cpu := time.Now(), processorTime(b)
	const held = 5 * time.Second
	wait := time.NewTimer(held)
	<-wait.C
	b.ReportMetric(100*float64(processorTime(b)-cpu)/float64(time.Since(begin)), "%core-with-phones")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines-1)/float64(calls), "goroutines/call")
	b.ReportMetric(float64(used()-memory)/1024/float64(calls), "kB/call")
	types <- "271828#"
	lost := 0
	end := time.After(time.Minute)
	for range phones {
		select {
		case e := <-l.desk.over:
			if e.why != "right" {
				lost++
			}
		case <-end:
			lost++
		}
	}
	close(stop)
	all.Wait()
	b.ReportMetric(float64(lost), "lost-PINs")
}

// talkAll sends a packet for each phone every 20 ms, has all type what types says,
// answers every BYE, and throws away what is heard.
func talkAll(phones []*handset, types <-chan string, stop <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	silence := bytes.Repeat([]byte{0xff}, 160)
	heard := make([]byte, 2048)
	for {
		select {
		case <-stop:
			return
		case keys := <-types:
			for _, p := range phones {
				p.keys = keys
			}
		case <-tick.C:
		}
		for _, p := range phones {
			p.next(silence)
			_ = p.rtp.SetReadDeadline(time.Now())
			_, _, _ = p.rtp.ReadFrom(heard)
			select {
			case m := <-p.in:
				if strings.HasPrefix(m.start, "BYE ") {
					p.answer(m, "200 OK", "", "")
				}
			default:
			}
		}
	}
}

// used is memory that lives, stacks included.
func used() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// processorTime is what this program has used.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		tb.Skip(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	var ticks [2]int64
	fields := strings.Fields(rest)
	for i := range ticks {
		_, _ = fmt.Sscan(fields[11+i], &ticks[i])
	}
	return time.Duration(ticks[0]+ticks[1]) * 10 * time.Millisecond // USER_HZ is 100 wherever Go runs
}
