package integration

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/netlab"
)

// box is one running program with a state directory that outlives it.
type box struct {
	dir    string
	config string
	self   netip.Addr
	ports  ports
	// host is the machine of a lab it runs on; nil runs it here.
	host   *netlab.Host
	under  []string // a program that runs it, with its flags
	proc   *netlab.Process
	cmd    *exec.Cmd
	ended  chan struct{} // closed once cmd has
	log    *bytes.Buffer
	client *admin.Client
}

// ports are where the doors of a box are.
type ports struct{ http, https, tftp, dhcp int }

var loopbackPorts = ports{http: 8080, https: 8443, tftp: 6969, dhcp: 6767}

// newBox writes a settings file for a box at self, a prefix such as
// 127.40.0.1/16, with a pool and whatever lines extra adds to section site.
func newBox(t testing.TB, self string, iface, pool, firstContact string, p ports) *box {
	t.Helper()
	prefix := netip.MustParsePrefix(self)
	b := &box{dir: t.TempDir(), self: prefix.Addr(), ports: p, log: new(bytes.Buffer)}
	b.config = filepath.Join(b.dir, "lineside.toml")
	settings := fmt.Sprintf(`state = %q
[site]
name = "Branch"
timezone = "Europe/Berlin"
emergency = ["110", "112"]
sbc = "sbc.example.net:5060"
first_contact = %q
[listen]
interface = %q
address = %q
http = "%s:%d"
https = "%s:%d"
tftp = "%s:%d"
admin = "off"
socket = %q
[trust]
window = "off"
[dhcp]
listen = %q
pool = %q
router = %q
lease = "8h"
`, filepath.Join(b.dir, "state"), firstContact, iface, self, b.self, p.http, b.self, p.https, b.self, p.tftp,
		b.socket(), b.dhcpListen(), pool, b.self)
	if err := os.WriteFile(b.config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.kill()
		if t.Failed() {
			t.Logf("the box said at last:\n%s", b.said())
		}
	})
	return b
}

// dhcpListen is all addresses on the real port, since broadcasts must come in,
// and the box's own on any other.
func (b *box) dhcpListen() string {
	if b.ports.dhcp == 67 {
		return ":67"
	}
	return fmt.Sprintf("%s:%d", b.self, b.ports.dhcp)
}

// said is the end of what the program wrote.
func (b *box) said() string {
	text := b.log.String()
	if b.proc != nil {
		text = b.proc.Output()
	}
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-40):], "\n")
}

func (b *box) socket() string { return filepath.Join(b.dir, "s") }

// start runs the program and waits until it answers.
func (b *box) start(t testing.TB) {
	t.Helper()
	if b.host != nil {
		b.proc = b.host.Start(builtBox(t), "run", "--config", b.config)
	} else {
		b.startHere(t)
	}
	b.client = admin.NewClient(b.socket())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		if _, err := b.client.Status(ctx); err == nil {
			tick.Stop()
			return
		}
		select {
		case <-ctx.Done():
			b.kill()
			t.Fatalf("the box did not come up:\n%s", b.said())
		case <-tick.C:
		}
	}
}

func (b *box) startHere(t testing.TB) {
	t.Helper()
	args := append(slices.Clone(b.under), builtBox(t), "run", "--config", b.config)
	b.cmd = exec.Command(args[0], args[1:]...)
	b.cmd.Stdout, b.cmd.Stderr = b.log, b.log
	var err error
	if b.ended, err = spawn(b.cmd); err != nil {
		t.Fatal(err)
	}
}

// kill ends the program as a power cut would.
func (b *box) kill() {
	if b.proc != nil {
		b.proc.Stop()
	}
	if b.cmd != nil {
		_ = b.cmd.Process.Kill()
		<-b.ended
		b.cmd = nil
	}
	if b.client != nil {
		b.client.Close()
	}
}

// url is where a file is, as phones are told it.
func (b *box) url(file string) string {
	host := b.self.String()
	if b.ports.http != 80 {
		host = fmt.Sprintf("%s:%d", b.self, b.ports.http)
	}
	return "http://" + host + "/cfg/" + file
}

// fetch asks for a file from an address of this host, by Digest where a login
// is given as "user", "password".
func (b *box) fetch(ctx context.Context, from, file, agent string, login ...string) (status int, body string, err error) {
	local := &dialer{from: netip.MustParseAddr(from)}
	var rt http.RoundTripper = &http.Transport{DialContext: local.dial, DisableKeepAlives: true, DisableCompression: true}
	if len(login) == 2 {
		rt = &digest.Transport{Username: login[0], Password: login[1], Transport: rt}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url(file), nil)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("User-Agent", agent)
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all), err
}
