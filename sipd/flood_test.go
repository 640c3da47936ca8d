package sipd_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sipd"
)

func plainRequest(method, uri, id string) []byte {
	return []byte(method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK" + id +
		"\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: " + id + "\r\nCSeq: 1 " + method + "\r\nContent-Length: 0\r\n\r\n")
}

// forged is the i-th made-up source of the LAN.
func forged(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, byte(2 + i>>16), byte(i >> 8), byte(i)}), uint16(1024+i%60000))
}

func TestForgedSourcesCostNoMemory(t *testing.T) {
	begin := time.Now()
	var passed atomic.Int64 // of the flood's own time
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) {
		d.Now = func() time.Time { return begin.Add(time.Duration(passed.Load())) }
	})
	packet := plainRequest("REGISTER", "sip:box", "x")
	call := plainRequest("INVITE", "sip:112@box", "y")
	before := heap()
	let := 0
	const forgeries = 200_000
	for i := range forgeries {
		passed.Add(int64(time.Millisecond)) // a thousand a second
		data := packet
		if i%2 == 1 {
			data = call
		}
		if l.Passes(l.addr, forged(i), data) {
			let++
		}
	}
	after := heap()
	addrs, ports := l.Remembered()
	if addrs > sipd.MaxSources || ports > sipd.MaxPorts {
		t.Errorf("remembered %d addresses and %d ports, want at most %d and %d", addrs, ports, sipd.MaxSources, sipd.MaxPorts)
	}
	const most = 8 << 20
	if grown := int64(after) - int64(before); grown > most {
		t.Errorf("heap grew by %d bytes, want at most %d", grown, most)
	}
	t.Logf("%d of %d passed; heap %d KiB before, %d KiB after; %d addresses, %d ports", let, forgeries, before>>10, after>>10, addrs, ports)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestWhoIsLookedAtAndWhoIsNot(t *testing.T) {
	l := newLab(t)
	for _, tt := range []struct {
		name string
		from string
		data string
		want bool
	}{
		{"a phone", "127.0.0.9:5060", string(plainRequest("OPTIONS", "sip:box", "a")), true},
		{"one without a login", "127.0.0.9:5060", string(plainRequest("REGISTER", "sip:box", "a")), false},
		{"from elsewhere", "192.0.2.1:5060", string(plainRequest("REGISTER", "sip:box", "a")), false},
		{"an emergency from elsewhere", "192.0.2.1:5060", string(plainRequest("INVITE", "sip:112@box", "a")), false},
		{"a scanner", "127.0.0.9:5060", strings.Replace(string(plainRequest("OPTIONS", "sip:box", "a")), "CSeq", "User-Agent: friendly-scanner\r\nCSeq", 1), false},
		{"keep-alive", "127.0.0.9:5060", "\r\n\r\n", false},
		{"an answer nobody asked for", "127.0.0.9:5060", "SIP/2.0 200 OK\r\n\r\n", false},
		{"no SIP", "127.0.0.9:5060", "GET / HTTP/1.1\r\n\r\n", false},
		{"a CSeq of another method", "127.0.0.9:5060", strings.Replace(string(plainRequest("REGISTER", "sip:box", "a")), "1 REGISTER", "1 INVITE", 1), false},
		{"no Via", "127.0.0.9:5060", strings.Replace(string(plainRequest("REGISTER", "sip:box", "a")), "Via", "X-Via", 1), false},
		{"too long", "127.0.0.9:5060", string(plainRequest("REGISTER", "sip:box", strings.Repeat("a", 17<<10))), false},
	} {
		if got := l.Passes(l.addr, netip.MustParseAddrPort(tt.from), []byte(tt.data)); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestAFloodDoesNotKeepAnEmergencyCallBack(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", netip.MustParseAddrPort("127.0.0.1:1"))
	l := newLab(t, sbcs(sbc))
	stop := make(chan struct{})
	ended := make(chan struct{})
	flood := udpSocket(t, "127.0.0.66")
	go func() { // a thousand a second, of one address and half of them calls
		defer close(ended)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				_, _ = flood.WriteTo(plainRequest([]string{"REGISTER", "INVITE"}[i%2], "sip:*89@box", fmt.Sprint(i)), net.UDPAddrFromAddrPort(l.addr))
			case <-stop:
				return
			}
		}
	}()
	for i := range 5 {
		p := newPeer(t, fmt.Sprintf("127.0.0.%d", 20+i), l.addr)
		p.call("sip:112@box")
		in := sbc.want("INVITE")
		sbc.answer(in, "486 Busy Here", "s", "")
		p.want("486")
	}
	close(stop)
	<-ended
}

func TestASourceAtItsRateCannotStarveOthers(t *testing.T) {
	now := time.Now()
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) { d.Now = func() time.Time { return now } })
	loud, other := netip.MustParseAddrPort("127.0.0.66:5060"), netip.MustParseAddrPort("127.0.0.67:5060")
	got := 0
	for i := range 1000 {
		if l.Passes(l.addr, loud, plainRequest("OPTIONS", "sip:box", fmt.Sprint(i))) {
			got++
		}
	}
	if got == 0 || got > 100 {
		t.Errorf("of 1000 at once %d passed, want the burst of 100", got)
	}
	if !l.Passes(l.addr, other, plainRequest("OPTIONS", "sip:box", "o")) {
		t.Error("another address is dropped with it")
	}
	if !l.Passes(l.addr, loud, plainRequest("INVITE", "sip:112@box", "e")) {
		t.Error("an emergency call of the loud address is dropped")
	}
	calls := 0
	for i := range 1000 {
		if l.Passes(l.addr, other, plainRequest("INVITE", "sip:112@box", fmt.Sprint("e", i))) {
			calls++
		}
	}
	if calls == 0 || calls > 20 {
		t.Errorf("of 1000 emergency calls at once of one address %d passed, want the burst of 20", calls)
	}
}

// Whoever sends in a phone's name uses up its rate; the ACK and BYE of its call
// pass all the same, for they name the tag the box gave it.
func TestAFloodInAPhonesNameDoesNotEndItsCall(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	p := newPeer(t, "127.0.0.2", l.addr)
	r := p.call("sip:112@box")
	sbc.answer(sbc.want("INVITE"), "200 OK", "s", "answer", "Content-Type: application/sdp")
	ok := p.want("200")
	from := netip.MustParseAddrPort(p.at())
	bye := func(to string) []byte {
		return []byte("BYE sip:x@box SIP/2.0\r\nVia: SIP/2.0/UDP " + p.at() + ";branch=z9hG4bKbye\r\nFrom: " + r.from + "\r\nTo: " + to +
			"\r\nCall-ID: " + r.id + "\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n")
	}
	for l.Passes(l.addr, from, plainRequest("OPTIONS", "sip:box", "flood")) {
	}
	for _, tt := range []struct {
		name string
		from netip.AddrPort
		to   string
		want bool
	}{
		{"the call's own tag", from, ok.get("To"), true},
		{"a tag that was guessed", from, "<sip:112@box>;tag=guessed", false},
	} {
		got := l.Passes(l.addr, tt.from, bye(tt.to))
		for i := 0; got != tt.want && !tt.want && i < 3; i++ { // its bucket fills by one in 10 ms
			got = l.Passes(l.addr, tt.from, bye(tt.to))
		}
		if got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	many := 0
	for range 1000 {
		if l.Passes(l.addr, from, bye(ok.get("To"))) {
			many++
		}
	}
	if many > 200 {
		t.Errorf("of 1000 of the call's own at once %d passed, want about its burst of 40", many)
	}
}

func TestNothingThatIsSentStopsTheService(t *testing.T) {
	l := newLab(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	seeds := [][]byte{
		plainRequest("INVITE", "sip:112@box", "1"), plainRequest("REGISTER", "sip:box", "2"), plainRequest("SUBSCRIBE", "sip:MAC%3a001565@x", "3"),
		plainRequest("INFO", "sip:x@box", "4"), plainRequest("ACK", "sip:x@box", "5"), plainRequest("BYE", "sip:x@box", "6"), plainRequest("CANCEL", "sip:112@box", "7"),
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		data := append([]byte(nil), seeds[i%len(seeds)]...)
		for range r.IntN(4) {
			data[r.IntN(len(data))] = byte(r.IntN(256))
		}
		if _, err := p.conn.WriteTo(data, p.to); err != nil {
			t.Fatal(err)
		}
	}
	q := newPeer(t, "127.0.0.3", l.addr)
	q.insist()
	if got := q.register().start; !strings.Contains(got, "200") {
		t.Errorf("after it: got %q, want 200", got)
	}
}

func TestAPanicCostsItsSender(t *testing.T) {
	l := newLab(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	l.desk.mu.Lock()
	l.desk.throw = true
	l.desk.mu.Unlock()
	if got := p.register().start; !strings.Contains(got, "500") {
		t.Errorf("got %q, want 500", got)
	}
	l.desk.mu.Lock()
	l.desk.throw = false
	l.desk.mu.Unlock()
	p.mac = phone.MAC{0, 0x15, 0x65, 4, 4, 4}
	if got := p.register().start; !strings.Contains(got, "200") {
		t.Errorf("next: got %q, want 200", got)
	}
}

// A laptop that sends a thousand calls for help a second, each another one, uses
// up neither the SBC nor what others may have.
func TestAFloodOfEmergencyCallsIsOneLaptopsOwn(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	stop, ended := make(chan struct{}), make(chan struct{})
	flood := udpSocket(t, "127.0.0.66")
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				_, _ = flood.WriteTo(plainRequest("INVITE", "sip:112@box", fmt.Sprint("flood", i)), net.UDPAddrFromAddrPort(l.addr))
			case <-stop:
				return
			}
		}
	}()
	begin, flooded := time.Now(), make(map[string]bool)
	next := time.NewTicker(100 * time.Millisecond)
	defer next.Stop()
	for i := range 20 {
		<-next.C
		p := newPeer(t, fmt.Sprintf("127.0.1.%d", 20+i), l.addr)
		p.request(request{method: "INVITE", uri: "sip:112@box", extra: []string{"Priority: emergency"}})
		for {
			in := sbc.want("INVITE")
			if in.get("Priority") == "emergency" {
				sbc.answer(in, "486 Busy Here", "s", "")
				break
			}
			flooded[in.get("Call-ID")] = true
			sbc.answer(in, "100 Trying", "", "")
		}
		p.want("486")
	}
	close(stop)
	<-ended
	t.Logf("in %s the SBC was asked for %d calls of the flood", time.Since(begin).Round(time.Millisecond), len(flooded))
	if len(flooded) > 10 {
		t.Errorf("the SBC was asked for %d calls of one laptop, want at most 8 and one for each 5 s", len(flooded))
	}
}

// Many forged addresses together get less through than would push out the call
// of a phone that calls for the first time.
func TestFirstCallsOfOthersAreNotTheFloodsToUse(t *testing.T) {
	begin := time.Now()
	var passed atomic.Int64 // of the flood's own time; the service reads it too
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) {
		d.Now = func() time.Time { return begin.Add(time.Duration(passed.Load())) }
	})
	n := 0
	for i := range 20_000 { // a thousand a second, of the 250 other addresses of a LAN
		passed.Add(int64(time.Millisecond))
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 9, byte(2 + i%250)}), 5060)
		if l.Passes(l.addr, from, plainRequest("INVITE", "sip:112@box", fmt.Sprint("x", i))) && i > 10_000 {
			n++
		}
		if i%1000 == 999 && i > 10_000 {
			phone := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 10, byte(i / 1000)}), 5060)
			if !l.Passes(l.addr, phone, plainRequest("INVITE", "sip:112@box", fmt.Sprint("p", i))) {
				t.Errorf("after %d: the first call of a phone is dropped", i)
			}
		}
	}
	if n > 600 {
		t.Errorf("%d calls in 10 s got through, want at most 50 a second", n)
	}
	t.Logf("%d calls of the flood in 10 s got through", n)
}
