package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/netlab"
)

// freshBox runs the program as on a machine where nothing was written for it: no
// settings, no state, the usual places. It gives what the machine has at a path.
func freshBox(t *testing.T, h *netlab.Host) (c *admin.Client, at func(path string) string) {
	t.Helper()
	p := h.Start("sh", "-c", `for d in /var/lib /run /etc; do mount -t tmpfs none $d || exit 1; done; exec "$0" run`, builtBox(t))
	at = func(path string) string { return fmt.Sprintf("/proc/%d/root%s", p.ID(), path) }
	c = admin.NewClient(at("/run/lineside/lineside.sock"))
	t.Cleanup(c.Close)
	waitUntil(t, "the fresh box", func() bool {
		if p.Ended() {
			t.Fatalf("it ended:\n%s", p.Output())
		}
		_, err := c.Status(t.Context())
		return err == nil
	})
	return c, at
}

// TestFirstStart sets a fresh box up by what its pages call alone: beside a LAN's
// server at first, then in its place. Nobody writes a file.
func TestFirstStart(t *testing.T) {
	t.Parallel() // it mostly waits, in a network of its own
	netlab.Tool(t, "dnsmasq")
	lab := netlab.New(t)
	host := lab.Host("box", "10.77.0.1/24")
	rival := startDnsmasq(t, lab.Host("other", "10.77.0.2/24"), foreignRange)
	c, at := freshBox(t, host)

	st, err := c.Status(t.Context())
	if err != nil || !strings.Contains(st.Next, "https://10.77.0.1:8443/") {
		t.Errorf("got %q, %v, want where to go on", st.Next, err)
	}
	for _, l := range st.Listeners {
		if l.Name == "dhcp" {
			t.Errorf("a box nobody has set up answers DHCP at %s", l.Address)
		}
	}
	if a := advice(t, c, false); a.Suggested != "off" || a.Next == "" {
		t.Errorf("before anybody asked: got %+v", a)
	}
	a := advice(t, c, true)
	if len(a.Servers) != 1 || a.Servers[0].Address.String() != "10.77.0.2" || a.Servers[0].Here || a.Suggested != "inform" {
		t.Errorf("beside a server: got %+v, want it named and inform", a)
	}
	setUp(t, c, map[string]any{"site.name": "Branch 7", "dhcp.mode": a.Suggested})
	if st, err := c.Status(t.Context()); err != nil || st.Site != "Branch 7" || st.Next == "" && len(st.Conditions) == 0 || strings.Contains(st.Next, "https://") {
		t.Errorf("set up: got %q, next %q, conditions %+v, %v", st.Site, st.Next, st.Conditions, err)
	}

	rival.Stop()
	a = advice(t, c, true)
	if len(a.Servers) > 0 && a.Servers[0].Heard.After(a.Asked) || a.Pool == "" {
		t.Errorf("without the server: got %+v", a)
	}
	setUp(t, c, map[string]any{"dhcp.mode": "server", "dhcp.pool": a.Pool})
	phone := lab.Host("phone", "")
	out := phone.Run(clientTime, netlab.Tool(t, "udhcpc"), "-f", "-n", "-q", "-t", "5", "-T", "1", "-i", phone.Interface(), "-s", "/bin/true", "-V", "yealink")
	if !strings.Contains(out, "obtained from 10.77.0.1") {
		t.Errorf("the phone says\n%s\nwant a lease of the box", out)
	}
	if text, err := os.ReadFile(at("/var/lib/lineside/settings.toml")); err != nil || !strings.Contains(string(text), a.Pool) {
		t.Errorf("what was set is not kept: %v\n%s", err, text)
	}
	if _, err := os.Stat(at("/etc/lineside/lineside.toml")); err == nil {
		t.Error("somebody wrote the operator's file")
	}
}

func advice(t *testing.T, c *admin.Client, asking bool) admin.DHCPAdvice {
	t.Helper()
	a, err := c.DHCPAdvice(t.Context(), asking)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %s", a.Suggested, a.Why)
	return a
}

// setUp changes settings and has the box start anew on them.
func setUp(t *testing.T, c *admin.Client, values map[string]any) {
	t.Helper()
	in := make(admin.SettingsInput)
	for key, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		in[key] = text
	}
	if _, err := c.SetSettings(t.Context(), 0, in); err != nil {
		t.Fatalf("%v %+v", err, err)
	}
	was, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if _, err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the box to be back", func() bool {
		st, err := c.Status(t.Context())
		return err == nil && st.Started.After(was.Started)
	})
	t.Logf("it was back after %s", time.Since(begin))
	if h, err := c.Health(t.Context()); err != nil || strings.Contains(fmt.Sprint(h.Conditions), "settings-") {
		t.Errorf("back with %+v, %v", h.Conditions, err)
	}
}
