package voice_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/voice"
)

// pipe is a call's socket without a network: what is put into in is read, what is
// written goes to write.
type pipe struct {
	in     chan arrival
	write  func([]byte)
	to     atomic.Value // netip.AddrPort of the last packet written
	once   sync.Once
	closed chan struct{}
}

// arrival is a packet and the port at home it comes from.
type arrival struct {
	port   uint16
	packet []byte
}

func newPipe(write func([]byte)) *pipe {
	return &pipe{in: make(chan arrival), write: write, closed: make(chan struct{})}
}

func (p *pipe) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case a := <-p.in:
		return copy(b, a.packet), netip.AddrPortFrom(home, a.port), nil
	case <-p.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (p *pipe) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	p.to.Store(to)
	p.write(bytes.Clone(b))
	return len(b), nil
}

func (p *pipe) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2} }
func (p *pipe) Close() error        { p.once.Do(func() { close(p.closed) }); return nil }

// bubble runs calls in a bubble of synctest: time there is the test's.
func bubble(t *testing.T, run func(t *testing.T, calls *voice.Calls, scraped func() string)) {
	prompts, _ := voice.LoadPrompts(nil)
	set := metrics.New()
	synctest.Test(t, func(t *testing.T) {
		calls, err := voice.New(voice.Config{}, prompts, slog.New(slog.DiscardHandler), set)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- calls.Serve(ctx) }()
		run(t, calls, func() string {
			w := httptest.NewRecorder()
			set.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
			return w.Body.String()
		})
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: got %v, want nil", err)
		}
	})
}

func openPipe(t *testing.T, calls *voice.Calls, p *pipe) *voice.Call {
	t.Helper()
	call, err := calls.Open(p, voice.Leg{
		Offer:  parse(t, offer(netip.AddrPortFrom(home, 4000), "0 101", eventsMap)),
		Source: home, Language: "de", Dialogue: newDialogue(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	call.Start()
	return call
}

// Nobody types: two questions, each with its ten seconds, then the call ends by
// itself; a packet every 20 ms until then.
func TestNobodyTypes(t *testing.T) {
	bubble(t, func(t *testing.T, calls *voice.Calls, _ func() string) {
		var packets atomic.Int64
		begin := time.Now()
		call := openPipe(t, calls, newPipe(func([]byte) { packets.Add(1) }))
		got := <-call.Events()
		took := time.Since(begin)
		if got != (voice.HangUp{Reason: voice.ReasonSilent}) || took < 25*time.Second || took > 45*time.Second {
			t.Errorf("got %v after %s, want silent after two prompts and 20 s", got, took)
		}
		if got, want := packets.Load(), int64(took/(20*time.Millisecond)); got < want-2 || got > want {
			t.Errorf("got %d packets, want about %d", got, want)
		}
		call.Close()
	})
}

// The end of Serve closes every call and waits for its reader; bubbles fail on
// goroutines that are left.
func TestStopEndsCalls(t *testing.T) {
	open := true
	bubble(t, func(t *testing.T, calls *voice.Calls, _ func() string) {
		call := openPipe(t, calls, newPipe(func([]byte) {}))
		go func() { _, open = <-call.Events() }()
	})
	if open {
		t.Error("got an event, want the channel closed")
	}
}

// A fault of ours in one call ends that call, is counted, and costs no other.
func TestPanicEndsOneCall(t *testing.T) {
	bubble(t, func(t *testing.T, calls *voice.Calls, scraped func() string) {
		heard := make(chan []byte, 1<<10)
		broken := openPipe(t, calls, newPipe(func([]byte) { panic("broken") }))
		openPipe(t, calls, newPipe(func(b []byte) { heard <- b }))
		if _, open := <-broken.Events(); open {
			t.Error("the broken call: got an event, want its end")
		}
		<-heard
		if got := calls.Running(); got != 1 {
			t.Errorf("got %d calls, want the other one", got)
		}
		if want := metrics.NamePanics + `{front="voice"} 1`; !strings.Contains(scraped(), want) {
			t.Errorf("metrics hold no %q", want)
		}
	})
}

// A flood costs its call the rest of the second; after that it hears keys again.
func TestFloodPausesReading(t *testing.T) {
	bubble(t, func(t *testing.T, calls *voice.Calls, scraped func() string) {
		p := newPipe(func([]byte) {})
		call := openPipe(t, calls, p)
		begin := time.Now()
		for range 1500 {
			p.in <- arrival{4000, packet(0, false, 1, 1, nil)}
		}
		if took := time.Since(begin); took < 2*time.Second || took > 4*time.Second {
			t.Errorf("1,500 packets were read in %s, want 500 in a second", took)
		}
		typeInto(p, 4000, 0, 7, 3, 9, 1, 5, 4, 11)
		if got := entry(t, call); got != "739154" {
			t.Errorf("got entry %q, want 739154", got)
		}
		if want := `{front="voice",reason="flood"} 3`; !strings.Contains(scraped(), want) {
			t.Errorf("metrics hold no %q", want)
		}
	})
}

// typeInto sends one packet of RFC 4733 for each event.
func typeInto(p *pipe, port uint16, ts uint32, events ...byte) {
	for i, event := range events {
		p.in <- arrival{port, packet(101, true, uint16(i), ts+uint32(i*800), []byte{event, 0x8A, 1, 0x40})}
	}
}

// Where the kernel does not sort out strangers, the call does.
func TestOtherPortIsAStranger(t *testing.T) {
	bubble(t, func(t *testing.T, calls *voice.Calls, scraped func() string) {
		p := newPipe(func([]byte) {})
		call := openPipe(t, calls, p)
		typeInto(p, 4000, 0, 7, 3, 9, 1)
		typeInto(p, 4002, 1<<20, 0, 0, 11)
		typeInto(p, 4000, 3200, 5, 4, 11)
		if got := entry(t, call); got != "739154" {
			t.Errorf("got entry %q, want 739154", got)
		}
		if want := `{front="voice",reason="stranger"} 3`; !strings.Contains(scraped(), want) {
			t.Errorf("metrics hold no %q", want)
		}
	})
}

// says sends a stream of sound from a port for so long, and waits for what is sent
// after it.
func says(p *pipe, port uint16, d time.Duration) {
	for i := range uint16(d / (20 * time.Millisecond)) {
		p.in <- arrival{port, packet(0, false, i, uint32(i)*160, bytes.Repeat([]byte{0xFF}, 160))}
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *pipe) sendsTo() uint16 { return p.to.Load().(netip.AddrPort).Port() }

// Who sends in the caller's address before the caller does types nothing for it, and
// has none of its sound, whatever it sends until the caller is heard.
func TestWhoIsFasterThanTheCallerTypesNothing(t *testing.T) {
	for name, forged := range map[string]func(*pipe){
		"keys":           func(p *pipe) { typeInto(p, 4002, 1<<20, 0, 0, 0, 0, 0, 0, 11) },
		"a short stream": func(p *pipe) { says(p, 4002, 900*time.Millisecond); typeInto(p, 4002, 1<<20, 0, 11) },
		"a long stream":  func(p *pipe) { says(p, 4002, 2*time.Second) },
		"now and then": func(p *pipe) {
			for range 5 {
				typeInto(p, 4002, 1<<20, 0, 11)
				time.Sleep(time.Second)
			}
		},
		"many short ones": func(p *pipe) {
			for i := range uint16(10) {
				says(p, 4002+2*i, 400*time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, calls *voice.Calls, _ func() string) {
				p := newPipe(func([]byte) {})
				call := openPipe(t, calls, p)
				forged(p)
				typeInto(p, 4000, 0, 7, 3, 9, 1)
				typeInto(p, 4002, 1<<21, 0, 0, 11) // settled: this port has had its time
				typeInto(p, 4000, 3200, 5, 4, 11)
				if got := entry(t, call); got != "739154" {
					t.Errorf("got entry %q, want the caller's own 739154", got)
				}
				time.Sleep(100 * time.Millisecond)
				if got := p.sendsTo(); got != 4000 {
					t.Errorf("sound goes to port %d, want the announced 4000", got)
				}
			})
		})
	}
}

// A phone that sends from another port than it announced is heard all the same, once
// its stream has lasted.
func TestACallerThatSendsFromAnotherPortIsHeard(t *testing.T) {
	bubble(t, func(t *testing.T, calls *voice.Calls, _ func() string) {
		p := newPipe(func([]byte) {})
		call := openPipe(t, calls, p)
		says(p, 4002, 1100*time.Millisecond)
		typeInto(p, 4002, 0, 7, 3, 9, 1, 5, 4, 11)
		if got := entry(t, call); got != "739154" {
			t.Errorf("got entry %q, want 739154", got)
		}
		time.Sleep(100 * time.Millisecond)
		if got := p.sendsTo(); got != 4002 {
			t.Errorf("sound goes to port %d, want 4002, where it comes from", got)
		}
		call.Update(parse(t, offer(netip.AddrPortFrom(home, 4006), "0 101", eventsMap)))
		time.Sleep(100 * time.Millisecond)
		if got := p.sendsTo(); got != 4006 {
			t.Errorf("after a re-INVITE sound goes to port %d, want the 4006 it names", got)
		}
	})
}
