package broker_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// webProxy is a small HTTP proxy that lets CONNECT through with a password; it
// finds every name at to.
func webProxy(t *testing.T, to string) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { tunnel(ctx, c, to) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		all.Wait()
	})
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}

func tunnel(ctx context.Context, c net.Conn, to string) {
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	if r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("branch:fake")) {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
		return
	}
	out, err := net.Dial("tcp", to)
	if err != nil || r.Method != http.MethodConnect {
		_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	defer func() { _ = out.Close() }()
	_, _ = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(out, in)
		_ = out.Close()
	}()
	_, _ = io.Copy(c, out)
}

// balanced writes a PROXY v2 header at the beginning of every connection, as a
// load balancer does, and carries the rest.
func balanced(t *testing.T, to string, src netip.AddrPort) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = c.Close()
				continue
			}
			_, _ = out.Write(proxyHeader(src))
			go func() {
				_, _ = io.Copy(out, c)
				_ = out.Close()
			}()
			go func() {
				_, _ = io.Copy(c, out)
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func proxyHeader(src netip.AddrPort) []byte {
	h := []byte("\r\n\r\n\x00\r\nQUIT\n\x21")
	a, family := src.Addr().AsSlice(), byte(0x11)
	if src.Addr().Is6() {
		family = 0x21
	}
	h = append(h, family)
	h = binary.BigEndian.AppendUint16(h, uint16(2*len(a)+4+3))
	h = append(h, a...)
	h = append(h, a...)
	h = binary.BigEndian.AppendUint16(h, src.Port())
	h = binary.BigEndian.AppendUint16(h, 443)
	return append(h, 0x04, 0, 0) // a TLV of no meaning
}

// TestWays: TLS from the first byte, a websocket, each also through a proxy
// that wants a password, and from behind a load balancer; the platform knows
// the address the load balancer tells.
func TestWays(t *testing.T) {
	l := newLab(t, func(c *broker.Config) {
		c.Embedded.WSS = "127.0.0.1:0"
		c.Embedded.Balancer = broker.Balancer{NATS: "127.0.0.1:0", WSS: "127.0.0.1:0", Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	})
	four, six := netip.MustParseAddrPort("203.0.113.7:4711"), netip.MustParseAddrPort("[2001:db8::7]:4711")
	signedIn := func(p *url.URL) *url.URL {
		q := *p
		q.User = url.UserPassword("branch", "fake")
		return &q
	}
	for name, way := range map[string]struct {
		scheme, addr string
		proxy        *url.URL
		from         string
	}{
		"tls":                  {"tls", l.at.NATS, nil, "127.0.0.1"},
		"wss":                  {"wss", l.at.WSS, nil, "127.0.0.1"},
		"tls by proxy":         {"tls", "central.example:443", signedIn(webProxy(t, l.at.NATS)), "127.0.0.1"},
		"wss by proxy":         {"wss", "central.example:443", signedIn(webProxy(t, l.at.WSS)), "127.0.0.1"},
		"tls behind balancer":  {"tls", balanced(t, l.at.BalancerNATS, four), nil, "203.0.113.7"},
		"wss behind balancer":  {"wss", balanced(t, l.at.BalancerWSS, four), nil, "203.0.113.7"},
		"IPv6 behind balancer": {"tls", balanced(t, l.at.BalancerNATS, six), nil, "2001:db8::7"},
	} {
		t.Run(name, func(t *testing.T) {
			b := l.newBox(name)
			via := l.transport(b, way.scheme, way.addr)
			via.Proxy = way.proxy
			ctx, cancel := contextFor(t, 10*time.Second)
			defer cancel()
			c, err := via.Dial(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			if r, err := l.hello(b, c); err != nil || r.Hello == nil {
				t.Errorf("got %+v, %v, want a hello", r, err)
			}
			got, err := l.p.Addresses(b.id)
			if err != nil || len(got) != 1 || got[0].Addr.String() != way.from {
				t.Errorf("got addresses %v, %v, want %s", got, err, way.from)
			}
		})
	}
}

// TestHeaderIsNotBelieved: a PROXY header at the door for everybody is no TLS,
// and the load balancer's door is not there for who is not it.
func TestHeaderIsNotBelieved(t *testing.T) {
	l := newLab(t, func(c *broker.Config) {
		c.Embedded.Balancer = broker.Balancer{NATS: "127.0.0.1:0", Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	})
	b := l.newBox("Berlin")
	for name, addr := range map[string]string{
		"the door for everybody": balanced(t, l.at.NATS, netip.MustParseAddrPort("203.0.113.7:1")),
		"the balancer's door":    balanced(t, l.at.BalancerNATS, netip.MustParseAddrPort("203.0.113.7:1")),
		"no header":              l.at.BalancerNATS,
	} {
		ctx, cancel := contextFor(t, 10*time.Second)
		c, err := l.transport(b, "tls", addr).Dial(ctx)
		cancel()
		if err == nil {
			t.Errorf("%s: got in, want it closed", name)
			_ = c.Close()
		}
	}
	if got, _ := l.p.Addresses(b.id); len(got) != 0 {
		t.Errorf("got addresses %v, want none", got)
	}
	if n := l.b.Counts().Strangers; n != 2 {
		t.Errorf("got %d strangers, want 2", n)
	}
}

// TestReasons: what stands in the way is told in words.
func TestReasons(t *testing.T) {
	l := newLab(t, nil)
	b := l.newBox("Berlin")
	expired, pin := certificate(t, -time.Hour)
	old := newLab(t, func(c *broker.Config) { c.Embedded.TLS.Certificates[0] = expired })
	old.pin = pin
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	signIn := httpServer(t)
	_, wrong := certificate(t, time.Hour)
	for name, tt := range map[string]struct {
		via  *site.NATS
		want string
	}{
		"no such name":       {l.transport(b, "tls", "no-such-host.invalid:443"), "does not resolve"},
		"refused":            {l.transport(b, "tls", closed.Addr().String()), "refuses connections"},
		"no password":        {&site.NATS{Proxy: webProxy(t, l.at.NATS)}, "proxy wants a user name"},
		"TLS inspected":      {&site.NATS{TLS: wire.PinnedTLS(wrong, loopback)}, "inspects TLS"},
		"inspected, wss":     {&site.NATS{TLS: wire.PinnedTLS(wrong, loopback), URL: &url.URL{Scheme: "wss", Host: l.at.NATS}}, "inspects TLS"},
		"clock wrong":        {&site.NATS{TLS: wire.PinnedTLS(pin, loopback), URL: &url.URL{Scheme: "tls", Host: old.at.NATS}}, "clock"},
		"a page to sign in":  {l.transport(b, "tls", signIn), "does not speak TLS"},
		"not joined":         {&site.NATS{Site: "nosuchsite"}, "join it again"},
		"an unknown form":    {l.transport(b, "quic", l.at.NATS), "update the box"},
		"a proxy of no kind": {&site.NATS{Proxy: &url.URL{Scheme: "socks5", Host: "127.0.0.1:1"}}, "want http://"},
	} {
		t.Run(name, func(t *testing.T) {
			via, usual := tt.via, l.transport(b, "tls", l.at.NATS)
			via.Key = b.nkey
			if via.TLS == nil {
				via.TLS = usual.TLS
			}
			if via.URL == nil {
				via.URL = usual.URL
			}
			if via.Site == "" {
				via.Site = b.id
			}
			r := l.run(b, via)
			r.waitState(t, func(s site.Status) bool { return s.State == site.Away && strings.Contains(s.Reason, tt.want) })
		})
	}
}

// httpServer answers everything with a page to sign in.
func httpServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{ReadHeaderTimeout: time.Second}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return l.Addr().String()
}
