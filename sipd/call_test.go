package sipd_test

import (
	"context"
	"testing"

	"github.com/lineside/lineside/sipd"
)

// echo is a Voice that tells the test what it is given.
type echo struct {
	calls chan *sipd.Call
	over  chan error
}

func (e *echo) Answer(ctx context.Context, c *sipd.Call) {
	e.calls <- c
	if _, err := c.Accept([]byte("the box's sdp")); err != nil {
		e.over <- err
		return
	}
	info := <-c.Infos()
	if string(info.Body) == "Signal=#" {
		e.over <- nil
		return // and the box hangs up
	}
	<-ctx.Done()
	e.over <- ctx.Err()
}

// dial calls the hotline with the phone's account.
func (p *peer) dial() (request, message) {
	p.t.Helper()
	r := p.request(request{method: "INVITE", uri: "sip:*89@box", body: sdp, extra: []string{"Content-Type: application/sdp"}})
	m := p.want("401")
	ack := r
	ack.method, ack.to, ack.body, ack.extra = "ACK", m.get("To"), "", nil
	p.request(ack)
	r.branch, r.seq = "", 2
	r.extra = append(r.extra, p.authorized(m, "INVITE", "sip:*89@box", p.mac.Hex(), passwordOf(p.mac)))
	r = p.request(r)
	return r, p.want("SIP/2.0 ")
}

func TestACallToTheBoxIsAnsweredByItsVoice(t *testing.T) {
	for _, key := range []string{"#", "1"} {
		t.Run(key, func(t *testing.T) {
			v := &echo{make(chan *sipd.Call, 1), make(chan error, 1)}
			l := newLab(t, func(c *sipd.Config, d *sipd.Deps) { d.Voice, c.Mode = v, sipd.NoCalls })
			p := newPeer(t, "127.0.0.2", l.addr)
			r, ok := p.dial()
			if ok.body != "the box's sdp" {
				t.Fatalf("got %q %q, want the box's SDP", ok.start, ok.body)
			}
			if c := <-v.calls; c.MAC != p.mac || string(c.Offer) != sdp || c.Local != l.addr {
				t.Errorf("call: got %s %q at %s", c.MAC, c.Offer, c.Local)
			}
			p.request(within(r, ok, "ACK", 2))
			second := newPeer(t, "127.0.0.3", l.addr) // the same phone's account again
			if _, busy := second.dial(); busy.start != "SIP/2.0 486 Busy Here" {
				t.Errorf("a second call: got %q, want 486", busy.start)
			}
			info := within(r, ok, "INFO", 3)
			info.body, info.extra = "Signal="+key, []string{"Content-Type: application/dtmf-relay"}
			p.request(info)
			p.want("200")
			if key == "#" {
				p.answer(p.want("BYE"), "200 OK", "", "")
			} else {
				p.request(within(r, ok, "BYE", 4))
				p.want("200")
			}
			<-v.over
			waitFor(t, "the end of the call", func() bool { _, n := l.InCalls(); return n == 0 })
		})
	}
}

func TestWithoutAVoiceOrATestedSBCTheHotlineIsOff(t *testing.T) {
	v := &echo{make(chan *sipd.Call, 1), make(chan error, 1)}
	for name, change := range map[string]func(*sipd.Config, *sipd.Deps){
		"no voice":      func(c *sipd.Config, _ *sipd.Deps) { c.Mode = sipd.NoCalls },
		"no tested SBC": func(_ *sipd.Config, d *sipd.Deps) { d.Voice = v },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, change)
			p := newPeer(t, "127.0.0.2", l.addr)
			if _, m := p.dial(); m.start != "SIP/2.0 480 Temporarily Unavailable" || m.get("Warning") == "" {
				t.Errorf("got %q, Warning %q, want 480 with one", m.start, m.get("Warning"))
			}
		})
	}
}
