package appliance

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/built"
)

var programs built.Programs

func TestMain(m *testing.M) {
	code := m.Run()
	_ = programs.Close() // what is left lies below the folder of temporary files
	os.Exit(code)
}

// box is a running program on an address of loopback of its own.
type box struct {
	t      testing.TB
	dir    string // settings, log and socket; the state is below it
	self   string
	more   string   // lines that follow the settings
	under  []string // a program that runs it, with its flags
	env    []string // beside this process's own
	client *admin.Client
	cmd    *exec.Cmd
	ended  chan struct{}
}

// boxes counts those of this test's run, for their addresses.
var boxes atomic.Int32

// newBox chooses an address and writes nothing yet.
func newBox(t testing.TB) *box {
	t.Helper()
	net := 130 + (os.Getpid()*7+int(boxes.Add(1)))%90
	b := &box{t: t, dir: t.TempDir(), self: fmt.Sprintf("127.%d.0.1", net)}
	t.Cleanup(func() {
		b.kill()
		if t.Failed() {
			t.Logf("the box said at last:\n%s", b.tail())
		}
	})
	return b
}

func (b *box) state() string  { return filepath.Join(b.dir, "state") }
func (b *box) config() string { return filepath.Join(b.dir, "lineside.toml") }
func (b *box) socket() string { return filepath.Join(b.dir, "s") }
func (b *box) logFile() string {
	return filepath.Join(b.dir, "log")
}

// write writes the settings.
func (b *box) write() {
	b.t.Helper()
	net := strings.TrimSuffix(b.self, ".0.1")
	text := fmt.Sprintf(`state = %q
[site]
name = "Branch"
timezone = "Europe/Berlin"
emergency = ["110", "112"]
sbc = "192.0.2.1:5060"
first_contact = "otp"
[listen]
address = "%s/16"
http = "%s:8080"
https = "off"
tftp = "%s:6969"
sip = "%s:5070"
admin = "off"
socket = %q
[trust]
window = "off"
[dhcp]
listen = "%s:6767"
pool = "%s.1.0-%s.2.255"
router = %q
%s`, b.state(), b.self, b.self, b.self, b.self, b.socket(), b.self, net, net, b.self, b.more)
	if err := os.WriteFile(b.config(), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// launch starts the program, without waiting for it. attr may be nil; started is
// as built.Spawn has it.
func (b *box) launch(attr *syscall.SysProcAttr, started func() error) {
	b.t.Helper()
	args := append(append([]string(nil), b.under...), programs.Path(b.t, built.Box), "run", "--config", b.config())
	b.cmd = exec.Command(args[0], args[1:]...)
	out, err := os.OpenFile(b.logFile(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	defer out.Close()
	b.cmd.Env = append(os.Environ(), b.env...)
	b.cmd.Stdout, b.cmd.Stderr, b.cmd.SysProcAttr = out, out, attr
	if b.ended, err = built.Spawn(b.cmd, started); err != nil {
		b.t.Fatal(err)
	}
}

// start starts it and waits until it answers.
func (b *box) start() {
	b.t.Helper()
	b.launch(nil, nil)
	b.awaitUp()
}

func (b *box) awaitUp() {
	b.t.Helper()
	b.client = admin.NewClient(b.socket())
	b.eventually("the box to answer", func() bool {
		_, err := b.client.Status(b.t.Context())
		return err == nil
	})
}

// eventually waits for something to become true.
func (b *box) eventually(what string, ok func() bool) {
	b.t.Helper()
	end := time.Now().Add(30 * time.Second)
	for tick := time.NewTicker(20 * time.Millisecond); !ok(); <-tick.C {
		if time.Now().After(end) || b.over() {
			b.t.Fatalf("waited in vain for %s\n%s", what, b.tail())
		}
	}
}

// over reports that the program has ended.
func (b *box) over() bool {
	select {
	case <-b.ended:
		return true
	default:
		return false
	}
}

// kill ends it as a power cut would.
func (b *box) kill() {
	if b.cmd == nil {
		return
	}
	_ = b.cmd.Process.Kill()
	<-b.ended
	b.cmd = nil
}

func (b *box) said() string {
	text, _ := os.ReadFile(b.logFile()) // none yet
	return string(text)
}

func (b *box) tail() string {
	all := strings.Split(strings.TrimSpace(b.said()), "\n")
	return strings.Join(all[max(0, len(all)-30):], "\n")
}

// asked gives the answer to a GET at the operator's socket.
func (b *box) asked(path string) *http.Response {
	b.t.Helper()
	rt := &http.Transport{DialContext: dialUnix(b.socket()), DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, "http://lineside"+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}
