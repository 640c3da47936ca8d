package integration

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/netlab"
)

// TestDHCPProgram starts the program itself as a relay and beside another
// server: the settings lead to the mode, a phone is told of the box, and what
// the box hears on the LAN is in its status.
func TestDHCPProgram(t *testing.T) {
	netlab.Tool(t, "dnsmasq")
	for name, tt := range map[string]struct {
		settings string
		other    func(*modeLab)
		told     bool // by the lease itself
		raised   string
	}{
		"relay": {"mode = \"relay\"\nupstream = [\"10.78.0.2\"]", func(l *modeLab) {
			other := l.lab.Host("other", "")
			l.lab.Link("uplink", l.box, "10.78.0.1/24", other, "10.78.0.2/24")
			other.Route("10.77.0.0/24", "10.78.0.1")
			startDnsmasq(l.t, other, foreignRange)
		}, true, ""},
		"inform": {`mode = "inform"`, func(l *modeLab) {
			startDnsmasq(l.t, l.lab.Host("other", "10.77.0.2/24"), foreignRange)
		}, false, ""},
		"off": {`mode = "off"`, func(l *modeLab) {
			startDnsmasq(l.t, l.lab.Host("other", "10.77.0.2/24"), foreignRange+"dhcp-broadcast\n")
		}, false, "lan-phone-not-led"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newModeLab(t)
			tt.other(l)
			client := startProgram(t, l.box, tt.settings)
			m := tenPhones[0]
			got := lead(m.run(t, l.client, l.seen))
			if told := strings.Contains(got, "66="+dhcpURL); told != tt.told {
				t.Errorf("the lease told %q, want of the box: %v", got, tt.told)
			}
			if name == "inform" {
				if got := lead(m.inform(t, l.client, l.seen, "10.77.0.1")); !strings.Contains(got, "66="+dhcpURL) {
					t.Errorf("asked for options, the phone was told %q, want of the box", got)
				}
			}
			waitCondition(t, client, tt.raised)
		})
	}
}

// startProgram runs the built program in a host, its LAN being 10.77.0.0/24.
func startProgram(t *testing.T, h *netlab.Host, dhcp string) *admin.Client {
	t.Helper()
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	conf := writeConf(t, "lineside.toml", fmt.Sprintf(`state = %q
[listen]
interface = %q
address = "10.77.0.1/24"
admin = "off"
socket = %q
[dhcp]
%s
`, filepath.Join(dir, "state"), h.Interface(), socket, dhcp))
	p := h.Start(builtBox(t), "run", "--config", conf)
	c := admin.NewClient(socket)
	t.Cleanup(c.Close)
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := c.Status(ctx); err == nil {
			return c
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the program did not come up:\n%s", p.Output())
		case <-tick.C:
		}
	}
}

// waitCondition waits until the program's status has a condition on the LAN, and
// wants none where code is empty.
func waitCondition(t *testing.T, c *admin.Client, code string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		list, err := c.Health(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range list.Conditions {
			lan := strings.HasPrefix(h.Code, "lan-") || strings.HasPrefix(h.Code, "dhcp-")
			if h.Code == code {
				return
			}
			if lan {
				t.Errorf("condition %s: %s, want %q only", h.Code, h.Detail, code)
			}
		}
		if code == "" {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("condition %s was not raised", code)
		case <-tick.C:
		}
	}
}
