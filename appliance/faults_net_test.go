package appliance

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

// inNamespace makes a box that runs in a lab's host, on its eth0 with an address.
func inNamespace(t *testing.T, host *netlab.Host, name, address string) (*box, []string) {
	t.Helper()
	b := newBox(t)
	b.self = netip.MustParsePrefix(address).Addr().String()
	b.write()
	text, err := os.ReadFile(b.config())
	must(t, err)
	wide, net := strings.TrimSuffix(b.self, ".0.1"), strings.TrimSuffix(b.self, ".1")
	fixed := strings.NewReplacer(`address = "`+b.self+`/16"`, fmt.Sprintf("interface = %q\naddress = %q", name, address),
		wide+".1.0-"+wide+".2.255", net+".100-"+net+".200", `listen = "`+b.self+`:6767"`, `listen = ":67"`).Replace(string(text))
	must(t, os.WriteFile(b.config(), []byte(fixed), 0o600))
	space := strings.TrimSpace(host.Run(patience, "ip", "netns", "identify"))
	return b, []string{"ip", "netns", "exec", space}
}

// lease has a real client get an address, and reports whether it did.
func lease(phone *netlab.Host) bool {
	out, err := phone.Try(5*time.Second, "udhcpc", "-i", phone.Interface(), "-n", "-q", "-f", "-t", "3", "-T", "1", "-s", "/bin/true")
	return err == nil && strings.Contains(out, "obtained")
}

// networkLate starts a box, as systemd does, before there is an interface with its
// address.
func networkLate(t *testing.T) outcome {
	netlab.Tool(t, "udhcpc")
	lab := netlab.New(t)
	host, phone := lab.Host("box", ""), lab.Host("phone", "")
	b, under := inNamespace(t, host, host.Interface(), "10.78.0.1/24")
	b.under = under
	at := filepath.Join(b.dir, "notify")
	told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: at, Net: "unixgram"})
	must(t, err)
	defer told.Close()
	b.env = []string{"NOTIFY_SOCKET=" + at}
	host.SetAddress("")
	b.launch(nil, nil)
	hear := func(want string) string {
		t.Helper()
		buf := make([]byte, 4096)
		must(t, told.SetReadDeadline(time.Now().Add(30*time.Second)))
		for {
			n, err := told.Read(buf)
			if err != nil {
				t.Fatalf("waited in vain to hear %s: %v\n%s", want, err, b.tail())
			}
			if strings.Contains(string(buf[:n]), want) {
				return string(buf[:n])
			}
		}
	}
	said := hear("STATUS=waits for its LAN")
	if b.over() {
		t.Fatalf("got the end of the box, want it to wait\n%s", b.tail())
	}
	host.SetAddress("10.78.0.1/24")
	began := time.Now()
	hear("READY=1")
	took := time.Since(began)
	b.awaitUp()
	if !lease(phone) {
		t.Error("got no lease once the network was there")
	}
	line, _, _ := strings.Cut(strings.TrimPrefix(said, "STATUS="), "\n")
	return outcome{"no network at start", "get nothing, as there is no network", line, fmt.Sprintf("serves %s after the address came; nobody starts it", took.Round(100*time.Millisecond))}
}

// interfaceRenamed has the system call the LAN's interface otherwise, as after an
// update, while the box runs.
func interfaceRenamed(t *testing.T) outcome {
	netlab.Tool(t, "udhcpc")
	lab := netlab.New(t)
	host, phone := lab.Host("box", "10.79.0.1/24"), lab.Host("phone", "")
	b, under := inNamespace(t, host, host.Interface(), "10.79.0.1/24")
	b.under = under
	b.start()
	if !lease(phone) {
		t.Fatal("got no lease to begin with")
	}
	host.Run(patience, "ip", "link", "set", "eth0", "down")
	host.Run(patience, "ip", "link", "set", "eth0", "name", "lan0")
	host.Run(patience, "ip", "link", "set", "lan0", "up")
	c := b.condition("lan-interface-renamed", true)
	b.condition("lan-interface-gone", false)
	if !lease(phone) {
		t.Error("got no lease under the new name")
	}
	b.kill()
	b.start()
	b.condition("lan-interface-renamed", true)
	if !lease(phone) {
		t.Error("got no lease after a start under the new name")
	}
	host.Run(patience, "ip", "link", "set", "lan0", "down")
	host.Run(patience, "ip", "link", "set", "lan0", "name", "eth0")
	host.Run(patience, "ip", "link", "set", "eth0", "up")
	b.kill()
	b.start()
	b.condition("lan-interface-renamed", false)
	return outcome{"interface renamed while it runs", "are served as ever, after the next start too where listen.address is set", words(c), "with the old name, or settings that say the new one, the condition is gone"}
}

// memoryShort gives the box 32 MiB and has phones ask as fast as they can.
func memoryShort(t *testing.T) outcome {
	const mib = 32
	b := newBox(t)
	b.write()
	g := newGroup(t, b, "memory")
	g.limitMemory(mib << 20)
	// The program is in the group before it begins, as systemd has it.
	b.under = []string{"sh", "-c", `echo $$ >"$0"/cgroup.procs && exec "$@"`, g.at}
	b.start()
	phones := b.setUp(200)
	for _, p := range phones[:40] {
		must(t, p.enrol())
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	asked := make(chan int)
	for w := range 8 {
		go func() {
			n := 0
			for ; ctx.Err() == nil; n++ {
				if err := phones[(w*5+n)%40].own(); err != nil {
					t.Errorf("under load: %v", err)
					break
				}
			}
			asked <- n
		}()
	}
	total := 0
	for range 8 {
		total += <-asked
	}
	if b.over() {
		t.Fatalf("the kernel ended the box\n%s", b.tail())
	}
	if n := g.kills(); n != 0 {
		t.Errorf("the kernel had to end %d processes of the group, want none", n)
	}
	return outcome{fmt.Sprintf("MemoryMax=%dM", mib), fmt.Sprintf("are served: %d configs in 3 s, no request lost", total),
		"nothing: it collects garbage from half of what its unit gives it on", "nothing to recover from"}
}
