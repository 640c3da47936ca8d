package voice_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/voice"
)

// patience bounds every wait for something that has to come.
const patience = 10 * time.Second

var home = netip.MustParseAddr("127.0.0.1")

// newCalls runs calls until the test ends.
func newCalls(t testing.TB, cfg voice.Config) *voice.Calls {
	t.Helper()
	prompts, problems := voice.LoadPrompts(nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	calls, err := voice.New(cfg, prompts, slog.New(slog.DiscardHandler), metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- calls.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: got %v, want nil", err)
		}
	})
	return calls
}

func listen(t testing.TB, address netip.Addr) *net.UDPConn {
	t.Helper()
	conn, err := voice.Ports{Listen: net.ListenUDP}.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func port(conn *net.UDPConn) netip.AddrPort { return conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// phone is the other side of a call.
type phone struct {
	t      testing.TB
	conn   *net.UDPConn
	to     netip.AddrPort
	seq    uint16
	ts     uint32
	events byte // payload type
}

// offer is the phone's SDP: audio at address, formats as in an m-line.
func offer(address netip.AddrPort, formats string, attributes ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP %s\r\n",
		address.Addr(), address.Addr(), address.Port(), formats)
	for _, a := range attributes {
		fmt.Fprintf(&b, "a=%s\r\n", a)
	}
	return b.Bytes()
}

func parse(t testing.TB, body []byte) voice.Description {
	t.Helper()
	d, err := voice.ParseDescription(body)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newDialogue(t testing.TB) *voice.Dialogue {
	t.Helper()
	d, err := voice.NewDialogue(voice.DialogueConfig{Emergency: []string{"112"}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// dial opens a call between a new phone and calls, with leg's other fields as they
// are.
func dial(t testing.TB, calls *voice.Calls, leg voice.Leg, formats string, attributes ...string) (*voice.Call, *phone) {
	t.Helper()
	p := &phone{t: t, conn: listen(t, home), events: 101}
	leg.Offer = parse(t, offer(port(p.conn), formats, attributes...))
	leg.Source = home
	conn := listen(t, home)
	p.to = port(conn)
	call, err := calls.Open(conn, leg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(call.Close)
	return call, p
}

// send sends a packet of payload type pt.
func (p *phone) send(pt byte, marker bool, ts uint32, payload []byte) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDPAddrPort(packet(pt, marker, p.seq, ts, payload), p.to); err != nil && !errors.Is(err, net.ErrClosed) {
		p.t.Error(err)
	}
	p.seq++
}

func packet(pt byte, marker bool, seq uint16, ts uint32, payload []byte) []byte {
	b := []byte{0x80, pt, byte(seq >> 8), byte(seq), byte(ts >> 24), byte(ts >> 16), byte(ts >> 8), byte(ts), 1, 2, 3, 4}
	if marker {
		b[1] |= 0x80
	}
	return append(b, payload...)
}

// press sends keys by RFC 4733: two packets and the end three times.
func (p *phone) press(keys string) {
	for _, key := range []byte(keys) {
		event := byte(bytes.IndexByte([]byte("0123456789*#"), key))
		for i, flags := range []byte{10, 10, 0x8A, 0x8A, 0x8A} {
			p.send(p.events, i == 0, p.ts, []byte{event, flags, 1, 0x40})
		}
		p.ts += 640
	}
}

// packet waits for a packet; the zero time-out is patience.
func (p *phone) packet(within time.Duration) ([]byte, bool) {
	p.t.Helper()
	if within == 0 {
		within = patience
	}
	b := make([]byte, 1500)
	if err := p.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		p.t.Fatal(err)
	}
	n, _, err := p.conn.ReadFromUDPAddrPort(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, false
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return b[:n], true
}

// event waits for what a call wants.
func event(t testing.TB, call *voice.Call) voice.Action {
	t.Helper()
	select {
	case a := <-call.Events():
		return a
	case <-time.After(patience):
		t.Fatal("nothing is wanted of the signalling")
		return nil
	}
}

// entry waits for a Check.
func entry(t testing.TB, call *voice.Call) string {
	t.Helper()
	check, ok := event(t, call).(voice.Check)
	if !ok {
		t.Fatal("got something else, want a Check")
	}
	return check.Entry.Reveal()
}
