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

// A phone that is new registers while sources are forged: 20,000 packets a
// second from all addresses of the LAN but its own.
func TestANewPhoneGetsInDuringAForgedFlood(t *testing.T) {
	begin := time.Now()
	var passed atomic.Int64
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) {
		d.Now = func() time.Time { return begin.Add(time.Duration(passed.Load())) }
	})
	phone := netip.MustParseAddrPort("127.0.200.9:5060")
	flood := func() {
		for i := range 20_000 {
			passed.Add(int64(50 * time.Microsecond))
			from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, byte(i % 199), byte(i >> 8)}), uint16(1024+i))
			l.Passes(l.addr, from, plainRequest([]string{"REGISTER", "INVITE", "OPTIONS", "ACK"}[i%4], "sip:box", fmt.Sprint(i)))
		}
	}
	flood()
	challenge := ""
	for try := range 8 { // a phone asks again after 0.5, 1, 2, then every 4 s (RFC 3261, section 17.1.2.2)
		flood()
		if challenge = l.Answered(l.addr, phone, plainRequest("REGISTER", "sip:box", fmt.Sprint("r", try))); challenge != "" {
			break
		}
	}
	m := readMessage([]byte(challenge), nil)
	if !strings.Contains(m.start, "401") {
		t.Fatalf("got %q, want a challenge", challenge)
	}
	p := newPeer(t, "127.0.0.2", l.addr)
	login := p.authorized(m, "REGISTER", "sip:box", p.mac.Hex(), passwordOf(p.mac))
	packet := strings.Replace(string(plainRequest("REGISTER", "sip:box", "with")), "Content-Length", login+"\r\nContent-Length", 1)
	flood()
	if !l.Passes(l.addr, phone, []byte(packet)) {
		t.Error("the same phone with the login is dropped")
	}
	if l.Passes(l.addr, netip.MustParseAddrPort("127.0.200.10:5060"), []byte(packet)) {
		t.Error("the login was let in from an address it was not given to")
	}
	if addrs, ports := l.Remembered(); addrs > sipd.MaxSources || ports > sipd.MaxPorts {
		t.Errorf("remembered %d addresses and %d ports", addrs, ports)
	}
}

// The answer at the doorstep is that of the service itself, to the byte.
func TestTheDoorstepsAnswerIsTheSame(t *testing.T) {
	l := newLab(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	p.request(request{method: "REGISTER", uri: "sip:box"})
	first := stripped(p.want("401"))
	p.register() // from now on it is known, and let in
	p.request(request{method: "REGISTER", uri: "sip:box"})
	if got := stripped(p.want("401")); got != first {
		t.Errorf("got\n%s\nwant\n%s", got, first)
	}
}

func BenchmarkDoorstep(b *testing.B) {
	l := newLab(b)
	packet := plainRequest("REGISTER", "sip:box", "x")
	for i := 0; b.Loop(); i++ {
		l.Answered(l.addr, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, byte(i >> 16), byte(i >> 8), byte(i)}), 5060), packet)
	}
}
