package integration

import (
	"os"
	"strings"
	"testing"

	"github.com/lineside/lineside/internal/netlab"
)

// TestLANComesAndGoes: the running box tells of a cable pulled and of an address
// taken away, takes that back, and serves as before; where the address is left
// to the interface it ends, to be started on the new one.
func TestLANComesAndGoes(t *testing.T) {
	t.Parallel() // it mostly waits, in a network of its own
	udhcpc := netlab.Tool(t, "udhcpc")
	lab := netlab.New(t)
	host, phone := lab.Host("box", "10.77.0.1/24"), lab.Host("phone", "")
	b := newBox(t, "10.77.0.1/24", host.Interface(), "10.77.0.100-10.77.0.120", "pin", ports{http: 80, https: 443, tftp: 69, dhcp: 67})
	b.host = host
	b.start(t)
	lease := func() {
		t.Helper()
		out := phone.Run(clientTime, udhcpc, "-i", phone.Interface(), "-n", "-q", "-f", "-s", "/bin/true")
		if !strings.Contains(out, "10.77.0.1") {
			t.Errorf("udhcpc says %q, want a lease of the box", out)
		}
	}
	lease()
	for name, step := range map[string]struct{ away, back func() }{
		"the cable":   {func() { host.SetLink(false) }, func() { host.SetLink(true) }},
		"the address": {func() { host.SetAddress("10.77.0.200/24") }, func() { host.SetAddress("10.77.0.1/24") }},
	} {
		step.away()
		waitRaised(t, b, "lan-interface-gone", "eth0 should have 10.77.0.1/24")
		before := strings.Count(b.proc.Output(), "announced by mDNS")
		step.back()
		waitUntil(t, name+" back", func() bool {
			list, err := b.client.Health(t.Context())
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, tail(b.proc.Output()))
			}
			for _, c := range list.Conditions {
				if c.Code == "lan-interface-gone" {
					return false
				}
			}
			return true
		})
		lease()
		phone.SetAddress("10.77.0.60/24")
		if out := phone.Run(clientTime, netlab.Tool(t, "curl"), "-s", "-o", "/dev/null", "-w", "%{http_code}", b.url("001565000001.cfg")); out != "200" && out != "401" {
			t.Errorf("after %s came back curl says %q, want an answer", name, out)
		}
		phone.SetAddress("")
		waitUntil(t, "the announcement anew", func() bool { return strings.Count(b.proc.Output(), "announced by mDNS") > before })
	}

	b.kill()
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	free := strings.NewReplacer(`address = "10.77.0.1/24"`, `address = ""`, `"10.77.0.1:`, `":`).Replace(string(text))
	if err := os.WriteFile(b.config, []byte(free), 0o600); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	host.SetAddress("10.77.0.2/24")
	waitOutput(t, b.proc, "the LAN changed from 10.77.0.1/24 to 10.77.0.2/24")
	waitUntil(t, "the end of the program", b.proc.Ended)
	b.start(t)
	if st, err := b.client.Status(t.Context()); err != nil || !strings.Contains(st.Listeners[len(st.Listeners)-1].Address, ":") {
		t.Errorf("got %+v, %v, want the box up again", st, err)
	}
	phone.SetAddress("10.77.0.60/24")
	if out := phone.Run(clientTime, netlab.Tool(t, "curl"), "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://10.77.0.2/cfg/001565000001.cfg"); out != "200" && out != "401" {
		t.Errorf("at the new address curl says %q, want an answer", out)
	}
}
