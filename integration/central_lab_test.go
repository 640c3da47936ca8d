package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/sync/portal"
)

// Addresses of the country: the platform's, and what the branches' routers show
// the world instead of the branches' own.
const (
	centreAt = "192.0.2.10"
	berlinAt = "203.0.113.7"
	munichAt = "198.51.100.8"
)

// headquarters is the platform as a program, on a machine of its own.
type headquarters struct {
	t    *testing.T
	host *netlab.Host
	dir  string // program, settings, clock
	proc *netlab.Process
}

// builtCentral builds the platform into dir, with a clock that the test moves.
func builtCentral(t *testing.T, dir string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(root, "cmd/lineside-central/main.go"): filepath.Join(root, "integration/testdata/central_main.go"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-overlay", file, "-o", filepath.Join(dir, "lineside-central"), "github.com/lineside/lineside/cmd/lineside-central")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
}

// newHeadquarters is a platform on a machine; nothing of it runs.
func newHeadquarters(t *testing.T, host *netlab.Host, at string) *headquarters {
	t.Helper()
	h := &headquarters{t: t, host: host, dir: t.TempDir()}
	builtCentral(t, h.dir)
	text := fmt.Sprintf("directory = %q\nurl = \"https://%s:8443\"\n[allow]\nnginx = %q\n", h.state(), at, h.file("geo.conf"))
	if err := os.WriteFile(h.file("central.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() && h.proc != nil {
			t.Logf("the platform said at last:\n%s", tail(h.proc.Output()))
		}
	})
	return h
}

func (h *headquarters) file(name string) string { return filepath.Join(h.dir, name) }
func (h *headquarters) state() string           { return h.file("state") }

// start runs the platform and waits until it answers.
func (h *headquarters) start() {
	h.t.Helper()
	h.proc = h.host.Start(h.file("lineside-central"), "--config", h.file("central.toml"), "run")
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(sipWait); ; <-tick.C {
		if _, err := h.try("status"); err == nil {
			return
		}
		if h.proc.Ended() || time.Now().After(end) {
			h.t.Fatalf("the platform did not come up:\n%s", tail(h.proc.Output()))
		}
	}
}

// stop asks the platform to end, and waits for it.
func (h *headquarters) stop() {
	h.t.Helper()
	if err := h.proc.Signal(syscall.SIGTERM); err != nil {
		h.t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(sipWait); !h.proc.Ended(); <-tick.C {
		if time.Now().After(end) {
			h.t.Fatalf("the platform did not end:\n%s", tail(h.proc.Output()))
		}
	}
}

func (h *headquarters) try(args ...string) (string, error) {
	return h.host.Try(sipWait, h.file("lineside-central"), append([]string{"--config", h.file("central.toml")}, args...)...)
}

// cli runs a verb that has to work.
func (h *headquarters) cli(args ...string) string {
	h.t.Helper()
	out, err := h.try(args...)
	if err != nil {
		h.t.Fatalf("lineside-central %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// api makes a call as any program would: by curl, with the admin's token and
// the platform's own CA.
func (h *headquarters) api(method, path, body string, into any) {
	h.t.Helper()
	token, err := os.ReadFile(filepath.Join(h.state(), "admin.token"))
	if err != nil {
		h.t.Fatal(err)
	}
	args := []string{"-sS", "--fail-with-body", "--cacert", filepath.Join(h.state(), "ca.pem"), "-X", method, "-H", "Content-Type: application/json",
		"-H", "Authorization: Bearer " + strings.TrimSpace(string(token))}
	if body != "" {
		args = append(args, "-d", body)
	}
	out := h.host.Run(sipWait, "curl", append(args, "https://127.0.0.1:8444/v1"+path)...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		h.t.Fatalf("%s %s: %v\n%s", method, path, err, out)
	}
}

// verdict is what an edge reads of the answer.
type verdict struct {
	Allowed bool
	Until   time.Time
}

// allowed asks whether an address is whitelisted, as an edge does.
func (h *headquarters) allowed(address string) (v verdict) {
	h.t.Helper()
	h.api("GET", "/allowlist/check?ip="+address, "", &v)
	return v
}

// ahead moves the platform's clock.
func (h *headquarters) ahead(d time.Duration) {
	h.t.Helper()
	next := h.file("clock.new")
	if err := os.WriteFile(next, []byte(d.String()), 0o600); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Rename(next, h.file("clock")); err != nil {
		h.t.Fatal(err)
	}
}

// ticket makes a device a one-time password of its own.
func (h *headquarters) ticket(mac string) (t portal.Ticket) {
	h.t.Helper()
	h.api("POST", "/devices/"+mac+"/ticket", `{"hours":24}`, &t)
	return t
}

// otp is how the platform holds a device's one-time password.
func (h *headquarters) otp(mac string) string {
	h.t.Helper()
	var all portal.Devices
	h.api("GET", "/devices?search="+mac, "", &all)
	if len(all.Devices) != 1 {
		h.t.Fatalf("got %d devices of %s, want one", len(all.Devices), mac)
	}
	return all.Devices[0].OTP
}

// site adds one; what is to be typed on its box is its second.
func (h *headquarters) site(name string) (id, token string) {
	h.t.Helper()
	var i portal.Invitation
	if err := json.Unmarshal([]byte(h.cli("site", "add", name, "--json")), &i); err != nil {
		h.t.Fatal(err)
	}
	return i.Site, strings.TrimPrefix(i.Join, "lineside join ")
}

// newCountry is a provider with a platform at it, to which branches connect.
func newCountry(t *testing.T) (*netlab.Host, *headquarters) {
	t.Helper()
	for _, tool := range []string{"nft", "curl"} {
		netlab.Tool(t, tool)
	}
	lab := netlab.New(t)
	isp, centre := lab.Host("isp", "192.0.2.1/24"), lab.Host("centre", centreAt+"/24")
	forwards(isp)
	for _, net := range []string{"203.0.113.0/24", "198.51.100.0/24"} {
		centre.Route(net, "192.0.2.1")
	}
	return isp, newHeadquarters(t, centre, centreAt)
}

func forwards(h *netlab.Host) { h.Run(sipWait, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward") }

// office is a site with a phone, an SBC and a box, behind a router that hides
// them: all branches have the same addresses inside.
type office struct {
	*sipLab
	router *netlab.Host
	id     string // at the platform
}

// newOffice makes one with a public address, at a provider's.
func newOffice(t *testing.T, isp *netlab.Host, name, public, provider string) *office {
	t.Helper()
	b := &office{sipLab: newPINLab(t)}
	b.router = b.lab.Host("router", "10.77.0.254/24")
	b.lab.Link("wan-"+name, b.router, public+"/24", isp, provider+"/24")
	b.router.Route("default", provider)
	b.box.host.Route("default", "10.77.0.254")
	forwards(b.router)
	for _, rule := range []string{"add table ip nat", "add chain ip nat out { type nat hook postrouting priority 100 ; }", `add rule ip nat out oifname "wan-` + name + `" masquerade`} {
		b.router.Run(sipWait, "nft", rule)
	}
	return b
}

// cli runs a verb of the box's operator and wants its exit code.
func (b *office) cli(t *testing.T, want int, args ...string) string {
	t.Helper()
	out, err := b.box.host.Try(sipWait, builtBox(t), append(args, "--socket", b.socket())...)
	if (err == nil) != (want == 0) {
		t.Fatalf("lineside %s: got %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// says waits until a verb says something, and gives the line it is in.
func (b *office) says(t *testing.T, text string, args ...string) (line string) {
	t.Helper()
	var out string
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(sipWait); ; <-tick.C {
		out, _ = b.box.host.Try(sipWait, builtBox(t), append(args, "--socket", b.socket())...)
		for one := range strings.Lines(out) {
			if strings.Contains(one, text) {
				return strings.TrimSpace(one)
			}
		}
		if time.Now().After(end) {
			t.Fatalf("lineside %s: got\n%s\nwant %q", strings.Join(args, " "), out, text)
		}
	}
}

// join joins the platform with a new site's token.
func (b *office) join(t *testing.T, h *headquarters, name string) {
	t.Helper()
	id, token := h.site(name)
	b.id = id
	b.cli(t, 0, "join", token)
	b.says(t, name+", linked", "status")
}
