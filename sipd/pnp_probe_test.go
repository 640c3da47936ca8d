package sipd_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/sipd"
)

// rival is a PnP server as others make them, on a socket in the group's place.
type rival struct {
	*peer
	mu    sync.Mutex
	mode  string // what it does with questions
	asked []message
}

func newRival(t *testing.T, mode string) *rival {
	r := &rival{peer: newPeer(t, "127.0.0.9", netip.MustParseAddrPort("127.0.0.1:9")), mode: mode}
	go func() {
		for m := range r.in {
			if strings.HasPrefix(m.start, "SUBSCRIBE") {
				r.serve(m)
			}
		}
	}()
	return r
}

func (r *rival) serve(m message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, m)
	vendor := param(m.get("Event"), "vendor")
	switch r.mode {
	case "silent":
	case "phone": // hears the group and knows no such event
		r.answer(m, "489 Bad Event", "x", "")
	case "noisy":
		r.send(m.from, "", "\x00\x01")
		m.header = append(m.header[:3:3], "Call-ID: another", "CSeq: 1 SUBSCRIBE")
		r.answer(m, "200 OK", "x", "")
	case "snom":
		if vendor == "snom" {
			r.answer(m, "200 OK", "x", "", "Server: snom PnP\x1b[2J")
		}
	default:
		r.answer(m, "200 OK", "x", "")
		r.send(m.from, "http://192.0.2.66/provisioning/\x07", "NOTIFY sip:a@b SIP/2.0", "Via: SIP/2.0/UDP "+r.at()+";branch=z9hG4bK"+unique(), "From: "+m.get("To")+";tag=x",
			"To: "+m.get("From"), "Call-ID: "+m.get("Call-ID"), "CSeq: 1 NOTIFY", "User-Agent: 3CXPhoneSystem 20", "Event: ua-profile", "Content-Type: application/url")
	}
}

func (r *rival) becomes(mode string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode = mode
}

func (r *rival) addr() netip.AddrPort { return netip.MustParseAddrPort(r.at()) }

func TestProbeNamesWhoAnswers(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"silent": "", "phone": "", "noisy": "",
		"snom": "127.0.0.9 (snom PnP?[2J)",
		"all":  "127.0.0.9 (3CXPhoneSystem 20) sends phones to http://192.0.2.66/provisioning/?",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			r := newRival(t, mode)
			found, err := sipd.ProbePnP(t.Context(), sipd.PnPProbe{Conn: udpSocket(t, "127.0.0.1"), To: r.addr(), Wait: 300 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found {
				got = append(got, f.String())
			}
			if strings.Join(got, ", ") != want {
				t.Errorf("got %q, want %q", got, want)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if len(r.asked) != 3 {
				t.Fatalf("%d questions came, want 3", len(r.asked))
			}
			mac, ok := sipd.PnPMAC(strings.TrimPrefix(strings.TrimPrefix(r.asked[0].start, "SUBSCRIBE sip:"), "MAC%3a")[:12])
			if !ok || strings.IndexByte("26ae", mac[1]) < 0 {
				t.Errorf("asked for %q, want a MAC no maker has", mac)
			}
		})
	}
}

func TestProbeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sipd.ProbePnP(ctx, sipd.PnPProbe{Conn: udpSocket(t, "127.0.0.1"), To: newRival(t, "silent").addr(), Wait: time.Hour}); err == nil {
		t.Error("got no error, want that it was ended")
	}
}

// The condition comes with the first answer, names who it was, goes after two
// looks that find nobody, and a phone that had its answer has the box look at once.
func TestARivalIsToldOfAndForgotten(t *testing.T) {
	t.Parallel()
	r := newRival(t, "all")
	l := newWatched(t, func(c *sipd.Config, _ *sipd.Deps) { c.PnPWatch, c.PnPGroup = 200*time.Millisecond, r.addr() })
	waitFor(t, "the condition", func() bool { return has(l.board, "pnp-rival") })
	c := l.board.List()[slices.IndexFunc(l.board.List(), func(c health.Condition) bool { return c.Code == "pnp-rival" })]
	if !strings.Contains(c.Title, "127.0.0.9") || !strings.Contains(c.Detail, "http://192.0.2.66/provisioning/") || !strings.Contains(c.Detail, "3CX") {
		t.Errorf("got %q, %q: want address, URL and name", c.Title, c.Detail)
	}
	r.becomes("silent")
	waitFor(t, "its end", func() bool { return !has(l.board, "pnp-rival") })
}

func TestAPhoneThatHadItsAnswerHasTheBoxLook(t *testing.T) {
	t.Parallel()
	r := newRival(t, "silent")
	l := newWatched(t, func(c *sipd.Config, _ *sipd.Deps) { c.PnPWatch, c.PnPGroup = patience, r.addr() })
	asked := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.asked)
	}
	waitFor(t, "the first look", func() bool { return asked() == 3 })
	r.becomes("all")
	p := newPeer(t, "127.0.0.2", l.addr)
	p.request(request{method: "SUBSCRIBE", uri: "sip:MAC001565f4f9e1@224.0.1.75", extra: []string{"Event: ua-profile"}})
	p.answer(p.want("NOTIFY"), "481 Call Does Not Exist", "", "")
	waitFor(t, "the condition", func() bool { return has(l.board, "pnp-rival") })
}

// The box does not answer itself, or it would be its own rival.
func TestTheBoxDoesNotAnswerItself(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	found, err := sipd.ProbePnP(t.Context(), sipd.PnPProbe{Conn: udpSocket(t, "127.0.0.1"), To: l.addr, Wait: 300 * time.Millisecond})
	if err != nil || len(found) != 0 {
		t.Errorf("got %v, %v: want nobody", found, err)
	}
	found, err = sipd.ProbePnP(t.Context(), sipd.PnPProbe{Conn: udpSocket(t, "127.0.0.3"), To: l.addr, Wait: 300 * time.Millisecond})
	if err != nil || len(found) != 1 || found[0].URL != l.desk.url {
		t.Errorf("from elsewhere: got %v, %v: want the box", found, err)
	}
}

// Of whatever packet, what an operator reads is short and plain.
func FuzzReadRival(f *testing.F) {
	f.Add([]byte("SIP/2.0 200 OK\r\nCall-ID: x\r\nServer: a\x1b[\r\n\r\n"))
	f.Add([]byte("NOTIFY sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:a>\r\nCall-ID: x\r\nCSeq: 1 NOTIFY\r\nContent-Length: 3\r\n\r\nh\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, reply, ok := sipd.ReadRival(data, "x")
		if !ok && reply != "" {
			t.Errorf("%q is answered", data)
		}
		for _, s := range text {
			if len(s) > 160 || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("an operator reads %q", s)
			}
		}
	})
}
