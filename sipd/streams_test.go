package sipd_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sipd"
)

// dialTCP is a connection to the service that ends with the test.
func dialTCP(t testing.TB, l *lab) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp4", l.tcp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// asking is an OPTIONS whose Via is not the caller's own.
func asking(via string) string {
	return "OPTIONS sip:box SIP/2.0\r\n" + via + "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: " + unique() +
		"\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
}

// Whatever a Via names, and however soon its sender hangs up, the box connects to
// nobody for the sake of an answer.
func TestAViaIsNotConnectedTo(t *testing.T) {
	l := newLab(t)
	other := tcpSocket(t)
	met := make(chan string, 256)
	go func() {
		for {
			c, err := other.Accept()
			if err != nil {
				return
			}
			met <- c.RemoteAddr().String()
			_ = c.Close()
		}
	}()
	for i := range 24 {
		c := dialTCP(t, l)
		text := asking(fmt.Sprintf("Via: SIP/2.0/TCP %s;branch=z9hG4bK%s", other.Addr(), unique()))
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			_ = c.(*net.TCPConn).SetLinger(0)
		}
		_ = c.Close()
	}
	if err := l.stop(); err != nil { // when every handler has ended
		t.Error(err)
	}
	if len(met) > 0 {
		t.Errorf("the host in Via was connected to from %s, want nobody", <-met)
	}
}

// The answer repeats the phone's own Via, with where it was seen.
func TestAStreamsTopViaSaysWhereItCameFrom(t *testing.T) {
	l := newLab(t)
	for _, via := range []string{
		"Via: SIP/2.0/TCP phone.invalid:5060;branch=z9hG4bK-%s", "v: SIP/2.0/TCP phone.invalid:5060;rport;branch=z9hG4bK-%s",
		"Via: SIP/2.0/TCP phone.invalid:5060;received=192.0.2.9;rport=9;branch=z9hG4bK-%s",
		"Via: SIP/2.0/TCP phone.invalid:5060;branch=z9hG4bK-%s\r\nVia: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bKfirst",
	} {
		c := dialTCP(t, l)
		if _, err := c.Write([]byte(asking(fmt.Sprintf(via, unique())))); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 4096)
		n, err := c.Read(b)
		if err != nil {
			t.Fatalf("%s: %v", via, err)
		}
		m := readMessage(b[:n], nil)
		me := c.LocalAddr().(*net.TCPAddr)
		top, _, _ := strings.Cut(m.get("Via"), ",")
		if !strings.HasPrefix(top, "SIP/2.0/TCP phone.invalid:5060;") || param(top, "received") != me.IP.String() ||
			param(top, "rport") != fmt.Sprint(me.Port) || strings.Count(top, "received") != 1 {
			t.Errorf("%s: got %q, want it with received=%s and rport=%d", via, top, me.IP, me.Port)
		}
		if strings.Contains(via, "first") && !strings.Contains(m.all("Via")[len(m.all("Via"))-1], "z9hG4bKfirst") {
			t.Errorf("got %q, want the second Via last", m.all("Via"))
		}
	}
}

func TestBytesOfAConnectionNobodyAcceptedAreRefused(t *testing.T) {
	l := newLab(t, func(c *sipd.Config, _ *sipd.Deps) { c.SBCs = []sipd.SBC{{Host: "127.0.0.7"}} })
	text := []byte(asking("Via: SIP/2.0/TCP 127.0.0.7;branch=z9hG4bK1"))
	for _, tt := range []struct {
		name, from string
		accepted   bool
		want       bool
	}{
		{"accepted", "127.0.0.2:5060", true, true},
		{"dialled to an SBC", "127.0.0.7:5060", false, true},
		{"dialled to somebody else", "127.0.0.2:5060", false, false},
		{"dialled out of the LAN", "192.0.2.1:5060", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := l.Filtered(netip.MustParseAddrPort(tt.from), tt.accepted, text)
			if (err == nil) != tt.want || (len(got) > 0) != tt.want {
				t.Errorf("got %d bytes, %v, want them let in %v", len(got), err, tt.want)
			}
			err = l.MayDial(tt.from)
			if want := tt.from == "127.0.0.7:5060"; (err == nil) != want {
				t.Errorf("connecting to it: got %v, want it allowed %v", err, want)
			}
		})
	}
}

// FuzzPinned: what is pinned is read the same, but for the top Via.
func FuzzPinned(f *testing.F) {
	f.Add("Via: SIP/2.0/TCP a;branch=z9hG4bK1", "X: y")
	f.Add("v: SIP/2.0/TCP a;received=1.2.3.4;rport;branch=z9hG4bK1\r\n ;x=y", "Via: SIP/2.0/TCP b;branch=2")
	f.Add("VIA : SIP/2.0/TCP a:70000;branch", "via:x")
	s, from := newBare(f), netip.MustParseAddrPort("127.0.0.2:4711")
	f.Fuzz(func(t *testing.T, via, more string) {
		text := "OPTIONS sip:box SIP/2.0\r\n" + via + "\r\n" + more + "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
		out, received, rport, ok := s.Pinned([]byte(text), from)
		if ok && (received != "127.0.0.2" || rport != "4711") {
			t.Errorf("%q: got received=%q rport=%q, want the source\n%q", text, received, rport, out)
		}
	})
}

// However many connections an address makes, all of them together get no more
// answers than it has a share of.
func TestConnectionsOfOneAddressShareItsBudget(t *testing.T) {
	begin := time.Now()
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) { d.Now = func() time.Time { return begin } }) // nothing is given back
	const each = 50
	answered, refused := 0, 0
	for range 40 {
		c := dialTCP(t, l)
		var text strings.Builder
		for range each {
			text.WriteString(asking("Via: SIP/2.0/TCP x;branch=z9hG4bK" + unique()))
		}
		_, _ = c.Write([]byte(text.String()))
		_ = c.(*net.TCPConn).CloseWrite()
		all, _ := io.ReadAll(c) // ended by a reset where it was refused
		n := strings.Count(string(all), "SIP/2.0 200 OK\r\n")
		if answered += n; n == 0 {
			refused++
		}
		_ = c.Close()
	}
	if answered > 200 || refused < 30 {
		t.Errorf("got %d answers, %d connections without, want 200 and 30: a share is twice 100", answered, refused)
	}
	p := newPeer(t, "127.0.0.2", l.addr)
	p.insist()
}

// An address that does nothing but connect is let in a few times.
func TestConnectionsOfOneAddressAreBounded(t *testing.T) {
	begin := time.Now()
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) { d.Now = func() time.Time { return begin } })
	in := 0
	for range 60 {
		c := dialTCP(t, l)
		_, _ = c.Write([]byte("\r\n\r\n"))
		if _, err := c.Read(make([]byte, 2)); err == nil {
			in++
		}
		_ = c.Close()
	}
	if in != 32 {
		t.Errorf("got %d connections let in, want 32", in)
	}
}
