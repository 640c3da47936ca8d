package voice_test

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/voice"
)

const eventsMap = "rtpmap:101 telephone-event/8000"

func TestKeysByEveryWay(t *testing.T) {
	for name, c := range map[string]struct {
		attribute string
		events    byte
		press     func(*testing.T, *voice.Call, *phone)
	}{
		"RFC 4733 as 101": {eventsMap, 101, func(_ *testing.T, _ *voice.Call, p *phone) { p.press("739154#") }},
		"RFC 4733 as 96":  {"rtpmap:96 telephone-event/8000", 96, func(_ *testing.T, _ *voice.Call, p *phone) { p.press("739154#") }},
		"INFO": {"sendrecv", 0, func(t *testing.T, call *voice.Call, _ *phone) {
			for _, key := range "739154#" {
				if err := call.Info("application/dtmf-relay", []byte("Signal="+string(key)+"\r\nDuration=100\r\n")); err != nil {
					t.Error(err)
				}
			}
		}},
		"both": {eventsMap, 101, func(t *testing.T, call *voice.Call, p *phone) {
			for _, key := range "739154#" {
				p.press(string(key))
				if err := call.Info("", []byte(string(key))); err != nil {
					t.Error(err)
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			call, p := dial(t, newCalls(t, voice.Config{}), voice.Leg{Dialogue: newDialogue(t)}, "0 8 101 96", c.attribute)
			p.events = c.events
			call.Start()
			c.press(t, call, p)
			if got := entry(t, call); got != "739154" {
				t.Errorf("got entry %q, want 739154", got)
			}
		})
	}
}

func TestForeignInfo(t *testing.T) {
	call, _ := dial(t, newCalls(t, voice.Config{}), voice.Leg{Dialogue: newDialogue(t)}, "0")
	if err := call.Info("application/media_control+xml", []byte("<x/>")); !errors.Is(err, voice.ErrForeignInfo) {
		t.Errorf("got %v, want ErrForeignInfo", err)
	}
}

// Before Start, and while the other side holds, no packet leaves.
func TestSilentBeforeStartAndOnHold(t *testing.T) {
	call, p := dial(t, newCalls(t, voice.Config{}), voice.Leg{Dialogue: newDialogue(t)}, "0")
	p.send(0, false, 0, make([]byte, 160))
	if _, ok := p.packet(100 * time.Millisecond); ok {
		t.Error("before Start: got a packet, want none")
	}
	call.Start()
	if _, ok := p.packet(0); !ok {
		t.Error("after Start: got no packet")
	}
	call.Update(parse(t, offer(port(p.conn), "0", "sendonly")))
	for range 5 { // what was on its way
		if _, ok := p.packet(100 * time.Millisecond); !ok {
			break
		}
	}
	if _, ok := p.packet(100 * time.Millisecond); ok {
		t.Error("on hold: got a packet, want none")
	}
	call.Update(parse(t, offer(port(p.conn), "0", "sendrecv")))
	if b, ok := p.packet(0); !ok || b[1]&0x80 == 0 {
		t.Error("after hold: got no packet, or one without a marker")
	}
}

// An address in the description that is neither the caller's nor trusted gets
// nothing, whoever it is; the caller's own first packet settles where sound goes.
func TestForeignAddressGetsNothing(t *testing.T) {
	calls := newCalls(t, voice.Config{})
	victim := &phone{t: t, conn: listen(t, netip.MustParseAddr("127.0.0.2"))}
	conn := listen(t, home)
	call, err := calls.Open(conn, voice.Leg{Offer: parse(t, offer(port(victim.conn), "0 101", eventsMap)), Source: home, Dialogue: newDialogue(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer call.Close()
	call.Start()
	victim.to, victim.events = port(conn), 101
	victim.press("999999#") // a stranger's keys
	if _, ok := victim.packet(150 * time.Millisecond); ok {
		t.Error("the victim got a packet, want none")
	}
	p := &phone{t: t, conn: listen(t, home), to: port(conn), events: 101}
	p.press("739154#")
	if got := entry(t, call); got != "739154" {
		t.Errorf("got entry %q, want the caller's 739154", got)
	}
	if _, ok := p.packet(0); !ok {
		t.Error("the caller got no sound")
	}
}

// Once settled, another port of the caller's own address has no part in the call.
func TestFirstSourceStays(t *testing.T) {
	call, p := dial(t, newCalls(t, voice.Config{}), voice.Leg{Dialogue: newDialogue(t)}, "0 101", eventsMap)
	call.Start()
	p.press("7391")
	if _, ok := p.packet(0); !ok {
		t.Fatal("got no sound")
	}
	other := &phone{t: t, conn: listen(t, home), to: p.to, events: 101, ts: 1 << 20}
	other.press("00#")
	p.press("54#")
	if got := entry(t, call); got != "739154" {
		t.Errorf("got entry %q, want 739154", got)
	}
}

// Once settled, the kernel itself turns strangers away.
func TestKernelTurnsStrangersAway(t *testing.T) {
	call, p := dial(t, newCalls(t, voice.Config{}), voice.Leg{Dialogue: newDialogue(t)}, "0 101", eventsMap)
	call.Start()
	p.press("739154#")
	entry(t, call)
	stranger, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.to))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Close() }()
	if _, err := stranger.Write(packet(0, false, 1, 1, nil)); err != nil {
		t.Fatal(err)
	}
	_ = stranger.SetReadDeadline(time.Now().Add(patience))
	if _, err := stranger.Read(make([]byte, 1500)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want the port to be closed to strangers", err)
	}
}

func TestRubbishIsNothing(t *testing.T) {
	call, p := dial(t, newCalls(t, voice.Config{}), voice.Leg{Dialogue: newDialogue(t)}, "0 101", eventsMap)
	call.Start()
	for _, b := range [][]byte{{}, {0x80}, bytes.Repeat([]byte{0xFF}, 1500), packet(33, false, 1, 1, []byte("x")), packet(101, false, 1, 1, []byte{1})} {
		if _, err := p.conn.WriteToUDPAddrPort(b, p.to); err != nil {
			t.Fatal(err)
		}
	}
	p.press("739154#")
	if got := entry(t, call); got != "739154" {
		t.Errorf("got entry %q, want 739154", got)
	}
}

func TestLateOffer(t *testing.T) {
	calls := newCalls(t, voice.Config{})
	p := &phone{t: t, conn: listen(t, home), events: 101}
	conn := listen(t, home)
	p.to = port(conn)
	call, err := calls.Open(conn, voice.Leg{Source: home, Dialogue: newDialogue(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer call.Close()
	if got := parse(t, call.Offer()).Remote; got != p.to {
		t.Errorf("our offer: got %s, want %s", got, p.to)
	}
	call.Update(parse(t, offer(port(p.conn), "8 101", eventsMap)))
	call.Start()
	if b, ok := p.packet(0); !ok || b[1]&0x7F != 8 {
		t.Errorf("got %x, want PCMA", b)
	}
	p.press("739154#")
	if got := entry(t, call); got != "739154" {
		t.Errorf("got entry %q, want 739154", got)
	}
}

// Two joined calls hear each other, across laws and numbers of payload types, and
// neither sees the other's address or SSRC.
func TestJoin(t *testing.T) {
	calls := newCalls(t, voice.Config{MaxCalls: 1})
	a, caller := dial(t, calls, voice.Leg{Dialogue: newDialogue(t)}, "0 101", eventsMap)
	a.Start()
	caller.press("112#")
	if got := event(t, a); got != (voice.Bridge{Number: "112"}) {
		t.Fatalf("got %v, want a bridge to 112", got)
	}
	b, centre := dial(t, calls, voice.Leg{Emergency: true}, "8 96", "rtpmap:96 telephone-event/8000")
	b.Start()
	voice.Join(a, b)
	sound := bytes.Repeat([]byte{0x80}, 160) // the loudest of µ-law; A-law has 0xAA
	received := passed(t, centre, func() { caller.send(0, false, 5000, sound) }, 0xAA)
	if received[1]&0x7F != 8 || bytes.Equal(received[8:12], []byte{1, 2, 3, 4}) {
		t.Errorf("got type %d and SSRC %x, want 8 and one of our own", received[1]&0x7F, received[8:12])
	}
	passed(t, caller, func() { centre.send(8, false, 9000, bytes.Repeat([]byte{0xAA}, 160)) }, 0x80)
	if got := passed(t, centre, func() { caller.send(101, true, 6000, []byte{7, 10, 0, 80}) }, 7); got[1]&0x7F != 96 {
		t.Errorf("event: got type %d, want 96", got[1]&0x7F)
	}
	b.Close()
	for {
		p, ok := caller.packet(0)
		if !ok {
			t.Fatal("after the far end closed: got no more sound, want silence")
		}
		if p[12] == 0xFF {
			return
		}
	}
}

// passed sends until a packet whose payload begins with want comes out at to.
func passed(t *testing.T, to *phone, send func(), want byte) []byte {
	t.Helper()
	for range 200 {
		send()
		if b, ok := to.packet(50 * time.Millisecond); ok && len(b) > 12 && b[12] == want {
			return b
		}
	}
	t.Fatal("nothing came through")
	return nil
}

func TestBounds(t *testing.T) {
	calls := newCalls(t, voice.Config{MaxCalls: 2})
	first, _ := dial(t, calls, voice.Leg{}, "0")
	dial(t, calls, voice.Leg{}, "0")
	if _, err := calls.Open(listen(t, home), voice.Leg{}); !errors.Is(err, voice.ErrFull) {
		t.Errorf("third call: got %v, want ErrFull", err)
	}
	dial(t, calls, voice.Leg{Emergency: true}, "0")
	first.Close()
	first.Close()
	dial(t, calls, voice.Leg{}, "0")
	if got := calls.Running(); got != 3 {
		t.Errorf("got %d calls, want 3", got)
	}
}

func TestPorts(t *testing.T) {
	busy := errors.New("busy")
	refuse := func(string, *net.UDPAddr) (*net.UDPConn, error) { return nil, busy }
	if _, err := (voice.Ports{First: 20001, Last: 20001, Listen: refuse}).Open(home); err == nil || errors.Is(err, busy) {
		t.Errorf("a range without an even port: got %v, want an error of its own", err)
	}
	asked := make(map[int]bool)
	note := func(_ string, a *net.UDPAddr) (*net.UDPConn, error) { asked[a.Port] = true; return nil, busy }
	if _, err := (voice.Ports{First: 20001, Last: 20009, Listen: note}).Open(home); !errors.Is(err, busy) {
		t.Errorf("all ports taken: got %v, want the cause", err)
	}
	for p := range asked {
		if p%2 != 0 || p < 20001 || p > 20009 {
			t.Errorf("got port %d asked for, want even ones of 20001 to 20009", p)
		}
	}
}
