package sipd_test

import (
	"bytes"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sipd"
)

// nowhere is for peers that are SBCs: they answer, and call nobody.
var nowhere = netip.MustParseAddrPort("127.0.0.1:1")

// tested says that the first of the SBCs answered in an earlier run.
func tested(sbc *peer) func(*sipd.Config, *sipd.Deps) {
	return func(c *sipd.Config, d *sipd.Deps) {
		r := newRecords()
		r.sbc[sbc.at()] = time.Now()
		c.Mode, d.Records = sipd.Bridge, r
	}
}

// joins answers the box's INVITE as an SBC that takes the call.
func (k *talker) joins(in message) {
	k.t.Helper()
	k.ok = message{body: in.body}
	k.answer(in, "200 OK", "s", k.sdp(101), "Content-Type: application/sdp")
	k.want("ACK")
	var port string
	for line := range strings.SplitSeq(in.body, "\r\n") {
		if m, ok := strings.CutPrefix(line, "m=audio "); ok {
			port, _, _ = strings.Cut(m, " ")
		}
	}
	to, err := net.ResolveUDPAddr("udp4", "127.0.0.1:"+port)
	if err != nil {
		k.t.Fatal(err)
	}
	k.sound = to
}

// says sends a packet of sound.
func (k *talker) says(payload []byte) {
	k.t.Helper()
	k.number++
	k.stamp += 160
	b := append([]byte{0x80, 0, byte(k.number >> 8), byte(k.number), byte(k.stamp >> 24), byte(k.stamp >> 16), byte(k.stamp >> 8), byte(k.stamp), 7, 7, 7, 7}, payload...)
	if _, err := k.rtp.WriteTo(b, k.sound); err != nil {
		k.t.Fatal(err)
	}
}

// hearsFrom waits for a packet with that payload, sent again and again by other.
func (k *talker) hearsFrom(other *talker, payload []byte) {
	k.t.Helper()
	waitFor(k.t, "the other side's sound", func() bool {
		other.says(payload)
		_ = k.rtp.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		b := make([]byte, 2048)
		n, _, err := k.rtp.ReadFrom(b)
		return err == nil && n > 12 && bytes.Equal(b[12:n], payload)
	})
}

func TestAnEmergencyNumberTypedInThePINCallIsJoined(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(k, sbc *talker, in message){
		"the phone hangs up": func(k, sbc *talker, _ message) { k.hangsUp(); sbc.isHungUp() },
		"the SBC hangs up": func(k, sbc *talker, in message) {
			sbc.to = in.from
			sbc.request(request{method: "BYE", uri: "sip:x@box", id: in.get("Call-ID"), from: in.get("To") + ";tag=s", to: in.get("From"), seq: 9})
			k.isHungUp()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dead, sbc := newTalker(t, "127.0.0.6", nowhere), newTalker(t, "127.0.0.7", nowhere)
			l := newLab(t, withVoice(t, 4), sbcs(dead.peer, sbc.peer), tested(dead.peer))
			k := newTalker(t, "127.0.0.2", l.addr)
			k.calls()
			k.types("112#")
			in := sbc.want("INVITE")
			if !strings.Contains(in.start, "sip:112@127.0.0.7") || !strings.Contains(in.body, "m=audio") {
				t.Errorf("got %q\n%s", in.start, in.body)
			}
			sbc.joins(in)
			k.hearsFrom(sbc, bytes.Repeat([]byte{0x21}, 160))
			sbc.hearsFrom(k, bytes.Repeat([]byte{0x42}, 160))
			k.types("5")
			if got := sbc.want("INFO"); !strings.Contains(got.body, "Signal=5") {
				t.Errorf("a key in the joined call: got %q, want it passed on", got.body)
			} else {
				sbc.answer(got, "200 OK", "s", "")
			}
			if e := outcome(t, l); e.Outcome != "answered" || e.Number != "112" || len(e.Tried) != 1 || e.Remote.String() != "127.0.0.2" {
				t.Errorf("recorded %+v", e)
			}
			end(k, sbc, in)
			if e := l.isOver(t); e.changed || e.why != "its emergency call is over" {
				t.Errorf("ended %+v", e)
			}
			waitFor(t, "the end of both", func() bool { a, b := l.InCalls(); return a == 0 && b == 0 })
		})
	}
}

// Who cannot be connected hears so and may dial again.
func TestAnEmergencyNumberTypedInThePINCallThatNobodyTakes(t *testing.T) {
	t.Parallel()
	sbc := newTalker(t, "127.0.0.7", nowhere)
	l := newLab(t, withVoice(t, 4), sbcs(sbc.peer), tested(sbc.peer))
	k := newTalker(t, "127.0.0.2", l.addr)
	k.calls()
	k.types("112#")
	sbc.answer(sbc.want("INVITE"), "503 Service Unavailable", "s", "")
	if e := outcome(t, l); e.Outcome != "failed" || e.Status != 503 {
		t.Errorf("recorded %+v, want failed with 503", e)
	}
	k.types("112#")
	sbc.joins(sbc.want("INVITE"))
	if e := outcome(t, l); e.Outcome != "answered" {
		t.Errorf("second: recorded %+v, want answered", e)
	}
	k.hangsUp()
	sbc.isHungUp()
}

// A site that makes no emergency calls makes none from within a PIN call either.
func TestNoCallsMeansNoneInThePINCallToo(t *testing.T) {
	t.Parallel()
	sbc := newTalker(t, "127.0.0.7", nowhere)
	l := newLab(t, withVoice(t, 4), sbcs(sbc.peer))
	k := newTalker(t, "127.0.0.2", l.addr)
	k.calls()
	k.types("112#")
	if e := outcome(t, l); e.Outcome != "refused" {
		t.Errorf("recorded %+v, want refused", e)
	}
}

// An SBC that was heard and then refuses leaves nobody in silence: the caller may
// dial again.
func TestAnEmergencyCallThatFailsAfterItWasHeardIsTold(t *testing.T) {
	t.Parallel()
	sbc := newTalker(t, "127.0.0.7", nowhere)
	l := newLab(t, withVoice(t, 4), sbcs(sbc.peer), tested(sbc.peer))
	k := newTalker(t, "127.0.0.2", l.addr)
	k.calls()
	k.types("112#")
	in := sbc.want("INVITE")
	sbc.answer(in, "183 Session Progress", "s", sbc.sdp(101), "Content-Type: application/sdp")
	sbc.answer(in, "503 Service Unavailable", "s", "")
	if e := outcome(t, l); e.Outcome != "failed" {
		t.Errorf("recorded %+v, want failed", e)
	}
	k.types("112#")
	sbc.joins(sbc.want("INVITE"))
	if e := outcome(t, l); e.Outcome != "answered" {
		t.Errorf("second: recorded %+v, want answered", e)
	}
	k.hangsUp()
	sbc.isHungUp()
}
