package sipd_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/sipd"
)

func TestAPINIsTakenByEveryWayOfTyping(t *testing.T) {
	t.Parallel()
	for name, types := range map[string]func(*talker, string){
		"INFO, dtmf-relay":      func(k *talker, pin string) { k.types(pin) },
		"RFC 4733, PT 101":      func(k *talker, pin string) { k.presses(101, pin) },
		"INFO, dtmf":            func(k *talker, pin string) { each(pin, func(key string) { k.info("application/dtmf", key) }) },
		"INFO without type":     func(k *talker, pin string) { each(pin, func(key string) { k.info("", "Signal="+key) }) },
		"INFO and RFC 4733":     func(k *talker, pin string) { k.presses(101, pin); k.types(pin) },
		"no # at the end":       func(k *talker, pin string) { k.presses(101, strings.TrimSuffix(pin, "#")) },
		"cleared in the middle": func(k *talker, pin string) { k.types("99*" + pin) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, withVoice(t, 4))
			k := newTalker(t, "127.0.0.2", l.addr)
			k.calls()
			k.hears()
			types(k, "271828#")
			k.isHungUp()
			if e := l.isOver(t); e != (ended{k.mac, "right", true}) {
				t.Errorf("ended %+v, want right", e)
			}
			if got := l.desk.entries(); !slices.Equal(got, []string{"271828"}) {
				t.Errorf("%d entries were checked, want the PIN once", len(got))
			}
		})
	}
}

func each(keys string, do func(string)) {
	for _, k := range keys {
		do(string(k))
	}
}

func TestWrongPINs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, typed, why string
		changed          bool
		entries          []string
	}{
		{"wrong, wrong, right", "111111#222222#271828#", "right", true, []string{"111111", "222222", "271828"}},
		{"three wrong", "111111#222222#333333#", "refused", true, []string{"111111", "222222", "333333"}},
		{"too short costs nothing", "27#271828#", "right", true, []string{"271828"}},
		{"112999 is no emergency", "112999#271828#", "right", true, []string{"112999", "271828"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, withVoice(t, 4))
			k := newTalker(t, "127.0.0.2", l.addr)
			k.calls()
			for i, entry := range strings.SplitAfter(strings.TrimSuffix(tt.typed, "#"), "#") {
				waitFor(t, "the answer to the last entry", func() bool {
					k.types("") // nothing; the entries before must have been checked
					return len(l.desk.entries()) >= min(i, len(tt.entries)) || tt.name == "too short costs nothing"
				})
				k.types(strings.TrimSuffix(entry, "#") + "#")
			}
			k.isHungUp()
			if e := l.isOver(t); e.why != tt.why || e.changed != tt.changed {
				t.Errorf("ended %+v, want %s, changed %v", e, tt.why, tt.changed)
			}
			if got := l.desk.entries(); !slices.Equal(got, tt.entries) {
				t.Errorf("checked %q, want %q", got, tt.entries)
			}
		})
	}
}

// The library runs handlers side by side: keys sent at once must stay in order.
func TestKeysByINFOStayInTheOrderOfTheirCSeq(t *testing.T) {
	t.Parallel()
	l := newLab(t, withVoice(t, 4))
	k := newTalker(t, "127.0.0.2", l.addr)
	k.calls()
	first := k.seq + 1
	send := func(i int) {
		r := within(k.invite, k.ok, "INFO", first+i)
		r.body, r.extra = "Signal="+string("271828#"[i]), []string{"Content-Type: application/dtmf-relay"}
		k.request(r)
	}
	for _, i := range []int{1, 0, 3, 2, 6, 5, 4} {
		send(i)
	}
	k.seq += 7
	k.isHungUp()
	if got := l.desk.entries(); !slices.Equal(got, []string{"271828"}) {
		t.Errorf("checked %q, want the keys in order", got)
	}
}

func TestWhoHangsUpWhileAPINIsLookedAtHasTried(t *testing.T) {
	t.Parallel()
	l := newLab(t, withVoice(t, 4))
	stuck := make(chan struct{})
	l.desk.mu.Lock()
	l.desk.stuck = stuck
	l.desk.mu.Unlock()
	k := newTalker(t, "127.0.0.2", l.addr)
	k.calls()
	k.types("111111#")
	<-l.desk.dialed
	k.hangsUp()
	k.want("200")
	close(stuck)
	if e := l.isOver(t); e.why != "the phone hung up" {
		t.Errorf("ended %+v", e)
	}
	if got := l.desk.entries(); len(got) != 1 {
		t.Errorf("%d entries counted, want 1", len(got))
	}
}

func TestWhatACallerHearsFirst(t *testing.T) {
	t.Parallel()
	for state, why := range map[provision.CallState]string{
		provision.CallFailed: "refused", provision.CallBlocked: "refused", provision.CallAwaiting: "told", provision.CallUnneeded: "told",
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, withVoice(t, 4))
			l.desk.mu.Lock()
			l.desk.state = state
			l.desk.mu.Unlock()
			k := newTalker(t, "127.0.0.2", l.addr)
			k.calls()
			k.types("271828#")
			k.isHungUp()
			if e := l.isOver(t); e.why != why || e.changed || len(l.desk.entries()) != 0 {
				t.Errorf("ended %+v after %d checks, want %s and none", e, len(l.desk.entries()), why)
			}
		})
	}
}

func TestOffersThatWillNotDo(t *testing.T) {
	t.Parallel()
	const head = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n"
	for _, tt := range []struct{ name, body, kind, require, status, header string }{
		{"encrypted only", head + "m=audio 4000 RTP/SAVP 0\r\n", "", "", "488", "Warning"},
		{"G.729 only", head + "m=audio 4000 RTP/AVP 18\r\n", "", "", "488", "Warning"},
		{"no SDP at all", "hello", "", "", "400", ""},
		{"another type", head, "text/plain", "", "415", "Accept"},
		{"an extension", head + "m=audio 4000 RTP/AVP 0\r\n", "", "Require: 100rel", "420", "Unsupported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, withVoice(t, 4))
			k := newTalker(t, "127.0.0.2", l.addr)
			var extra []string
			if tt.kind != "" {
				extra = append(extra, "Content-Type: "+tt.kind)
			}
			if tt.require != "" {
				extra = append(extra, tt.require)
			}
			m := k.rings(tt.body, extra...)
			if !strings.Contains(m.start, tt.status) || tt.header != "" && m.get(tt.header) == "" {
				t.Errorf("got %q, %s %q, want %s", m.start, tt.header, m.get(tt.header), tt.status)
			}
			waitFor(t, "the place given back", func() bool { _, n := l.InCalls(); return n == 0 })
		})
	}
}

func TestALateOfferAHoldAndSeveralStreams(t *testing.T) {
	t.Parallel()
	l := newLab(t, withVoice(t, 4))
	k := newTalker(t, "127.0.0.2", l.addr)
	if ok := k.rings(""); !strings.Contains(ok.body, "m=audio") {
		t.Fatalf("got %q with %q, want the box's offer", ok.start, ok.body)
	}
	k.confirms(k.sdp(96))
	k.hears()
	for i, direction := range []string{"sendonly", "sendrecv"} {
		k.seq++
		re := within(k.invite, k.ok, "INVITE", k.seq)
		re.body, re.extra = k.sdp(96)+"a="+direction+"\r\nm=video 5000 RTP/AVP 99\r\n", []string{"Content-Type: application/sdp"}
		k.request(re)
		ok := k.want("200")
		if want := []string{"a=recvonly", "a=sendrecv"}[i]; !strings.Contains(ok.body, want) || strings.Count(ok.body, "m=") != 2 || !strings.Contains(ok.body, "m=video 0") {
			t.Errorf("%s: got %q, want %s and the video stream refused", direction, ok.body, want)
		}
		k.request(within(k.invite, ok, "ACK", k.seq))
	}
	k.seq++
	bad := within(k.invite, k.ok, "INVITE", k.seq)
	bad.body, bad.extra = strings.ReplaceAll(k.sdp(96), "RTP/AVP", "RTP/SAVP"), []string{"Content-Type: application/sdp"}
	k.request(bad)
	k.want("488")
	k.presses(96, "271828#")
	k.isHungUp()
	if e := l.isOver(t); e.why != "right" {
		t.Errorf("ended %+v, want right", e)
	}
}

func TestPlacesInCalls(t *testing.T) {
	t.Parallel()
	l := newLab(t, withVoice(t, 3), func(c *sipd.Config, _ *sipd.Deps) { c.CallsPerAddress = 2 })
	place := func(host string, last byte) *talker {
		k := newTalker(t, host, l.addr)
		k.mac[5] = last
		return k
	}
	for _, tt := range []struct {
		name, host string
		last       byte
		status     string
	}{
		{"first", "127.0.0.2", 1, "200"}, {"the same phone again", "127.0.0.3", 1, "486"}, {"second of the address", "127.0.0.2", 2, "200"},
		{"third of the address", "127.0.0.2", 3, "486"}, {"another address", "127.0.0.3", 4, "200"}, {"beyond all places", "127.0.0.4", 5, "486"},
	} {
		k := place(tt.host, tt.last)
		if got := k.rings(k.sdp(101)).start; !strings.Contains(got, tt.status) {
			t.Errorf("%s: got %q, want %s", tt.name, got, tt.status)
		} else if tt.status == "200" {
			k.confirms("")
		}
	}
}

func TestWithoutAVoiceOrATestedSBCTheHotlineIsOff(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]func(*sipd.Config, *sipd.Deps){
		"no voice":      {func(c *sipd.Config, _ *sipd.Deps) { c.Mode = sipd.NoCalls }},
		"no tested SBC": {withVoice(t, 1), func(c *sipd.Config, _ *sipd.Deps) { c.Mode = sipd.Bridge }},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, change...)
			k := newTalker(t, "127.0.0.2", l.addr)
			if m := k.rings(k.sdp(101)); m.start != "SIP/2.0 480 Temporarily Unavailable" || m.get("Warning") == "" {
				t.Errorf("got %q, Warning %q, want 480 with one", m.start, m.get("Warning"))
			}
		})
	}
}

func TestAStopHangsUp(t *testing.T) {
	t.Parallel()
	l := newLab(t, withVoice(t, 4))
	k := newTalker(t, "127.0.0.2", l.addr)
	k.calls()
	k.hears()
	stopped := make(chan error, 1)
	go func() { stopped <- l.stop() }()
	k.isHungUp()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// Who never sends the ACK is told again, hears nothing, for its address is not
// proven, and is hung up on. The last takes 32 seconds (SOAK=1).
func TestACallThatIsNeverConfirmed(t *testing.T) {
	t.Parallel()
	l := newLab(t, withVoice(t, 4))
	k := newTalker(t, "127.0.0.2", l.addr)
	first := k.rings(k.sdp(101))
	if again := k.want("200"); first.get("To") != again.get("To") || first.get("CSeq") != again.get("CSeq") {
		t.Errorf("got %q after %q, want the same answer again", again.header, first.header)
	}
	_ = k.rtp.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	if n, _, err := k.rtp.ReadFrom(make([]byte, 2048)); err == nil {
		t.Errorf("got %d bytes of sound before the ACK, want none", n)
	}
	if _, others := l.InCalls(); others != 1 {
		t.Errorf("got %d calls, want it to go on", others)
	}
	if many(0, 1) == 0 {
		return
	}
	waited := time.Now()
	for hungUp := false; !hungUp && time.Since(waited) < 40*time.Second; {
		select {
		case m := <-k.in:
			hungUp = strings.HasPrefix(m.start, "BYE ")
		case <-time.After(time.Second):
		}
	}
	waitFor(t, "its place", func() bool { _, others := l.InCalls(); return others == 0 })
	t.Logf("hung up after %v", time.Since(waited).Round(time.Second))
}

// A caller's own host in Via, Contact and SDP means nothing: answers go to where
// its packets come from.
func TestAPhoneBehindARouter(t *testing.T) {
	t.Parallel()
	l := newLab(t, withVoice(t, 4))
	k := newTalker(t, "127.0.0.2", l.addr)
	body := strings.ReplaceAll(k.sdp(101), "127.0.0.2", "192.0.2.77")
	const uri = "sip:*89@box"
	r := k.request(request{method: "INVITE", uri: uri, body: body, extra: []string{"Content-Type: application/sdp"}})
	m := k.want("401")
	k.acknowledge(r, m)
	r.branch, r.seq = "", 2
	r.extra = append(r.extra, k.authorized(m, "INVITE", uri, k.mac.Hex(), passwordOf(k.mac)))
	lines := []string{"INVITE " + uri + " SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.77:5060;branch=z9hG4bK-" + unique() + ";rport", "From: " + r.from, "To: " + r.to,
		"Call-ID: " + r.id, "CSeq: 2 INVITE", "Contact: <sip:phone@192.0.2.77:5060>"}
	k.send(k.to, body, append(lines, r.extra...)...)
	k.ok, k.invite, k.seq = k.want("200"), r, 2
	k.confirms("")
	heard := make(chan struct{})
	go func() { k.hears(); close(heard) }()
	waitFor(t, "sound at where the phone's own comes from", func() bool {
		k.says(make([]byte, 160))
		select {
		case <-heard:
			return true
		default:
			return false
		}
	})
	k.presses(101, "271828#")
	k.isHungUp()
	if e := l.isOver(t); e.why != "right" {
		t.Errorf("ended %+v, want right", e)
	}
}

// A call's login is good once, and for that call alone.
func TestACallsLoginIsGoodOnce(t *testing.T) {
	l := newLab(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	p.request(request{method: "INVITE", uri: "sip:*89@box"})
	challenge := p.want("401")
	calls := func(uri, login string) message {
		t.Helper()
		p.request(request{method: "INVITE", uri: uri, extra: []string{login}, body: sdp})
		m := p.want("SIP/2.0 4")
		return m
	}
	login := p.authorized(challenge, "INVITE", "sip:*89@box", p.mac.Hex(), passwordOf(p.mac))
	for _, tt := range []struct {
		name, uri, login, want string
		stale                  bool
	}{
		{"made for another number", "sip:4711@box", login, "401", false},
		{"made for another host", "sip:*89@elsewhere", login, "401", false},
		{"made for another method", "sip:*89@box", p.authorized(challenge, "REGISTER", "sip:*89@box", p.mac.Hex(), passwordOf(p.mac)), "401", false},
		{"its own", "sip:*89@box", login, "480", false},
		{"again", "sip:*89@box", login, "401", true},
		{"made for the host", "sip:*89@box", p.authorized(challenge, "INVITE", "sip:box:5060", p.mac.Hex(), passwordOf(p.mac)), "480", false},
		{"again, counted on", "sip:*89@box:5060;user=phone", p.authorized(challenge, "INVITE", "sip:*89@box", p.mac.Hex(), passwordOf(p.mac)), "480", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := calls(tt.uri, tt.login)
			if got := m.start; !strings.HasPrefix(got, "SIP/2.0 "+tt.want) || strings.Contains(m.get("WWW-Authenticate"), "stale=true") != tt.stale {
				t.Errorf("got %q, %q, want %s, stale %v", got, m.get("WWW-Authenticate"), tt.want, tt.stale)
			}
		})
	}
}
