package voice_test

import (
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/voice"
)

// thousand is how many calls run at once in the benchmark.
const thousand = 1000

// BenchmarkThousandCalls is 1,000 calls with sound both ways over loopback, each of
// which types its entry meanwhile: ns/op is one such round of five seconds of
// calls. It reports bytes and goroutines for each call, the processor time of both
// sides for one second, and entries that were lost.
func BenchmarkThousandCalls(b *testing.B) {
	raiseFiles(b)
	calls := newCalls(b, voice.Config{MaxCalls: thousand})
	phones := listen(b, home)
	_ = phones.SetReadBuffer(8 << 20)
	var heard atomic.Int64
	go func() {
		for packet := make([]byte, 1500); ; {
			if _, _, err := phones.ReadFromUDPAddrPort(packet); err != nil {
				return
			}
			heard.Add(1)
		}
	}()
	var lost, rounds int
	var bytes, goroutines, seconds, processor float64
	for b.Loop() {
		before, running := memory(), runtime.NumGoroutine()
		open, to := openThousand(b, calls, phones)
		goroutines += float64(runtime.NumGoroutine()-running) / thousand
		begin, used := time.Now(), processorTime(b)
		typeAll(b, phones, to)
		bytes += float64(memory()-before) / thousand
		for _, call := range open {
			if !entered(call) {
				lost++
			}
		}
		seconds += time.Since(begin).Seconds()
		processor += (processorTime(b) - used).Seconds()
		for _, call := range open {
			call.Close()
		}
		rounds++
	}
	b.ReportMetric(bytes/float64(rounds), "B/call")
	b.ReportMetric(goroutines/float64(rounds), "goroutines/call")
	b.ReportMetric(processor/seconds, "cores")
	b.ReportMetric(float64(heard.Load())/seconds, "packets/s-heard")
	b.ReportMetric(float64(lost), "lost-entries")
}

func openThousand(b *testing.B, calls *voice.Calls, phones *net.UDPConn) (open []*voice.Call, to []netip.AddrPort) {
	for range thousand {
		conn := listen(b, home)
		call, err := calls.Open(conn, voice.Leg{Offer: parse(b, offer(port(phones), "0 101", eventsMap)), Source: home, Dialogue: newDialogue(b)})
		if err != nil {
			b.Fatal(err)
		}
		call.Start()
		open, to = append(open, call), append(to, port(conn))
	}
	return open, to
}

// typeAll is five seconds of all phones: sound every 20 ms, and a key of 40 ms
// every half second from the first on, in packets of RFC 4733.
func typeAll(b *testing.B, phones *net.UDPConn, to []netip.AddrPort) {
	const keys = "739154#"
	sound := make([]byte, 160)
	for i := range sound {
		sound[i] = 0xFF
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for frame := range 250 {
		<-ticker.C
		ts := uint32(frame * 160)
		for _, address := range to {
			p := packet(0, false, uint16(2*frame), ts, sound)
			if key := frame / 25; frame%25 < 3 && key < len(keys) {
				flags := byte(10)
				if frame%25 == 2 {
					flags |= 0x80
				}
				p = packet(101, frame%25 == 0, uint16(2*frame), uint32(key*25*160), []byte{event4733(keys[key]), flags, 1, 0x40})
			}
			if _, err := phones.WriteToUDPAddrPort(p, address); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func event4733(key byte) byte {
	if key == '#' {
		return 11
	}
	return key - '0'
}

// entered reports that the whole entry came.
func entered(call *voice.Call) bool {
	select {
	case a := <-call.Events():
		check, ok := a.(voice.Check)
		return ok && check.Entry.Reveal() == "739154"
	case <-time.After(time.Second):
		return false
	}
}

// memory is what the heap and the stacks hold.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// raiseFiles lets the process open a socket for each call.
func raiseFiles(b *testing.B) {
	limit := syscall.Rlimit{Cur: 4096, Max: 4096}
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now); err == nil && now.Cur >= limit.Cur {
		return
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		b.Skipf("1,000 sockets cannot be opened: %v", err)
	}
}
