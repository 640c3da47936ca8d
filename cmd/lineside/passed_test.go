package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// manager is what systemd is to the daemon's sockets: it opened them, on every
// address, before there was one, and has them still when it is gone.
type manager struct {
	files []*os.File
	ports map[string]int
}

// open opens a socket as a unit with this FileDescriptorName= does.
func (m *manager) open(t *testing.T, name, network, addr string) {
	t.Helper()
	var held interface {
		File() (*os.File, error)
		Close() error
	}
	switch network {
	case "udp4", "udp6":
		c, err := net.ListenPacket(network, addr)
		if err != nil {
			t.Fatal(err)
		}
		m.ports[name+" udp"] = c.LocalAddr().(*net.UDPAddr).Port
		held = c.(*net.UDPConn)
	default:
		var lc net.ListenConfig
		lc.SetMultipathTCP(false) // systemd sockets are plain
		l, err := lc.Listen(t.Context(), network, addr)
		if err != nil {
			t.Fatal(err)
		}
		m.ports[name] = l.Addr().(*net.TCPAddr).Port
		held = l.(*net.TCPListener)
	}
	f, err := held.File()
	if err != nil {
		t.Fatal(err)
	}
	m.add(t, f, name)
	_ = held.Close()
}

// add hands a copy of f over under a name.
func (m *manager) add(t *testing.T, f *os.File, name string) {
	t.Helper()
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	copied := os.NewFile(uintptr(fd), name)
	t.Cleanup(func() { _ = copied.Close() })
	m.files = append(m.files, copied)
}

// passedBox is a daemon that was handed its sockets.
type passedBox struct {
	*manager
	socket string
	stop   context.CancelFunc
	ended  chan error
}

const passedSelf, passedOther = "127.20.0.9", "127.20.0.10"

// newPassedBox starts one on 127.20.0.9, with DHCP off although there is a socket.
func newPassedBox(t *testing.T) *passedBox {
	t.Helper()
	m := &manager{ports: make(map[string]int)}
	for _, s := range [][2]string{{"http", "tcp4"}, {"https", "tcp4"}, {"admin", "tcp4"}, {"tftp", "udp4"}, {"dhcp", "udp4"}} {
		m.open(t, s[0], s[1], "0.0.0.0:0")
	}
	m.open(t, "sip", "tcp4", "0.0.0.0:0")
	m.open(t, "sip", "udp4", fmt.Sprintf("0.0.0.0:%d", m.ports["sip"]))
	dir := t.TempDir()
	b := &passedBox{manager: m, socket: filepath.Join(dir, "lineside.sock"), ended: make(chan error, 1)}
	path := writeSettings(t, fmt.Sprintf(`
state = "%s/state"
[site]
timezone = "Europe/Berlin"
[listen]
address = "%s/24"
http = ":%d"
https = ":%d"
tftp = ":%d"
admin = ":%d"
sip = ":%d"
socket = "%s"
[emergency]
mode = "none"
[dhcp]
mode = "off"
`, dir, passedSelf, m.ports["http"], m.ports["https"], m.ports["tftp udp"], m.ports["admin"], m.ports["sip"], b.socket))
	sd := newSystemd(t)
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	p := &program{err: io.Discard, out: io.Discard, now: time.Now, socket: b.socket, handed: inherit(m.files)}
	go func() { b.ended <- p.serve(ctx, path) }()
	t.Cleanup(func() {
		stop()
		if err := <-b.ended; err != nil {
			t.Errorf("the daemon ended: %v", err)
		}
	})
	sd.hears(t, "READY=1")
	return b
}

func (b *passedBox) fetch(ctx context.Context, host string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d/nothing", host, b.ports["http"]), nil)
	if err != nil {
		return 0, err
	}
	req.Close = true // as most phones ask
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func TestPassedSocketsAreTaken(t *testing.T) {
	b := newPassedBox(t)
	code, out, errs := lineside(t, "status", "--socket", b.socket)
	if code != exitOK {
		t.Errorf("status: got exit %d and %s, want 0", code, errs)
	}
	for _, want := range []string{
		fmt.Sprintf("http %s:%d (systemd)", passedSelf, b.ports["http"]), fmt.Sprintf("https %s:%d (systemd)", passedSelf, b.ports["https"]),
		fmt.Sprintf("tftp %s:%d (systemd)", passedSelf, b.ports["tftp udp"]), fmt.Sprintf("admin %s:%d (systemd)", passedSelf, b.ports["admin"]),
		fmt.Sprintf("sip %s:%d (systemd)", passedSelf, b.ports["sip"]), fmt.Sprintf("dhcp 0.0.0.0:%d (systemd, unused)", b.ports["dhcp udp"]),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("status: got\n%s\nwant %q in it", out, want)
		}
	}
	if code, err := b.fetch(t.Context(), passedSelf); err != nil || code != http.StatusNotFound {
		t.Errorf("HTTP: got %d, %v, want 404", code, err)
	}
}

// TestPassedSocketIsTheLANsAlone: a socket on every address answers at one.
func TestPassedSocketIsTheLANsAlone(t *testing.T) {
	b := newPassedBox(t)
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if code, err := b.fetch(short, passedOther); err == nil {
		t.Errorf("HTTP at another address: got %d, want no answer", code)
	}
	for _, tc := range []struct {
		name, ask string
		port      int
	}{
		{"TFTP", "\x00\x01nothing\x00octet\x00", b.ports["tftp udp"]},
		{"SIP", "OPTIONS sip:a@127.20.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1;rport\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:a@127.20.0.9>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", b.ports["sip"]},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if n := answerTo(t, passedSelf, tc.port, tc.ask, 5*time.Second); n == 0 {
				t.Error("got no answer")
			}
			if n := answerTo(t, passedOther, tc.port, tc.ask, 200*time.Millisecond); n != 0 {
				t.Errorf("got %d bytes from another address, want none", n)
			}
		})
	}
}

// answerTo is how long the answer to a packet is that comes from the address it was
// sent to; 0 is none. TFTP answers from a port of its own.
func answerTo(t *testing.T, host string, port int, ask string, patience time.Duration) int {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 20, 0, 30)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	to := netip.AddrPortFrom(netip.MustParseAddr(host), uint16(port))
	if _, err := c.WriteToUDPAddrPort([]byte(ask), to); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	n, from, err := c.ReadFromUDPAddrPort(make([]byte, 2048))
	if err == nil && from.Addr() != to.Addr() {
		t.Errorf("asked %s, got an answer from %s", to, from)
	}
	return n
}

// TestRestartDropsNoRequest asks all the time while the box starts anew several
// times: what comes between two boxes waits for the next.
func TestRestartDropsNoRequest(t *testing.T) {
	b := newPassedBox(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	const callers, restarts = 8, 3
	var asked, failed atomic.Int64
	done := make(chan error, callers)
	for range callers {
		go func() {
			var first error
			for ctx.Err() == nil {
				asked.Add(1)
				if code, err := b.fetch(t.Context(), passedSelf); err != nil || code != http.StatusNotFound {
					failed.Add(1)
					first = fmt.Errorf("got %d, %v, want 404", code, err)
				}
			}
			done <- first
		}()
	}
	for range restarts {
		if code, _, errs := lineside(t, "restart", "--socket", b.socket); code != exitOK {
			t.Fatalf("restart: got exit %d and %s, want 0", code, errs)
		}
	}
	stop()
	for range callers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d requests over %d restarts, %d failed", asked.Load(), restarts, failed.Load())
	if asked.Load() < 100 {
		t.Errorf("got %d requests, want a load", asked.Load())
	}
}

func TestUnfitSocketIsTold(t *testing.T) {
	m := &manager{ports: make(map[string]int)}
	m.open(t, "telnet", "tcp4", "127.0.0.1:0")
	m.open(t, "http", "tcp", "[::]:0") // for IPv4 too
	m.open(t, "http", "tcp6", "[::]:0")
	pipe, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	m.add(t, pipe, "tftp")
	h := inherit(m.files)
	if len(h.list) != 1 || h.list[0].network != "tcp" || !h.list[0].at.Addr().Is6() {
		t.Errorf("got %v, want the IPv6 socket alone", h.list)
	}
	all := strings.Join(h.wrong, "\n")
	for _, want := range []string{`"telnet" that no door has`, "BindIPv6Only=ipv6-only", `"tftp" that is none`} {
		if !strings.Contains(all, want) {
			t.Errorf("got\n%s\nwant %q in it", all, want)
		}
	}
	if err := m.files[0].Close(); err == nil {
		t.Error("the socket no door has was left open")
	}
}

func TestFindPassed(t *testing.T) {
	at := netip.MustParseAddrPort
	h := &inheritance{list: []*passed{
		{name: "http", network: "tcp", at: at("0.0.0.0:80")}, {name: "http", network: "tcp", at: at("[::]:80")},
		{name: "sip", network: "udp", at: at("10.20.0.1:5060")}, {name: "sip", network: "tcp", at: at("0.0.0.0:5060")},
	}}
	for _, tc := range []struct {
		name string
		door door
		want string
	}{
		{"on every address", door{name: "HTTP", network: "tcp", addr: "10.20.0.1:80"}, "0.0.0.0:80"},
		{"on IPv6", door{name: "HTTP", network: "tcp", addr: "[::]:80"}, "[::]:80"},
		{"by a port alone", door{name: "HTTP", network: "tcp", addr: ":80"}, "0.0.0.0:80"},
		{"on its very address", door{name: "SIP", network: "udp", addr: "10.20.0.1:5060"}, "10.20.0.1:5060"},
		{"TCP of the same unit", door{name: "SIP-TCP", network: "tcp", addr: "10.20.0.1:5060"}, "0.0.0.0:5060"},
		{"on another address", door{name: "SIP", network: "udp", addr: "10.20.0.2:5060"}, ""},
		{"another port", door{name: "HTTP", network: "tcp", addr: "10.20.0.1:8080"}, ""},
		{"another door's", door{name: "HTTPS", network: "tcp", addr: "10.20.0.1:80"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			if p := h.find(tc.door); p != nil {
				got = p.at.String()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
