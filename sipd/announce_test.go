package sipd_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sipd"
)

// toldOff is a site with a voice and one SBC that is dead.
func toldOff(t *testing.T, more ...func(*sipd.Config, *sipd.Deps)) *lab {
	t.Helper()
	dead := newPeer(t, "127.0.0.6", nowhere)
	return newLab(t, append([]func(*sipd.Config, *sipd.Deps){withVoice(t, 4), sbcs(dead), func(c *sipd.Config, _ *sipd.Deps) {
		c.Mode, c.FailOver, c.Language = sipd.Bridge, 200*time.Millisecond, "de"
	}}, more...)...)
}

// asksForHelp calls 112 with an offer.
func (k *talker) asksForHelp(body string) request {
	return k.request(request{method: "INVITE", uri: "sip:112@box", to: "<sip:112@box>", body: body, extra: []string{"Content-Type: application/sdp"}})
}

// listens gives the sound that comes until the final answer, and that answer.
func (k *talker) listens(most time.Duration) (sound []byte, final message) {
	k.t.Helper()
	end := time.After(most)
	for {
		select {
		case m := <-k.in:
			if strings.HasPrefix(m.start, "SIP/2.0 1") {
				continue
			}
			return sound, m
		case <-end:
			k.t.Fatal("no final answer")
		default:
		}
		_ = k.rtp.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		b := make([]byte, 2048)
		if n, _, err := k.rtp.ReadFrom(b); err == nil && n > 12 {
			sound = append(sound, b[12:n]...)
		}
	}
}

// Who cannot be helped hears it before the refusal, and the call is never taken.
func TestACallerThatCannotBeHelpedHearsSo(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*sipd.Config, *sipd.Deps){
		"every SBC is dead":   func(*sipd.Config, *sipd.Deps) {},
		"the site makes none": func(c *sipd.Config, _ *sipd.Deps) { c.Mode = sipd.NoCalls },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := toldOff(t, change)
			k := newTalker(t, "127.0.0.2", l.addr)
			k.asksForHelp(k.sdp(101))
			early := k.want("183")
			if !strings.Contains(early.body, "m=audio") {
				t.Errorf("183 with %q, want where the sound comes from", early.body)
			}
			sound, final := k.listens(20 * time.Second)
			if !strings.HasPrefix(final.start, "SIP/2.0 503") || !strings.Contains(final.get("Warning"), "use a mobile phone") {
				t.Errorf("got %q, Warning %q, want 503 with what to do", final.start, final.get("Warning"))
			}
			prompt := prompt(t, "de/no-route")
			if part := prompt[8000:24000]; !bytes.Contains(sound, part) {
				t.Errorf("heard %d bytes of sound without the prompt's", len(sound))
			}
		})
	}
}

// Who hangs up while it is told is let go at once.
func TestAnAnnouncementEndsWithTheCall(t *testing.T) {
	t.Parallel()
	l := toldOff(t)
	k := newTalker(t, "127.0.0.2", l.addr)
	r := k.asksForHelp(k.sdp(101))
	k.want("183")
	begin := time.Now()
	r.method, r.body, r.extra = "CANCEL", "", nil
	k.request(r)
	k.want("487")
	again := k.asksForHelp(k.sdp(101))
	k.want("183") // its place is free again
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("the next was told after %s, want it not to wait for the first", took)
	}
	again.method, again.body, again.extra = "CANCEL", "", nil
	k.request(again)
	k.want("487")
}

// Sound goes to where the call came from and nowhere else.
func TestNoAnnouncementGoesElsewhere(t *testing.T) {
	t.Parallel()
	l := toldOff(t)
	k, other := newTalker(t, "127.0.0.2", l.addr), newTalker(t, "127.0.0.3", l.addr)
	for name, body := range map[string]string{"another's address": other.sdp(101), "no sound the box speaks": strings.Replace(k.sdp(101), " 0 8 101", " 18", 1)} {
		k.asksForHelp(body)
		if _, final := k.listens(patience); !strings.HasPrefix(final.start, "SIP/2.0 503") {
			t.Errorf("%s: got %q, want 503", name, final.start)
		}
	}
	_ = other.rtp.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, _, err := other.rtp.ReadFrom(make([]byte, 2048)); err == nil {
		t.Errorf("%d bytes went to another", n)
	}
}

// prompt is a recording as phones are to hear it.
func prompt(t *testing.T, name string) []byte {
	t.Helper()
	packed, err := os.Open("../voice/prompts/" + name + ".ulaw.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	sound, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return sound
}
