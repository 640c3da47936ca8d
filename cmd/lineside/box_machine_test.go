package main

import (
	"log/slog"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/health"
)

func TestSmallBuffersAreTold(t *testing.T) {
	for name, tt := range map[string]struct {
		bytes int
		iface string
		want  int // conditions
	}{
		"less than wanted": {65536, "eth0", 1},
		"on loopback":      {65536, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetReadBuffer(tt.bytes); err != nil {
				t.Fatal(err)
			}
			if got, ok := receiveRoom(conn); got != tt.bytes || !ok {
				t.Errorf("got %d, %v, want the %d asked for", got, ok, tt.bytes)
			}
			b := &box{where: lan{Interface: tt.iface}, log: slog.New(slog.DiscardHandler), health: &health.Board{}}
			b.opened = []opened{{door: door{name: "TFTP"}, conn: conn}}
			b.tellBuffers()
			if got := b.health.List(); len(got) != tt.want {
				t.Errorf("got %+v, want %d conditions", got, tt.want)
			}
		})
	}
}

// TestDoorsHaveRoom: as root, whom the kernel gives it, every UDP door has what
// a building of phones needs.
func TestDoorsHaveRoom(t *testing.T) {
	if unix.Geteuid() != 0 {
		t.Skip("only root gets more than the kernel's limit")
	}
	d := door{name: "TFTP", network: "udp", addr: "127.0.0.1:0"}
	for _, name := range []string{"TFTP", "SIP", "DHCP"} {
		d.name = name
		o, err := d.open(t.Context(), "server", "")
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := receiveRoom(o.conn); !ok || got < wantBuffer {
			t.Errorf("%s: got room for %d bytes, want %d", name, got, wantBuffer)
		}
		_ = o.Close()
	}
}

func TestDiskSpaceIsToldAndTakenBack(t *testing.T) {
	b := &box{health: &health.Board{}}
	for _, step := range []struct {
		free uint64
		want int
	}{{fewSpace - 1, 1}, {noSpace - 1, 1}, {fewSpace, 0}} {
		b.tellSpace(codeSpace, "full", weighSpace("x", "/state", step.free))
		if got := b.health.List(); len(got) != step.want {
			t.Errorf("with %d free: got %+v, want %d conditions", step.free, got, step.want)
		}
	}
}
