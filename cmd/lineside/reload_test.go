package main

import (
	"context"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// reloaded sends the running daemon SIGHUP and waits until status says so.
func reloaded(t *testing.T, socket, want string) string {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; {
		_, out, errs := lineside(t, "status", "--settings", "--socket", socket)
		if strings.Contains(out, want) {
			return out
		}
		if time.Now().After(end) {
			t.Fatalf("status never said %q:\n%s%s", want, out, errs)
		}
	}
}

// TestReloadTakesOverDHCP changes the settings of a running daemon: the DHCP
// server goes on with the new ones on the same port, what cannot change is named,
// and a faulty file changes nothing.
func TestReloadTakesOverDHCP(t *testing.T) {
	dir := t.TempDir()
	path := settingsOnLoopback(t, dir)
	socket := filepath.Join(dir, "lineside.sock")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := loadSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	rewrite := func(old, to string) {
		t.Helper()
		if !strings.Contains(string(text), old) {
			t.Fatalf("the settings have no %q", old)
		}
		text = []byte(strings.Replace(string(text), old, to, 1))
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	boots := func(mac phone.MAC) netip.Addr {
		t.Helper()
		p, err := fleet.New(fleet.Config{MAC: mac, Vendor: "yealink", Model: "T46G", DHCP: netip.MustParseAddrPort(s.DHCP.Listen), Relay: demoRelay, Asks: 1},
			vendors.All(), func(context.Context, fleet.Prompt) (vendors.Login, bool) { return vendors.Login{}, false }, func(fleet.Event) {})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Boot(t.Context()); !p.Lease().Addr.IsValid() {
			t.Fatalf("the phone has no address: %v", err)
		}
		return p.Lease().Addr
	}
	sd := newSystemd(t)
	background(t, io.Discard, "run", "--config", path)
	sd.hears(t, "READY=1")
	one, two := phone.MAC{0, 0x15, 0x65, 1, 0, 1}, phone.MAC{0, 0x15, 0x65, 1, 0, 2}
	first := boots(one)

	rewrite("127.20.0.50-127.20.0.250", "127.20.0.60-127.20.0.70")
	reloaded(t, socket, "127.20.0.60-127.20.0.70")
	for _, mac := range []phone.MAC{one, two} {
		if got := boots(mac); got.Less(netip.MustParseAddr("127.20.0.60")) || netip.MustParseAddr("127.20.0.70").Less(got) {
			t.Errorf("%s has %s after the reload (%s before), want one of the new pool", mac, got, first)
		}
	}
	rewrite("[dhcp]", "[dhcp.reservations]\n\"00:15:65:01:00:02\" = \"127.20.0.200\"\n[dhcp]\nvoice_vlan = 7")
	reloaded(t, socket, "Some changed settings wait for a restart")
	if got := boots(two); got.String() != "127.20.0.200" {
		t.Errorf("the phone has %s, want the address now reserved", got)
	}
	rewrite("127.20.0.60-", "127.20.0.99-")
	if out := reloaded(t, socket, "The settings file has a fault"); !strings.Contains(out, "127.20.0.60-127.20.0.70") {
		t.Errorf("a faulty file: status says\n%s\nwant the settings of before in force", out)
	}
	if got := boots(two); got.String() != "127.20.0.200" {
		t.Errorf("under a faulty file the phone has %s, want what it had", got)
	}
}

func TestWhatAReloadTakesOver(t *testing.T) {
	start := settings{State: "/a", Origin: []admin.Setting{{Key: "state", Value: "/a"}, {Key: "dhcp.mode", Value: "server"}, {Key: "dhcp.lease", Value: "8h"}, {Key: "dhcp.voice_vlan", Value: "0"}}}
	start.DHCP.Mode, start.DHCP.Lease = "server", 8*time.Hour
	read := settings{State: "/b", Origin: []admin.Setting{{Key: "state", Value: "/b"}, {Key: "dhcp.mode", Value: "server"}, {Key: "dhcp.lease", Value: "1h"}, {Key: "dhcp.voice_vlan", Value: "7"}, {Key: "dhcp.scopes.10.0.0.0/8.lease", Value: "2h"}}}
	read.DHCP.Mode, read.DHCP.Lease, read.DHCP.VoiceVLAN = "server", time.Hour, 7
	read.DHCP.Reservations = map[phone.MAC]netip.Addr{{1}: netip.MustParseAddr("10.0.0.1")}
	next := start.with(read)
	if next.State != "/a" || next.DHCP.VoiceVLAN != 0 || next.DHCP.Lease != time.Hour || len(next.DHCP.Reservations) != 1 {
		t.Errorf("got %+v, want the lease and reservations of the file and the rest of the start", next)
	}
	if got, want := start.changed(next), []string{"dhcp.lease", "dhcp.scopes.10.0.0.0/8.lease", "dhcp.reservations"}; !slices.Equal(got, want) {
		t.Errorf("changed: got %q, want %q", got, want)
	}
	if got, want := next.changed(read), []string{"dhcp.voice_vlan", "state"}; !slices.Equal(got, want) {
		t.Errorf("waiting: got %q, want %q", got, want)
	}
}
