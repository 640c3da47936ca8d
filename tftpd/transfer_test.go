package tftpd

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/metrics"
)

func dropped(reason string, n int) string {
	return fmt.Sprintf(metrics.NameDropped+`{front="tftp",reason=%q} %d`, reason, n)
}

func TestRepeatedRequestIsOneTransfer(t *testing.T) {
	bothPorts(t, Config{StopWithin: time.Millisecond}, func(t *testing.T, d *door, desk *fakeDesk) {
		p := d.phone(t, "127.0.0.1")
		for range 5 {
			p.ask("open.cfg", "octet")
		}
		_, first := p.data(1)
		d.until(t, dropped("repeated", 4))
		p.send(ack(1), first)
		// Late, by the other socket: still only a repetition.
		_, _ = p.data(2)
		p.ask("open.cfg", "octet")
		d.until(t, dropped("repeated", 5))
		p.send(ack(2), first)
		if _, from := p.data(3); from != first {
			t.Errorf("block 3 from %s, want %s", from, first)
		}
		if n := desk.count(); n != 1 {
			t.Errorf("the desk was asked %d times, want once", n)
		}
	})
}

func TestStands(t *testing.T) {
	now := time.Now()
	same, other := request{name: "a"}, request{name: "b"}
	sent := []byte("\x00\x03\x00\x01")
	for _, tt := range []struct {
		name  string
		t     *transfer
		req   request
		after time.Duration
		want  bool
	}{
		{"desk still thinks", &transfer{}, same, time.Minute, true},
		{"desk still thinks, another file", &transfer{}, other, time.Minute, true},
		{"desk still thinks, phone gave up", &transfer{over: true}, other, time.Minute, true},
		{"not acknowledged yet", &transfer{sent: sent}, same, time.Minute, true},
		{"just acknowledged", &transfer{sent: sent, acked: true}, same, time.Second, true},
		{"phone restarted", &transfer{sent: sent, acked: true}, same, restart, false},
		{"another file", &transfer{sent: sent}, other, 0, false},
		{"the old one is over", &transfer{sent: sent, over: true}, same, 0, false},
	} {
		tt.t.req, tt.t.start = same, now
		if got := tt.t.stands(tt.req, now.Add(tt.after)); got != tt.want {
			t.Errorf("%s: stands = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestNextFileFromTheSamePort(t *testing.T) {
	bothPorts(t, Config{PerClient: 1}, func(t *testing.T, d *door, _ *fakeDesk) {
		p := d.phone(t, "127.0.0.1")
		p.ask("open.cfg", "octet")
		p.data(1) // and never acknowledged
		if got := p.fetch("other.cfg"); got != string(testBody) {
			t.Errorf("got %d bytes, want %d", len(got), len(testBody))
		}
		d.running(t, "0")
		for range 20 { // a refusal and the next request in one breath
			p.ask("secret.cfg", "octet")
			if b, _ := p.hear(); string(b) != string(refusal) {
				t.Fatalf("got %q, want a refusal", b)
			}
		}
	})
}

func TestLostAcknowledgement(t *testing.T) {
	bothPorts(t, Config{Timeout: 50 * time.Millisecond, Retries: 100}, func(t *testing.T, d *door, _ *fakeDesk) {
		p := d.phone(t, "127.0.0.1")
		p.ask("open.cfg", "octet")
		p.data(1)
		_, from := p.data(1) // sent again
		p.send(ack(1), from)
		p.send(ack(1), from) // and both acknowledgements arrive
		p.send(ack(7), from)
		p.send(ack(0), from)
		seen := map[uint16]int{}
		for {
			b, _ := p.hear()
			block := binary.BigEndian.Uint16(b[2:])
			seen[block]++
			if block < 2 { // a copy that was under way
				continue
			}
			p.send(ack(block), from)
			if len(b) < 516 {
				break
			}
		}
		for block := uint16(2); block <= 5; block++ {
			if seen[block] == 0 || seen[block] > 2 {
				t.Errorf("block %d came %d times, want once (twice on a slow machine)", block, seen[block])
			}
		}
	})
}

func TestStrangersPacketsMoveNothing(t *testing.T) {
	bothPorts(t, Config{Timeout: time.Minute, StopWithin: time.Millisecond}, func(t *testing.T, d *door, _ *fakeDesk) {
		p, stranger := d.phone(t, "127.0.0.1"), d.phone(t, "127.0.0.1")
		p.ask("open.cfg", "octet")
		_, from := p.data(1)
		stranger.send(ack(1), from)
		stranger.send([]byte("\x00\x05\x00\x00bye\x00"), from)
		if b, _, err := p.listen(50 * time.Millisecond); err == nil {
			t.Fatalf("a stranger's packets moved the transfer: %q", b[:4])
		}
		p.send(ack(1), from)
		p.data(2)
	})
}

func TestBounds(t *testing.T) {
	bothPorts(t, Config{PerClient: 2, MaxTransfers: 3, Timeout: time.Minute, StopWithin: time.Millisecond}, func(t *testing.T, d *door, desk *fakeDesk) {
		begin := func(local string) (end func()) {
			p := d.phone(t, local)
			p.ask("open.cfg", "octet")
			_, from := p.data(1)
			p.send(ack(1), from) // no new request may push this one out
			p.data(2)
			return func() { p.send([]byte("\x00\x05\x00\x00bye\x00"), from) }
		}
		first, second := begin("127.0.0.1"), begin("127.0.0.1")
		d.phone(t, "127.0.0.1").ask("open.cfg", "octet")
		d.until(t, dropped("client", 1))
		second()
		d.running(t, "1")
		begin("127.0.0.2")
		begin("127.0.0.3")
		d.phone(t, "127.0.0.4").ask("open.cfg", "octet")
		d.until(t, dropped("full", 1))
		if n := desk.count(); n != 4 {
			t.Errorf("the desk was asked %d times, want 4", n)
		}
		first()
		d.running(t, "2")
		begin("127.0.0.1")
	})
}

func TestSlotOfAPhoneThatIsGone(t *testing.T) {
	d := start(t, Config{Timeout: 20 * time.Millisecond, Retries: 1000}, &fakeDesk{}, "127.0.0.1:0")
	p := d.phone(t, "127.0.0.1")
	p.ask("open.cfg", "octet")
	p.data(1)
	_ = p.conn.Close() // the kernel now answers "port unreachable"
	d.running(t, "0")
}

func TestSilentPhone(t *testing.T) {
	for _, options := range [][]string{nil, {"blksize", "1024"}} {
		bothPorts(t, Config{Timeout: 10 * time.Millisecond, Retries: 2}, func(t *testing.T, d *door, _ *fakeDesk) {
			p := d.phone(t, "127.0.0.1")
			p.ask(append([]string{"open.cfg", "octet"}, options...)...)
			for range 3 {
				p.hear()
			}
			if b, _ := p.hear(); string(b) != string(brokeOff) {
				t.Errorf("last word %q, want %q", b, brokeOff)
			}
			d.running(t, "0")
			d.until(t, metrics.NameAnswers+`{front="tftp",outcome="broken"} 1`)
		})
	}
}

// Answering each block just in time does not hold a slot for ever.
func TestLongest(t *testing.T) {
	bothPorts(t, Config{Timeout: 10 * time.Millisecond, Retries: 3, Longest: 100 * time.Millisecond}, func(t *testing.T, d *door, _ *fakeDesk) {
		p := d.phone(t, "127.0.0.1")
		begin := time.Now()
		p.ask("open.cfg", "octet")
		for {
			b, from := p.hear()
			if b[1] == byte(opError) {
				if string(b) != string(brokeOff) {
					t.Errorf("last word %q, want %q", b, brokeOff)
				}
				break
			}
			if time.Since(begin) > 150*time.Millisecond {
				p.send(ack(binary.BigEndian.Uint16(b[2:])), from) // too late
			}
		}
		d.running(t, "0")
	})
}

func TestStop(t *testing.T) {
	t.Run("lets a transfer finish", func(t *testing.T) {
		bothPorts(t, Config{StopWithin: time.Minute}, func(t *testing.T, d *door, _ *fakeDesk) {
			p, late := d.phone(t, "127.0.0.1"), d.phone(t, "127.0.0.1")
			p.ask("open.cfg", "octet")
			_, from := p.data(1)
			stopped := make(chan struct{})
			go func() { defer close(stopped); d.stop() }()
			waitStopping(t, d, late)
			size := 512
			for block := uint16(1); ; block++ {
				p.send(ack(block), from)
				if block == 5 {
					break
				}
				b, _ := p.data(block + 1)
				size += len(b)
			}
			<-stopped
			if size != len(testBody) {
				t.Errorf("got %d bytes, want %d", size, len(testBody))
			}
		})
	})
	t.Run("breaks off what takes too long", func(t *testing.T) {
		bothPorts(t, Config{StopWithin: time.Millisecond, Timeout: time.Minute}, func(t *testing.T, d *door, _ *fakeDesk) {
			p := d.phone(t, "127.0.0.1")
			p.ask("open.cfg", "octet")
			p.data(1)
			begin := time.Now()
			d.stop()
			if took := time.Since(begin); took > 30*time.Second {
				t.Errorf("stopping took %s, want it within StopWithin", took)
			}
		})
	})
	t.Run("breaks off a desk that does not answer", func(t *testing.T) {
		desk := &fakeDesk{hold: make(chan struct{})}
		d := start(t, Config{StopWithin: time.Millisecond}, desk, "127.0.0.1:0")
		d.phone(t, "127.0.0.1").ask("open.cfg", "octet")
		d.running(t, "1")
		d.stop()
	})
}

// waitStopping asks until the door takes no more transfers.
func waitStopping(t *testing.T, d *door, p *phone) {
	t.Helper()
	for range 10_000 {
		p.ask("secret.cfg", "octet")
		if _, _, err := p.listen(5 * time.Millisecond); err != nil {
			d.until(t, dropped("stopping", 1))
			return
		}
	}
	t.Fatal("the door goes on taking transfers")
}

// Phones that answer at random, too late, twice or never, with time-outs as short
// as the answers take: whatever becomes of them, the door serves on and forgets
// nobody.
func TestUnrulyPhones(t *testing.T) {
	bothPorts(t, Config{Timeout: time.Millisecond, Retries: 2, PerClient: 100}, func(t *testing.T, d *door, _ *fakeDesk) {
		var all sync.WaitGroup
		for range 16 {
			p := d.phone(t, "127.0.0.1")
			all.Go(func() {
				for range 20 {
					_, _ = p.conn.WriteToUDPAddrPort(rrq("open.cfg", "octet", "blksize", "600"), p.door)
					for range 12 {
						b, from, err := p.listen(time.Duration(rand.IntN(3000)) * time.Microsecond)
						if err != nil || len(b) < 4 {
							continue
						}
						for range rand.IntN(3) {
							_, _ = p.conn.WriteToUDPAddrPort(ack(binary.BigEndian.Uint16(b[2:])), from)
						}
					}
				}
			})
		}
		all.Wait()
		d.running(t, "0")
		// With so short a time-out one try may fail on a busy machine.
		p := d.phone(t, "127.0.0.1")
		for range 1000 {
			p.ask("secret.cfg", "octet")
			if b, _ := p.hear(); string(b) == string(refusal) {
				return
			}
		}
		t.Error("afterwards nobody is answered")
	})
}
