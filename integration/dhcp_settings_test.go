package integration

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lineside/lineside/internal/netlab"
)

// TestDHCPSettingsChange: the program is started anew with another pool while a
// client has a lease. At its renewal the client is told so, and has an address of
// the new pool at once, without a FORCERENEW and long before its lease ends.
func TestDHCPSettingsChange(t *testing.T) {
	t.Parallel() // it mostly waits, in a network of its own
	udhcpc := netlab.Tool(t, "udhcpc")
	lab := netlab.New(t)
	host, desk := lab.Host("box", "10.77.0.1/24"), lab.Host("phone", "")
	const before, after = "10.77.0.100-10.77.0.120", "10.77.0.200-10.77.0.220"
	b := newBox(t, "10.77.0.1/24", host.Interface(), before, "pin", ports{http: 80, https: 443, tftp: 69, dhcp: 67})
	b.host = host
	b.start(t)
	client := desk.Start(udhcpc, "-f", "-R", "-t", "5", "-T", "1", "-i", desk.Interface(), "-s", writeScript(t), "-V", "yealink")
	waitOutput(t, client, "event=bound")
	waitOutput(t, client, "ip=10.") // a script's lines come one by one
	if ip := told(t, client.Output(), "bound")["ip"]; !strings.HasPrefix(ip, "10.77.0.1") {
		t.Fatalf("got %s, want an address of %s", ip, before)
	}
	if err := b.proc.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the end of the program", b.proc.Ended)
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.config, []byte(strings.Replace(string(text), before, after, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	if err := client.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "another lease", func() bool { return strings.Count(client.Output(), "event=bound") == 2 })
	waitOutput(t, client, "ip=10.77.0.2")
	if ip := told(t, client.Output(), "bound")["ip"]; !strings.HasPrefix(ip, "10.77.0.2") {
		t.Errorf("got %s, want an address of %s", ip, after)
	}
	if !strings.Contains(client.Output(), "event=nak") {
		t.Error("the client heard no NAK")
	}
}
