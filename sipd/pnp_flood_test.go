package sipd_test

import (
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lineside/lineside/sipd"
)

// question is a Yealink's SUBSCRIBE in the name of an address.
func question(from netip.AddrPort, id string, extra ...string) []byte {
	who := "<sip:MAC001565aabbcc@224.0.1.75>"
	return []byte(strings.Join(append([]string{
		"SUBSCRIBE sip:MAC001565aabbcc@224.0.1.75 SIP/2.0", "Via: SIP/2.0/UDP " + from.String() + ";branch=z9hG4bK" + id, "From: " + who + ";tag=1", "To: " + who,
		"Call-ID: " + id, "CSeq: 1 SUBSCRIBE", "Contact: <sip:" + from.String() + ">", `Event: ua-profile;vendor="yealink"`,
	}, append(extra, "Content-Length: 0", "", "")...), "\r\n"))
}

// Whoever asks under more addresses than are kept, and sends what else is
// counted, does not silence a phone: its 200 and its NOTIFY come all the same.
func TestAFloodOfQuestionsSilencesNoPhone(t *testing.T) {
	begin := time.Now()
	var passed atomic.Int64
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) {
		d.Now = func() time.Time { return begin.Add(time.Duration(passed.Load())) }
	})
	newPeer(t, "127.0.0.3", l.addr).insist() // it serves
	for i := range 3 * sipd.MaxTold {
		passed.Add(int64(50 * time.Microsecond))
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 9, byte(i >> 8), byte(i)}), 9)
		l.Passes(l.addr, from, question(from, fmt.Sprint("q", i)))
		l.Passes(l.addr, from, plainRequest("OPTIONS", "sip:box", fmt.Sprint("o", i)))
	}
	if got := l.Waiting(); got != sipd.MaxTold {
		t.Errorf("%d NOTIFYs are kept, want %d", got, sipd.MaxTold)
	}
	addrs, ports := l.Remembered()
	p := newPeer(t, "127.0.0.2", l.addr)
	waitFor(t, "an answer", func() bool { // its place may be taken for a moment
		passed.Add(int64(time.Second))
		p.request(request{method: "SUBSCRIBE", uri: "sip:MAC001565aabbcc@224.0.1.75", extra: []string{"Event: ua-profile"}})
		return len(p.in) > 0
	})
	m := p.want("NOTIFY")
	if m.body != l.desk.url {
		t.Errorf("got %q, want the URL", m.body)
	}
	for seen := map[string]bool{}; !seen[m.get("Via")]; m = p.want("NOTIFY") { // the oldest has made room, so one is repeated
		seen[m.get("Via")] = true
	}
	if a, b := l.Remembered(); a != addrs || b != ports {
		t.Errorf("%d addresses and %d ports are remembered, want %d and %d: a question leaves nothing", a, b, addrs, ports)
	}
}

// One address, by however many ports, is answered so often and no more, and
// never with more than it sent.
func TestQuestionsAreBoundedByAddress(t *testing.T) {
	now := time.Now()
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) { d.Now = func() time.Time { return now } })
	newPeer(t, "127.0.0.2", l.addr).insist() // it serves
	ask := func(host byte, n int, extra ...string) int {
		l.desk.mu.Lock()
		before := len(l.desk.asked)
		l.desk.mu.Unlock()
		for i := range n {
			from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 7, host}), uint16(2000+i))
			if l.Passes(l.addr, from, question(from, fmt.Sprintf("b%d-%d", host, i), extra...)) {
				t.Fatal("a question was let in")
			}
		}
		l.desk.mu.Lock()
		defer l.desk.mu.Unlock()
		return len(l.desk.asked) - before
	}
	for _, tt := range []struct {
		name string
		got  int
		want int
	}{
		{"one address by 100 ports", ask(1, 100), 10},
		{"another", ask(2, 1), 1},
		{"one that sends more than phones do", ask(3, 1, "X: "+strings.Repeat("x", 2048)), 0},
		{"a scanner", ask(4, 1, "User-Agent: friendly-scanner"), 0},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d questions were answered, want %d", tt.name, tt.got, tt.want)
		}
	}
	outside := netip.MustParseAddrPort("192.0.2.7:5060")
	l.Passes(l.addr, outside, question(outside, "far"))
	if got := l.Waiting(); got != 2 {
		t.Errorf("%d addresses are told, want the two of the LAN", got)
	}
}

// A NOTIFY that is lost comes again, until it is answered.
func TestANotifyIsRepeatedUntilItIsAnswered(t *testing.T) {
	l := newLab(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	p.request(request{method: "SUBSCRIBE", uri: "sip:MAC001565aabbcc@224.0.1.75", extra: []string{"Event: ua-profile"}})
	tag := param(p.want("200").get("To"), "tag")
	first, again := p.want("NOTIFY"), p.want("NOTIFY")
	if first.get("Via") != again.get("Via") || tag == "" || param(first.get("From"), "tag") != tag {
		t.Errorf("got Via %q and %q, To tag %q and From %q: want one transaction in one dialog", first.get("Via"), again.get("Via"), tag, first.get("From"))
	}
	p.answer(again, "100 Trying", "", "")
	p.request(request{method: "OPTIONS", uri: "sip:box"})
	p.want("SIP/2.0")
	if got := l.Waiting(); got != 1 {
		t.Errorf("after a 100: %d wait, want it still", got)
	}
	p.send(p.to, "", "SIP/2.0 200 OK", "Via: "+again.get("Via"), "From: "+again.get("From"), "To: "+again.get("To"),
		"Call-ID: of another call", "CSeq: 1 NOTIFY", "Subject: "+again.get("Call-ID"))
	p.request(request{method: "OPTIONS", uri: "sip:box"})
	p.want("SIP/2.0 200")
	if got := l.Waiting(); got != 1 {
		t.Errorf("after a 200 of another call that names this one: %d wait, want it still", got)
	}
	p.answer(again, "200 OK", "", "")
	p.request(request{method: "OPTIONS", uri: "sip:box"})
	p.want("SIP/2.0") // so the 200 was read
	if got := l.Waiting(); got != 0 {
		t.Errorf("after a 200: %d wait, want none", got)
	}
}
