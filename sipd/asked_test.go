package sipd_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/sipd"
)

// Packets that only say they are an SBC's use up its rate; its answers are heard.
func TestAnSBCIsHeardWhateverIsSentInItsName(t *testing.T) {
	begin := time.Now()
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc), func(_ *sipd.Config, d *sipd.Deps) { d.Now = func() time.Time { return begin } })
	p := newPeer(t, "127.0.0.2", l.addr)
	p.call("sip:112@box")
	in := sbc.want("INVITE")
	from, to := netip.MustParseAddrPort(sbc.at()), addrPort(in.from)
	answer := func(via string) []byte {
		return []byte("SIP/2.0 180 Ringing\r\nVia: " + via + "\r\nFrom: " + in.get("From") + "\r\nTo: " + in.get("To") + ";tag=s\r\nCall-ID: " +
			in.get("Call-ID") + "\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")
	}
	guessed := answer("SIP/2.0/UDP " + to.String() + ";branch=z9hG4bK.guessed")
	for l.Passes(to, from, guessed) {
	}
	if !l.Passes(to, from, answer(in.get("Via"))) {
		t.Error("the SBC's own answer is dropped with what was forged")
	}
	many := 0
	for range 1000 {
		if l.Passes(to, from, answer(in.get("Via"))) {
			many++
		}
	}
	if many == 0 || many > 40 {
		t.Errorf("of 1000 of the same answer %d passed, want its burst of 40", many)
	}
}

func addrPort(a interface{ String() string }) netip.AddrPort {
	return netip.MustParseAddrPort(a.String())
}
