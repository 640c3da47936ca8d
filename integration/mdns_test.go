package integration

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/lineside/lineside/internal/netlab"
)

// avahi is a machine with Debian's mDNS responder and its clients.
type avahi struct {
	host *netlab.Host
	bus  string
}

// startAvahi runs a message bus and avahi-daemon in a host. Both write below
// /run, which is another one for each: "ip netns exec" has mounts of its own.
func startAvahi(t *testing.T, h *netlab.Host) avahi {
	t.Helper()
	dir := t.TempDir()
	a := avahi{h, "unix:path=" + filepath.Join(dir, "bus")}
	bus := writeConf(t, "bus.conf", `<busconfig><type>system</type><listen>`+a.bus+`</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>`)
	h.Start(netlab.Tool(t, "dbus-daemon"), "--nofork", "--nopidfile", "--config-file="+bus)
	waitUntil(t, "the message bus", func() bool { _, err := os.Stat(filepath.Join(dir, "bus")); return err == nil })
	conf := writeConf(t, "avahi.conf", "[server]\nuse-ipv6=no\nallow-interfaces="+h.Interface()+"\nhost-name=watcher\n[publish]\npublish-workstation=no\n[wide-area]\nenable-wide-area=no\n")
	p := h.Start("sh", "-c", "mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && DBUS_SYSTEM_BUS_ADDRESS="+a.bus+
		" exec "+netlab.Tool(t, "avahi-daemon")+" --no-drop-root --no-chroot --no-rlimits --file="+conf)
	waitOutput(t, p, "startup complete")
	return a
}

// says runs one of avahi's clients until its answer holds, or lacks, a text.
func (a avahi) says(t *testing.T, holds bool, want string, args ...string) string {
	t.Helper()
	deadline := time.Now().Add(clientTime)
	for {
		out, _ := a.host.Try(15*time.Second, "env", append([]string{"DBUS_SYSTEM_BUS_ADDRESS=" + a.bus}, args...)...)
		if strings.Contains(out, want) == holds {
			return out
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: got %q, want %q in it: %v", strings.Join(args, " "), out, want, holds)
		}
	}
}

// TestMDNS: avahi finds the box by name and by service, with version and site;
// a second box is lineside-2; the uplink hears nothing; who stops says goodbye.
func TestMDNS(t *testing.T) {
	t.Parallel() // it mostly waits, in a network of its own
	for _, tool := range []string{"avahi-daemon", "avahi-browse", "dbus-daemon"} {
		netlab.Tool(t, tool)
	}
	lab := netlab.New(t)
	host, other := lab.Host("box", "10.77.0.1/24"), lab.Host("two", "10.77.0.2/24")
	far := lab.Host("far", "")
	lab.Link("uplink", host, "10.78.0.1/24", far, "10.78.0.2/24")
	watcher := startAvahi(t, lab.Host("watcher", "10.77.0.9/24"))
	outside := listenMDNS(t, far, "uplink", "10.78.0.1")

	first := newBox(t, "10.77.0.1/24", host.Interface(), "10.77.0.100-10.77.0.120", "pin", ports{http: 80, https: 443, tftp: 69, dhcp: 67})
	first.host = host
	first.start(t)
	resolve := []string{"avahi-resolve", "-4", "-n", "lineside.local"}
	watcher.says(t, true, "10.77.0.1", resolve...)
	out := watcher.says(t, true, `;lineside.local;10.77.0.1;80;`, "avahi-browse", "-rpt", "_lineside._tcp")
	for _, want := range []string{`"site=Branch"`, `"version=`, `"path=/cfg/"`} {
		if !strings.Contains(out, want) {
			t.Errorf("avahi-browse says %q, want %s", out, want)
		}
	}

	second := newBox(t, "10.77.0.2/24", other.Interface(), "10.77.0.130-10.77.0.150", "pin", ports{http: 80, https: 443, tftp: 69, dhcp: 67})
	second.host = other
	second.start(t)
	watcher.says(t, true, "10.77.0.2", "avahi-resolve", "-4", "-n", "lineside-2.local")
	watcher.says(t, true, "10.77.0.1", resolve...)

	outside.ask(t)
	if err := first.proc.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if left := watcher.says(t, false, "10.77.0.1", "avahi-browse", "-rpt", "_lineside._tcp"); !strings.Contains(left, "10.77.0.2") {
		t.Errorf("avahi-browse says %q, want the other box still", left)
	}
	if n := outside.heard.Load(); n != 0 {
		t.Errorf("the uplink heard %d packets of mDNS from the box, want none", n)
	}
}

// mdnsEar counts what a machine says by multicast on one interface.
type mdnsEar struct {
	conn  *net.UDPConn
	heard atomic.Int32
}

var mdnsGroup = &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353}

func listenMDNS(t *testing.T, h *netlab.Host, iface, from string) *mdnsEar {
	t.Helper()
	e := &mdnsEar{}
	if err := h.Do(func() error {
		ifi, err := net.InterfaceByName(iface)
		if err != nil {
			return err
		}
		e.conn, err = net.ListenMulticastUDP("udp4", ifi, mdnsGroup)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2000)
		for {
			_, at, err := e.conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			if at.Addr().Unmap().String() == from {
				e.heard.Add(1)
			}
		}
	}()
	t.Cleanup(func() { _ = e.conn.Close(); <-done })
	return e
}

// ask wants the box's address, and which boxes there are.
func (e *mdnsEar) ask(t *testing.T) {
	t.Helper()
	for name, kind := range map[string]dnsmessage.Type{"lineside.local.": dnsmessage.TypeA, "_lineside._tcp.local.": dnsmessage.TypePTR} {
		m := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET}}}
		b, err := m.Pack()
		if err == nil {
			_, err = e.conn.WriteTo(b, mdnsGroup)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
