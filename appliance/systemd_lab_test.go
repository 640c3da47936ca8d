package appliance

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/built"
	"github.com/lineside/lineside/internal/debroot"
	"github.com/lineside/lineside/internal/netlab"
)

// machine is a Debian with systemd as its first process, in a container that has a
// host of a lab as its network.
type machine struct {
	t      testing.TB
	root   string
	leader string // of its processes, as this machine numbers it
}

const machineSelf = "10.78.0.1"

// newMachine lays the box out as its package does, and boots.
func newMachine(t testing.TB, host *netlab.Host) *machine {
	t.Helper()
	nspawn := netlab.Tool(t, "systemd-nspawn")
	netlab.Tool(t, "nsenter")
	m := &machine{t: t, root: debroot.Make(t, "systemd", "dbus")}
	m.install(host)
	var out bytes.Buffer
	cmd := exec.Command(nspawn, "--quiet", "--directory="+m.root, "--boot", "--register=no", "--keep-unit", "--link-journal=no", "--machine=lineside",
		"--resolv-conf=off", "--timezone=off", "--console=pipe", "--network-namespace-path="+host.Namespace())
	cmd.Stdout, cmd.Stderr = &out, &out
	ended, err := built.Spawn(cmd, nil)
	if err != nil {
		t.Fatalf("start systemd-nspawn: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := m.try(10*time.Second, "journalctl", "--no-pager", "-n", "60")
			t.Logf("the machine said at last:\n%s\n%s", log, out.String())
		}
		if m.leader != "" {
			_ = exec.Command("kill", "-KILL", m.leader).Run() // and with it all others in there
		} else {
			_ = cmd.Process.Kill()
		}
		<-ended
	})
	m.until(20*time.Second, "the machine is up", func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", cmd.Process.Pid, cmd.Process.Pid))
		if err != nil || len(strings.Fields(string(text))) == 0 {
			return false
		}
		m.leader = strings.Fields(string(text))[0]
		state, _ := m.try(5*time.Second, "systemctl", "is-system-running")
		return strings.TrimSpace(state) == "running" || strings.TrimSpace(state) == "degraded"
	})
	return m
}

// install puts into the root what the package holds, and settings.
func (m *machine) install(host *netlab.Host) {
	m.t.Helper()
	put := func(from, to string, mode os.FileMode) {
		text, err := os.ReadFile(from)
		if err != nil {
			m.t.Fatal(err)
		}
		m.write(to, string(text), mode)
	}
	put(programs.Path(m.t, built.Box), "usr/bin/lineside", 0o755)
	units, err := filepath.Glob("../systemd/lineside*")
	if err != nil || len(units) == 0 {
		m.t.Fatalf("no units: %v", err)
	}
	for _, u := range units {
		name := filepath.Base(u)
		switch ext := filepath.Ext(u); ext {
		case ".sysusers", ".tmpfiles":
			put(u, "usr/lib/"+ext[1:]+".d/"+strings.TrimSuffix(name, ext)+".conf", 0o644)
		default:
			put(u, "usr/lib/systemd/system/"+name, 0o644)
		}
	}
	m.write("etc/lineside/lineside.toml", fmt.Sprintf(`[site]
name = "Branch"
[listen]
interface = %q
[emergency]
mode = "none"
[dhcp]
mode = "server"
pool = "10.78.0.50-10.78.0.90"
`, host.Interface()), 0o644)

}

func (m *machine) write(path, text string, mode os.FileMode) {
	m.t.Helper()
	path = filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		m.t.Fatal(err)
	}
}

// run runs a program in the machine.
func (m *machine) run(name string, args ...string) string {
	m.t.Helper()
	out, err := m.try(60*time.Second, name, args...)
	if err != nil {
		m.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// try is run for one that may fail.
func (m *machine) try(timeout time.Duration, name string, args ...string) (string, error) {
	inside := append([]string{"-k", "1", fmt.Sprint(timeout.Seconds()), "nsenter", "--target", m.leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--", name}, args...)
	cmd := exec.Command("timeout", inside...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// property is one of a unit's.
func (m *machine) property(unit, name string) string {
	m.t.Helper()
	return strings.TrimSpace(m.run("systemctl", "show", "--value", "-p", name, unit))
}

// until waits for something.
func (m *machine) until(most time.Duration, what string, is func() bool) {
	m.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(most); !is(); <-tick.C {
		if time.Now().After(end) {
			m.t.Fatalf("waited %s in vain: %s", most, what)
		}
	}
}
