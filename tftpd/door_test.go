package tftpd

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/provision"
)

func TestNewRefusesSettings(t *testing.T) {
	for name, cfg := range map[string]Config{
		"tiny blocks":        {BlockSize: 100},
		"huge blocks":        {BlockSize: 70000},
		"negative transfers": {MaxTransfers: -1},
		"negative time-out":  {Timeout: -1},
	} {
		if _, err := New(cfg, &fakeDesk{}, slog.New(slog.DiscardHandler), metrics.New()); err == nil {
			t.Errorf("%s: New = nil, want an error", name)
		}
	}
}

func TestFiles(t *testing.T) {
	bothPorts(t, Config{}, func(t *testing.T, d *door, desk *fakeDesk) {
		for _, tt := range []struct{ ask, file, want string }{
			{"open.cfg", "open.cfg", string(testBody)},
			{"/open.cfg", "open.cfg", string(testBody)},
			{"cfg/open.cfg", "open.cfg", string(testBody)},
			{"//cfg//open.cfg", "open.cfg", string(testBody)},
			{"block.cfg", "block.cfg", string(testBody[:512])},
			{"empty.cfg", "empty.cfg", ""},
		} {
			if got := d.phone(t, "127.0.0.1").fetch(tt.ask); got != tt.want {
				t.Errorf("%s: got %d bytes, want %d", tt.ask, len(got), len(tt.want))
			}
			ask := desk.last()
			if ask.File != tt.file || ask.Front != provision.TFTP || ask.Remote.Addr().String() != "127.0.0.1" || ask.Attempt != nil {
				t.Errorf("%s: the desk was asked %+v, want file %s", tt.ask, ask, tt.file)
			}
		}
		d.until(t, metrics.NameAnswers+`{front="tftp",outcome="content"} 6`)
	})
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		name string
		asks []string
		want map[string]string // nil: no OACK, data at once
	}{
		{"none", nil, nil},
		{"blksize", []string{"blksize", "1024"}, map[string]string{"blksize": "1024"}},
		{"blksize beyond ours", []string{"blksize", "65464"}, map[string]string{"blksize": "1428"}},
		{"blksize below 512", []string{"blksize", "8"}, nil},
		{"blksize no number", []string{"blksize", "many"}, nil},
		{"blksize beyond RFC 2348", []string{"blksize", "65465"}, nil},
		{"blksize twice", []string{"blksize", "600", "blksize", "700"}, map[string]string{"blksize": "600"}},
		{"tsize", []string{"tsize", "0"}, map[string]string{"tsize": "2100"}},
		{"tsize not 0", []string{"tsize", "77"}, map[string]string{"tsize": "2100"}},
		{"capitals", []string{"BLKSIZE", "1024", "TSize", "0"}, map[string]string{"blksize": "1024", "tsize": "2100"}},
		{"others are ignored", []string{"windowsize", "16", "timeout", "3", "multicast", "", "blksize", "1024"}, map[string]string{"blksize": "1024"}},
		{"only others", []string{"windowsize", "16"}, nil},
		{"padding", []string{"\x00\x00"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bothPorts(t, Config{}, func(t *testing.T, d *door, _ *fakeDesk) {
				p := d.phone(t, "127.0.0.1")
				p.ask(append([]string{"open.cfg", "OCTET"}, tt.asks...)...)
				size := 512
				if tt.want != nil {
					b, from := p.hear()
					if len(b) < 2 || b[1] != byte(opOptions) {
						t.Fatalf("got %q, want an OACK", b)
					}
					got := make(map[string]string)
					parts := strings.Split(string(b[2:]), "\x00")
					for i := 0; i+1 < len(parts); i += 2 {
						got[parts[i]] = parts[i+1]
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Fatalf("OACK (-want +got):\n%s", diff)
					}
					if s := got["blksize"]; s != "" {
						size, _ = strconv.Atoi(s)
					}
					p.send(ack(0), from)
				}
				var file []byte
				for block := uint16(1); ; block++ {
					b, from := p.data(block)
					file = append(file, b...)
					p.send(ack(block), from)
					if len(b) < size {
						break
					}
				}
				if diff := cmp.Diff(string(testBody), string(file)); diff != "" {
					t.Errorf("file (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRealClients(t *testing.T) {
	tftp, errTFTP := exec.LookPath("tftp")
	curl, errCurl := exec.LookPath("curl")
	bothPorts(t, Config{}, func(t *testing.T, d *door, _ *fakeDesk) {
		port := strconv.Itoa(int(d.addr.Port()))
		for _, mode := range []string{"octet", "netascii"} {
			t.Run("tftp in "+mode, func(t *testing.T) {
				need(t, "tftp", errTFTP)
				to := filepath.Join(t.TempDir(), "out")
				if out, err := exec.Command(tftp, "-4", "-m", mode, "127.0.0.1", port, "-c", "get", "open.cfg", to).CombinedOutput(); err != nil {
					t.Fatalf("tftp: %v\n%s", err, out)
				}
				// The client undoes netascii.
				if got, _ := os.ReadFile(to); string(got) != string(testBody) {
					t.Errorf("got %d bytes, want %d", len(got), len(testBody))
				}
			})
		}
		t.Run("tftp for what is not there", func(t *testing.T) {
			need(t, "tftp", errTFTP)
			out, _ := exec.Command(tftp, "-4", "-m", "octet", "127.0.0.1", port, "-c", "get", "none.cfg", filepath.Join(t.TempDir(), "out")).CombinedOutput()
			if !strings.Contains(string(out), "File not found") {
				t.Errorf("tftp said %q, want File not found", out)
			}
		})
		t.Run("tftp put", func(t *testing.T) {
			need(t, "tftp", errTFTP)
			file := filepath.Join(t.TempDir(), "up.cfg")
			if err := os.WriteFile(file, testBody, 0o600); err != nil {
				t.Fatal(err)
			}
			out, _ := exec.Command(tftp, "-4", "-m", "octet", "127.0.0.1", port, "-c", "put", file, "up.cfg").CombinedOutput()
			if !strings.Contains(string(out), "read only") {
				t.Errorf("tftp said %q, want read only", out)
			}
		})
		for _, size := range []string{"512", "1428", "9000"} {
			t.Run("curl with blksize "+size, func(t *testing.T) {
				need(t, "curl", errCurl)
				out, err := exec.Command(curl, "-s", "--max-time", "20", "--tftp-blksize", size, fmt.Sprintf("tftp://127.0.0.1:%s/open.cfg", port)).Output()
				if err != nil || string(out) != string(testBody) {
					t.Errorf("curl: %v, %d bytes; want %d", err, len(out), len(testBody))
				}
			})
		}
	})
}

func TestRefusalsLookAlike(t *testing.T) {
	bothPorts(t, Config{}, func(t *testing.T, d *door, _ *fakeDesk) {
		want := "\x00\x05\x00\x01File not found\x00"
		for name, ask := range map[string][]string{
			"login wanted":     {"secret.cfg", "octet"},
			"unknown":          {"none.cfg", "octet"},
			"with options":     {"secret.cfg", "octet", "blksize", "1428", "tsize", "0"},
			"netascii":         {"secret.cfg", "netascii"},
			"desk at fault":    {"fault.cfg", "octet"},
			"desk in panic":    {"panic.cfg", "octet", "tsize", "0"},
			"parent":           {"../../etc/passwd", "octet"},
			"parent within":    {"cfg/../open.cfg", "octet"},
			"backslash":        {`..\open.cfg`, "octet"},
			"control":          {"open\x01.cfg", "octet"},
			"not ASCII":        {"\xfc.cfg", "octet"},
			"too long":         {strings.Repeat("a", 129), "octet"},
			"much too long":    {strings.Repeat("a", 490), "octet"},
			"empty":            {"", "octet"},
			"nothing but root": {"/", "octet"},
		} {
			p := d.phone(t, "127.0.0.1")
			p.ask(ask...)
			if got, _ := p.hear(); string(got) != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		d.running(t, "0")
		d.until(t, metrics.NamePanics+`{front="tftp"} 1`)
	})
}

func TestTurnedAway(t *testing.T) {
	for _, tt := range []struct {
		name, packet, want string // want "" is silence
	}{
		{"write request", "\x00\x02open.cfg\x00octet\x00", string(readOnly)},
		{"mode mail", string(rrq("open.cfg", "mail")), string(badMode)},
		{"NUL in the name", string(rrq("open\x00.cfg", "octet")), string(badMode)},
		{"no mode", "\x00\x01open.cfg\x00", ""},
		{"no NUL at all", "\x00\x01open.cfg", ""},
		{"option without value", "\x00\x01open.cfg\x00octet\x00blksize\x00", ""},
		{"option without end", "\x00\x01open.cfg\x00octet\x00blksize\x001024", ""},
		{"nine options", string(rrq("open.cfg", "octet")) + strings.Repeat("a\x00b\x00", 9), ""},
		{"over 512 bytes", string(rrq("open.cfg", "octet", "a", strings.Repeat("b", 600))), ""},
		{"unknown opcode", "\x00\x09open.cfg\x00octet\x00", ""},
		{"data to the main port", "\x00\x03\x00\x01abc", ""},
		{"acknowledgement to the main port", "\x00\x04\x00\x01", ""},
		{"error to the main port", "\x00\x05\x00\x01no\x00", ""},
		{"one byte", "\x00", ""},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bothPorts(t, Config{}, func(t *testing.T, d *door, desk *fakeDesk) {
				p := d.phone(t, "127.0.0.1")
				p.send([]byte(tt.packet), p.door)
				if tt.want != "" {
					if got, _ := p.hear(); string(got) != tt.want {
						t.Fatalf("got %q, want %q", got, tt.want)
					}
				}
				// What is answered first now is this, and not the packet before.
				if got := p.fetch("empty.cfg"); got != "" {
					t.Errorf("afterwards got %q, want the empty file", got)
				}
				if n := desk.count(); n != 1 {
					t.Errorf("the desk was asked %d times, want once", n)
				}
			})
		})
	}
}

func TestWordsAreRateLimited(t *testing.T) {
	d := start(t, Config{}, &fakeDesk{}, "127.0.0.1:0")
	p := d.phone(t, "127.0.0.1")
	const sent = 500
	for range sent {
		p.send([]byte("\x00\x02open.cfg\x00octet\x00"), p.door)
	}
	p.ask("empty.cfg", "octet")
	answers := 0
	for {
		b, from := p.hear()
		if b[1] == byte(opData) {
			p.send(ack(1), from)
			break
		}
		answers++
	}
	if answers == 0 || answers > sent/2 {
		t.Errorf("%d write requests got %d answers, want some and far fewer", sent, answers)
	}
}

// A reply must come from the address the phone asked, or it is not heard.
func TestAnswersFromTheAddressAsked(t *testing.T) {
	for _, single := range []bool{false, true} {
		for _, tt := range []struct{ listen, asked, local string }{
			{"0.0.0.0:0", "127.0.0.5", "127.0.0.1"},
			{"[::]:0", "127.0.0.6", "127.0.0.1"},
			{"[::]:0", "::1", "::1"},
			{"[::1]:0", "::1", "::1"},
		} {
			t.Run(fmt.Sprintf("%s asked at %s, single %v", tt.listen, tt.asked, single), func(t *testing.T) {
				if probe, err := net.ListenPacket("udp", net.JoinHostPort(tt.local, "0")); err != nil {
					need(t, "loopback "+tt.local, err)
				} else {
					_ = probe.Close()
				}
				desk := &fakeDesk{}
				d := start(t, Config{SinglePort: single}, desk, tt.listen)
				p := d.phone(t, tt.local)
				p.door = netip.AddrPortFrom(netip.MustParseAddr(tt.asked), d.addr.Port())
				for _, file := range []string{"open.cfg", "secret.cfg", "../x"} {
					p.ask(file, "octet")
					_, from := p.hear()
					if from.Addr() != p.door.Addr() {
						t.Errorf("%s: answered from %s, want %s", file, from, p.door.Addr())
					}
					if file == "open.cfg" {
						p.send([]byte("\x00\x05\x00\x00bye\x00"), from)
						d.running(t, "0")
					}
				}
				if got := desk.last().Remote.Addr(); got != netip.MustParseAddr(tt.local) {
					t.Errorf("the desk was told %s, want %s", got, tt.local)
				}
			})
		}
	}
}

func TestServeRefusesOtherSockets(t *testing.T) {
	s, err := New(Config{}, &fakeDesk{}, slog.New(slog.DiscardHandler), metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(t.Context(), notUDP{}); err == nil {
		t.Error("Serve = nil, want an error")
	}
	conn, err := Listen(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if other, err := Listen(t.Context(), "udp", conn.LocalAddr().String()); err == nil {
		_ = other.Close()
		t.Error("Listen on a taken port = nil, want an error")
	}
	_ = conn.Close()
	if err := s.Serve(t.Context(), conn); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve on a closed socket = %v, want net.ErrClosed", err)
	}
}

type notUDP struct{ net.PacketConn }

func (notUDP) Close() error { return nil }
