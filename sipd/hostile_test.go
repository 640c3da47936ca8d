package sipd_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/sipd"
)

// A caller with an account sends broken INVITEs, SDP, INFOs and sound, and 1,000
// messages a second, while another types its PIN: nothing panics, and the other
// is let in.
func TestAHostileCallerCostsOthersNothing(t *testing.T) {
	t.Parallel()
	var said logBuffer
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) { d.Log = slog.New(slog.NewTextHandler(&said, nil)) }, withVoice(t, 8))
	good, bad := newTalker(t, "127.0.0.2", l.addr), newTalker(t, "127.0.0.9", l.addr)
	bad.mac[5] = 9
	good.calls()
	good.hears()
	bad.calls()
	r := rand.New(rand.NewPCG(3, 4))
	spoil := func(s string) string {
		b := []byte(s)
		for range 1 + r.IntN(5) {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		return string(b)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for i := range 3000 {
		<-tick.C
		bad.seq++
		switch i % 5 {
		case 0:
			again := within(bad.invite, bad.ok, "INVITE", bad.seq)
			again.body, again.extra = spoil(bad.sdp(101)), []string{"Content-Type: application/sdp"}
			bad.request(again)
		case 1:
			bad.info(strings.Map(visible, spoil("application/dtmf-relay")), spoil("Signal=5\r\nDuration=160\r\n"))
		case 2:
			_, _ = bad.rtp.WriteTo([]byte(spoil("\x80\x65\x00\x01\x00\x00\x00\x01\x09\x09\x09\x09\x05\x8a\x01\x40")), bad.sound)
		case 3:
			_, _ = bad.conn.WriteTo([]byte(spoil(string(plainRequest("REGISTER", "sip:box", fmt.Sprint("h", i))))), bad.to)
		case 4:
			_, _ = bad.rtp.WriteTo(make([]byte, r.IntN(1500)), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1024 + r.IntN(60000)})
		}
		if i == 1500 {
			good.presses(101, "271828#")
		}
	}
	good.isHungUp()
	for end := time.After(patience); ; {
		select {
		case e := <-l.desk.over:
			if e.mac != good.mac {
				continue
			}
			if e.why != "right" {
				t.Errorf("the other call ended %+v, want right", e)
			}
		case <-end:
			t.Fatal("the other call did not end")
		}
		break
	}
	if text := said.String(); strings.Contains(text, "panic") {
		t.Errorf("something panicked:\n%s", text)
	}
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

// Write takes a line.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all of it.
func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func visible(r rune) rune {
	if r < ' ' || r > '~' {
		return 'x'
	}
	return r
}
