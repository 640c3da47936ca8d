package dhcpopt

import (
	"bytes"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

// circle is a message whose option 52 points at file and sname, and whose
// options there point back again, end early, or never end.
func circle(m *dhcpv4.DHCPv4, file, sname []byte) []byte {
	m.Options[overloadCode] = []byte{3}
	data := m.ToBytes()
	copy(data[atFile:atCookie], file)
	copy(data[atSname:atFile], sname)
	return data
}

// circles are what the fields hold; twoKinds says that the message is of two kinds
// then (RFC 3396), so that a relay passes it on for what it is: no OFFER.
var circles = map[string]struct {
	file, sname []byte
	twoKinds    bool
}{
	"each points at both":  {[]byte{overloadCode, 1, 3, endCode}, []byte{overloadCode, 1, 3, endCode}, false},
	"over and over":        {bytes.Repeat([]byte{overloadCode, 1, 3}, 42), bytes.Repeat([]byte{overloadCode, 1, 3}, 21), false},
	"no end":               {bytes.Repeat([]byte{padCode}, 128), bytes.Repeat([]byte{padCode}, 64), false},
	"another kind":         {[]byte{53, 1, 7, 54, 4, 10, 20, 0, 9, endCode}, []byte{53, 1, 4, 50, 4, 10, 20, 0, 1, endCode}, true},
	"an option of nothing": {[]byte{66, 0, 66, 0, endCode}, []byte{0, 66, 0}, false},
}

// TestOverloadLeadsInNoCircle: to the server a message with such fields says what
// it says without them; a relay carries an answer that has them once, or not at
// all where it cannot be read.
func TestOverloadLeadsInNoCircle(t *testing.T) {
	for name, c := range circles {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig("10.20.0.50-10.20.0.59")
			want := newLAN(t, cfg).deliver(message(yealink1, discover, class("yealink")).ToBytes(), nobody)
			got := newLAN(t, cfg).deliver(circle(message(yealink1, discover, class("yealink")), c.file, c.sname), nobody)
			if len(got) != 1 || !bytes.Equal(got[0].data, want[0].data) {
				t.Errorf("server: got %d answers, or another than without option 52", len(got))
			}
			l := newRelayLAN(t, nil)
			asked := l.ask(message(yealink1, discover, class("yealink")))[0].data
			sent := circle(answered(t, asked, offer), c.file, c.sname)
			back := parsed(t, l.back(sent))
			if led := string(back.Options[66]) == "http://10.20.0.1/cfg/"; led == c.twoKinds {
				t.Errorf("relay: led to the box is %v, want %v", led, !c.twoKinds)
			}
			if a, err := readAnswer(circle(answered(t, asked, offer), c.file, c.sname), boxAddr); err == nil && a.Server != first.Addr() {
				t.Errorf("watch: got an answer of %s, want of %s", a.Server, first.Addr())
			}
		})
	}
}

// TestMalformedCorpus cuts a good message short at every byte and spoils every
// byte of it in turn. Nothing panics, every answer is for who asked, and a phone
// gets its address as ever.
func TestMalformedCorpus(t *testing.T) {
	good := message(yealink2, discover, class("yealink"), opt(55, 1, 3, 66), opt(57, 5, 0xdc), opt(61, 1, 0, 0x15, 0x65, 0, 0, 2)).ToBytes()
	var corpus [][]byte
	for n := range good {
		corpus = append(corpus, good[:n])
		for _, v := range []byte{0, 0x7f, 0xff} {
			bad := bytes.Clone(good)
			bad[n] = v
			corpus = append(corpus, bad)
		}
	}
	l, r := newLAN(t, testConfig("10.20.0.50-10.20.0.250")), newRelayLAN(t, nil)
	for _, data := range corpus {
		asked, _ := dhcpv4.FromBytes(data)
		for _, s := range l.deliver(data, nobody) {
			checkAnswer(t, l, asked, s)
		}
		r.deliver(data, nobody)
		r.deliver(data, first)
	}
	l.setUp(yealink1)
	l.lease(yealink1, class("yealink"))
	for who, m := range map[string]*metrics.Set{"server": l.s.deps.Metrics, "relay": r.r.deps.Metrics} {
		scrape := httptest.NewRecorder()
		m.Handler().ServeHTTP(scrape, httptest.NewRequest("GET", "/", nil))
		if panicked := metrics.NamePanics + "{front=\"dhcp\"}"; strings.Contains(scrape.Body.String(), panicked) && !strings.Contains(scrape.Body.String(), panicked+" 0") {
			t.Errorf("the %s panicked", who)
		}
	}
}

// TestClockJumpsAYear: forward and back, phones keep their addresses at every
// renewal and nobody else is given them; and after a restart under a clock that
// was a year ahead once, leases end as they should.
func TestClockJumpsAYear(t *testing.T) {
	const year = 365 * 24 * time.Hour
	cfg := testConfig("10.20.0.50-10.20.0.59")
	l := newLAN(t, cfg)
	has := map[phone.MAC]netip.Addr{yealink1: l.lease(yealink1, class("yealink")), laptop1: l.lease(laptop1)}
	for i, jump := range []time.Duration{year, -year, -year, year} {
		l.wait(jump)
		for mac, a := range has {
			l.one(message(mac, request, uses(a)), ack)
		}
		newcomer := forged(i)
		for _, a := range has {
			if r := l.one(message(newcomer, discover, wants(a)), offer); address(r.YourIPAddr) == a {
				t.Errorf("jump %d: %s, which a phone has, was offered to another", i, a)
			}
		}
	}
	l.wait(year)
	l.one(message(yealink1, request, uses(has[yealink1])), ack)
	l.wait(-year)
	l.restart(cfg)
	l.wait(kept)
	if r := l.one(message(laptop2, discover, wants(has[yealink1])), offer); address(r.YourIPAddr) != has[yealink1] {
		t.Errorf("got %s, want %s, whose lease is over", address(r.YourIPAddr), has[yealink1])
	}
}

// TestBudgetsOutliveAClockThatJumpsBack: who was heard under the later clock is
// heard under the earlier one.
func TestBudgetsOutliveAClockThatJumpsBack(t *testing.T) {
	var r rates
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for range 2 * loadBurst {
		r.spend(yealink1, discover, now)
	}
	now = now.Add(-365 * 24 * time.Hour)
	if within, heard := r.spend(yealink1, discover, now); !within || !heard {
		t.Errorf("after the jump: within %v, heard %v, want both", within, heard)
	}
}
