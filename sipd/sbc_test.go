package sipd_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/sipd"
)

// zone is a DNS that can die.
type zone struct {
	mu   sync.Mutex
	dead bool
	srv  map[string][]*net.SRV // by "sip.udp.example.net"
	ip   map[string][]netip.Addr
}

func (z *zone) die() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.dead = true
}

func (z *zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if all := z.srv[service+"."+proto+"."+name]; !z.dead && len(all) > 0 {
		return "", all, nil
	}
	return "", nil, errors.New("no SRV")
}

func (z *zone) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if all := z.ip[host]; !z.dead && len(all) > 0 {
		return all, nil
	}
	return nil, errors.New("no address")
}

func portOf(p *peer) int { return int(netip.MustParseAddrPort(p.at()).Port()) }

// named gives the service one SBC by name.
func named(z *zone, one sipd.SBC) func(*sipd.Config, *sipd.Deps) {
	return func(c *sipd.Config, d *sipd.Deps) {
		c.SBCs, d.Resolve = []sipd.SBC{one}, z
	}
}

// says answers every OPTIONS in the same way from now on.
func (p *peer) says(status string) { p.alive.Store(status) }

// isKept waits until it is on disk that an SBC answered.
func (l *lab) isKept(t *testing.T) {
	t.Helper()
	select {
	case <-l.records.saved:
	case <-time.After(patience):
		t.Fatal("that the SBC answered was not kept")
	}
}

func condition(b *health.Board, code string) (health.Condition, bool) {
	for _, c := range b.List() {
		if c.Code == code {
			return c, true
		}
	}
	return health.Condition{}, false
}

func TestWhichAnswersToOPTIONSAreOfAnSBCThatWorks(t *testing.T) {
	for status, want := range map[string]bool{
		"200 OK": true, "302 Moved Temporarily": true, "401 Unauthorized": true, "403 Forbidden": true, "404 Not Found": true,
		"405 Method Not Allowed": true, "407 Proxy Authentication Required": true, "481 No Such Call": true, "486 Busy Here": true,
		"501 Not Implemented": true, "603 Decline": true,
		"408 Request Timeout": false, "500 Server Internal Error": false, "502 Bad Gateway": false, "503 Service Unavailable": false,
		"504 Server Time-out": false,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			sbc := newPeer(t, "127.0.0.7", nowhere)
			sbc.says(status)
			l := newLab(t, sbcs(sbc))
			if want {
				l.isKept(t)
				return
			}
			waitFor(t, "the condition", func() bool { return has(l.board, "emergency-sbc-unreachable") })
			c, _ := condition(l.board, "emergency-sbc-unreachable")
			if !strings.Contains(c.Detail, sbc.at()+": answered "+status) {
				t.Errorf("got %q, want the SBC and what it answered", c.Detail)
			}
		})
	}
}

// An SBC that says nothing but "trying" is given twice the time of one that says
// nothing, however often it says so.
func TestTryingIsNoProgress(t *testing.T) {
	stuck, sbc := newPeer(t, "127.0.0.6", nowhere), newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(stuck, sbc), func(c *sipd.Config, _ *sipd.Deps) { c.FailOver = 400 * time.Millisecond })
	p := newPeer(t, "127.0.0.2", l.addr)
	p.call("sip:112@box")
	in := stuck.want("INVITE")
	begin := time.Now()
	for range 3 {
		stuck.answer(in, "100 Trying", "", "")
	}
	next := sbc.want("INVITE")
	if took := time.Since(begin); took < 700*time.Millisecond || took > 4*time.Second {
		t.Errorf("passed over after %s, want 800 ms", took)
	}
	stuck.want("CANCEL")
	sbc.answer(next, "486 Busy Here", "s", "")
	p.want("486")
}

// With DNS dead a call goes where the name led before, to every address of it.
func TestACallFindsTheSBCWithDNSDead(t *testing.T) {
	dead, sbc := netip.MustParseAddr("127.0.0.6"), newPeer(t, "127.0.0.7", nowhere)
	z := &zone{ip: map[string][]netip.Addr{"sbc.test": {dead, netip.MustParseAddr("127.0.0.7")}}}
	one := sipd.SBC{Host: "sbc.test", Port: portOf(sbc)}
	sbc.says("200 OK")
	fast := func(c *sipd.Config, _ *sipd.Deps) { c.FailOver = 200 * time.Millisecond }
	l := newLab(t, named(z, one), fast)
	l.isKept(t)
	z.die()
	helped := func(l *lab) {
		t.Helper()
		p := newPeer(t, "127.0.0.2", l.addr)
		p.call("sip:112@box")
		sbc.answer(sbc.want("INVITE"), "486 Busy Here", "s", "")
		p.want("486")
	}
	helped(l)
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	again := newLab(t, named(z, one), fast, func(_ *sipd.Config, d *sipd.Deps) { d.Records = l.records })
	helped(again) // started with DNS dead
}

// Where a name has SRV records they say where, in the order of their priority.
func TestSRVRecordsSayWhere(t *testing.T) {
	first, second := newPeer(t, "127.0.0.6", nowhere), newPeer(t, "127.0.0.7", nowhere)
	z := &zone{
		srv: map[string][]*net.SRV{"sip.udp.sbc.test": {
			{Target: "a.sbc.test.", Port: uint16(portOf(first))}, {Target: "b.sbc.test.", Port: uint16(portOf(second))}, {Target: "."},
		}},
		ip: map[string][]netip.Addr{
			"a.sbc.test": {netip.MustParseAddr("127.0.0.6")}, "b.sbc.test": {netip.MustParseAddr("127.0.0.7")}, "sbc.test": {netip.MustParseAddr("127.0.0.8")},
		},
	}
	first.says("200 OK")
	second.says("200 OK")
	l := newLab(t, named(z, sipd.SBC{Host: "sbc.test"}))
	l.isKept(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	p.call("sip:112@box")
	in := first.want("INVITE")
	if !strings.HasPrefix(in.start, "INVITE sip:112@sbc.test;") {
		t.Errorf("got %q, want the name in the request line", in.start)
	}
	first.answer(in, "503 Service Unavailable", "s", "")
	second.answer(second.want("INVITE"), "486 Busy Here", "s", "")
	p.want("486")
}
