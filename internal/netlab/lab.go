package netlab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// bridge is the name of the bridge in the lab's own namespace.
const bridge = "br0"

// setup bounds one command that makes or removes a part of the lab.
const setup = 20 * time.Second

// serial keeps labs of one process apart.
var serial atomic.Int32

// Lab is one LAN: a bridge in a namespace of its own and the hosts on it.
type Lab struct {
	t     testing.TB
	name  string // namespace of the bridge, start of every other
	hosts int
}

// New makes a lab that lasts as long as the test.
func New(t testing.TB) *Lab {
	t.Helper()
	if os.Geteuid() != 0 {
		Lacking(t, "network namespaces need root")
	}
	ip := Tool(t, "ip")
	l := &Lab{t: t, name: fmt.Sprintf("lab%d-%d", os.Getpid(), serial.Add(1))}
	if out, err := command(ip, "netns", "add", l.name); err != nil {
		Lacking(t, "network namespaces cannot be made here: "+strings.TrimSpace(out))
	}
	t.Cleanup(func() { l.remove(l.name) })
	l.ip("-n", l.name, "link", "add", bridge, "type", "bridge", "forward_delay", "0")
	l.ip("-n", l.name, "link", "set", bridge, "up")
	return l
}

// Host joins a host to the lab. cidr is its address with prefix length, empty
// for one that asks by DHCP.
func (l *Lab) Host(name, cidr string) *Host {
	l.t.Helper()
	l.hosts++
	h := &Host{lab: l, space: l.name + "-" + name}
	port := fmt.Sprintf("p%d", l.hosts)
	l.ip("netns", "add", h.space)
	l.t.Cleanup(func() { l.remove(h.space) })
	l.ip("-n", l.name, "link", "add", port, "type", "veth", "peer", "name", device, "netns", h.space)
	l.ip("-n", l.name, "link", "set", port, "master", bridge, "up")
	l.ip("-n", h.space, "link", "set", "lo", "up")
	if cidr != "" {
		l.ip("-n", h.space, "address", "add", cidr, "brd", "+", "dev", device)
	}
	l.ip("-n", h.space, "link", "set", device, "up")
	return h
}

// ip runs iproute2 and fails the test where that fails.
func (l *Lab) ip(args ...string) {
	l.t.Helper()
	if out, err := command("ip", args...); err != nil {
		l.t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// remove takes a namespace away, and with it its ends of veth pairs.
func (l *Lab) remove(space string) {
	if out, err := command("ip", "netns", "del", space); err != nil {
		l.t.Logf("remove namespace %s: %v\n%s", space, err, out)
	}
}

func command(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setup)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	return string(out), err
}

// Tool gives the path of a program tests need; where it is missing, the test
// is skipped, or fails under REQUIRE=1.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Lacking(t, name+" is not installed")
	}
	return path
}

// Lacking ends a test that cannot run here.
func Lacking(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("REQUIRE") == "1" {
		t.Fatal(reason + "; REQUIRE=1 makes that a failure")
	}
	t.Skip(reason + "; REQUIRE=1 would make that a failure")
}
