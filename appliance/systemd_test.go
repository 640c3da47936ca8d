package appliance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

// exposure is the most that systemd-analyze may say of a unit that faces a network.
const exposure = "1.5"

// TestUnitsAreHardened asks systemd-analyze how much of the machine is open to each
// service.
func TestUnitsAreHardened(t *testing.T) {
	analyze := netlab.Tool(t, "systemd-analyze")
	for _, unit := range []string{"lineside.service", "lineside-central.service", "lineside-backup.service"} {
		// The threshold counts in tenths.
		cmd := exec.Command(analyze, "security", "--offline=true", "--no-pager", "--threshold="+strings.Replace(exposure, ".", "", 1), filepath.Join("../systemd", unit))
		out, err := cmd.CombinedOutput()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		t.Log(lines[len(lines)-1])
		if err != nil {
			t.Errorf("%s: got %v, want no more than %s\n%s", unit, err, exposure, out)
		}
	}
}

// TestUnderSystemd has systemd start the box, with a phone's LAN beside it: its
// sockets, restarts while phones ask, a part that hangs, a backup, its log.
func TestUnderSystemd(t *testing.T) {
	t.Parallel()
	lab := netlab.New(t)
	host, phone := lab.Host("box", machineSelf+"/24"), lab.Host("phone", "10.78.0.2/24")
	m := newMachine(t, host)
	said := &shown{t: t}
	start := time.Now()
	m.run("systemctl", "start", "lineside")
	said.that("started by systemd", "%s, READY after %d ms", m.property("lineside", "StatusText")+m.property("lineside", "ActiveState"), time.Since(start).Milliseconds())
	m.sockets(said)
	m.restartUnderLoad(said, phone)
	m.journal(said)
	m.backup(said)
	if os.Getenv("SOAK") != "" {
		m.hung(said, phone) // builds another box, and waits for systemd's patience to end
	}
	m.stopped(said, phone)
}

// shown prints what was shown, a line each.
type shown struct {
	t testing.TB
	n int
}

func (s *shown) that(what, how string, args ...any) {
	if s.n++; s.n == 1 {
		s.t.Log("what was shown")
	}
	s.t.Logf("%-38s %s", what, fmt.Sprintf(how, args...))
}

// sockets: the box has those of the units, and says so.
func (m *machine) sockets(said *shown) {
	m.t.Helper()
	out, _ := m.try(10*time.Second, "lineside", "status") // 1 where something is not as it should be
	listens := regexp.MustCompile(`listens on: +(.*)`).FindStringSubmatch(out)
	if listens == nil {
		m.t.Fatalf("status: got\n%s", out)
	}
	for _, want := range []string{"dhcp 0.0.0.0:67", "tftp 10.78.0.1:69", "http 10.78.0.1:80", "https 10.78.0.1:443", "admin 10.78.0.1:8443", "sip 10.78.0.1:5060"} {
		if !strings.Contains(listens[1], want+" (systemd)") {
			m.t.Errorf("status: got %q, want %s (systemd)", listens[1], want)
		}
	}
	said.that("sockets passed by their units", "%d", strings.Count(listens[1], "(systemd)"))
}

// requests is how many each caller asks.
const requests = 250

// asking has callers ask as phones do. Each retries as often as is said.
func asking(phone *netlab.Host, retries int) (callers []*netlab.Process) {
	for n := range 4 {
		callers = append(callers, phone.Start("curl", "--silent", "--show-error", "--max-time", "15", "--retry", fmt.Sprint(retries), "--retry-all-errors", "--retry-delay", "1",
			"--header", "Connection: close", "--output", "/dev/null", "--write-out", "%{http_code}\n", fmt.Sprintf("http://%s/nothing%d-[1-%d]", machineSelf, n, requests)))
	}
	return callers
}

// answered waits for callers, and counts.
func (m *machine) answered(callers []*netlab.Process) (well, failed int) {
	m.t.Helper()
	for _, c := range callers {
		m.until(60*time.Second, "callers have asked all", c.Ended)
		well += strings.Count(c.Output(), "404\n")
		failed += strings.Count(c.Output(), "000\n")
	}
	return well, failed
}

// restartUnderLoad: no request fails, and a lease is given with no more than a retry.
func (m *machine) restartUnderLoad(said *shown, phone *netlab.Host) {
	m.t.Helper()
	callers := asking(phone, 0)
	const restarts = 3
	for range restarts {
		m.run("systemctl", "restart", "--no-block", "lineside")
		// Five tries, a second apart: one retry would do, the rest is for a slow machine.
		out := phone.Run(20*time.Second, "udhcpc", "-f", "-n", "-q", "-i", phone.Interface(), "-s", "/bin/true", "-t", "5", "-T", "1")
		if !strings.Contains(out, "lease of 10.78.0.") {
			m.t.Errorf("DHCP over a restart: got\n%s", out)
		}
		m.until(20*time.Second, "the box is up again", func() bool {
			return m.property("lineside", "ActiveState") == "active" && m.property("lineside", "Job") == ""
		})
	}
	well, failed := m.answered(callers)
	if failed != 0 || well != len(callers)*requests {
		m.t.Errorf("over %d restarts got %d answers and %d failures, want %d and none", restarts, well, failed, len(callers)*requests)
	}
	said.that("systemctl restart under load", "%d restarts, %d requests, %d failed; a lease each time", restarts, well+failed, failed)
}

// journal: facts are fields.
func (m *machine) journal(said *shown) {
	m.t.Helper()
	out := m.run("journalctl", "-u", "lineside", "FRONT=http", "-o", "json", "--no-pager")
	if !strings.Contains(out, `"ADDRESS":"10.78.0.1:80"`) || !strings.Contains(out, `"FROM":"systemd"`) {
		m.t.Errorf("journal: got\n%s\nwant the door's address and where its socket is from as fields", out)
	}
	said.that("journald fields", "journalctl FRONT=http finds %d lines", strings.Count(out, "\n"))
}

// backup runs the nightly one twice, and looks at when it is due.
func (m *machine) backup(said *shown) {
	m.t.Helper()
	m.run("systemctl", "start", "lineside-backup.timer")
	m.run("systemctl", "start", "lineside-backup.service")
	made, err := filepath.Glob(filepath.Join(m.root, "var/lib/lineside-backups/lineside-*.tar"))
	if err != nil || len(made) != 1 {
		m.t.Fatalf("backups: got %v, %v, want one", made, err)
	}
	info, err := os.Stat(made[0])
	if err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
		m.t.Errorf("the backup: got %v, %v, want one of mode 0600", info, err)
	}
	due := m.property("lineside-backup.timer", "NextElapseUSecRealtime")
	if due == "" {
		m.t.Error("the timer is not due")
	}
	said.that("backup by the timer's service", "%s, next %s", filepath.Base(made[0]), due)
}

// hung: a part that hangs has systemd start the box anew; phones ask once more at
// most.
func (m *machine) hung(said *shown, phone *netlab.Host) {
	m.t.Helper()
	wedge := filepath.Join(m.t.TempDir(), "wedge")
	cmd := exec.Command("go", "test", "-c", "-trimpath", "-o", wedge, "../cmd/lineside")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("build the box that hangs: %v\n%s", err, out)
	}
	program, err := os.ReadFile(wedge)
	if err != nil {
		m.t.Fatal(err)
	}
	m.write("usr/bin/lineside-wedge", string(program), 0o755)
	m.write("etc/systemd/system/lineside.service.d/wedge.conf",
		"[Service]\nEnvironment=LINESIDE_WEDGE=1\nWatchdogSec=15s\nExecStart=\nExecStart=/usr/bin/lineside-wedge run --config /etc/lineside/lineside.toml\n", 0o644)
	m.run("systemctl", "daemon-reload")
	m.run("systemctl", "restart", "lineside")
	// It lives by its proofs for longer than systemd's patience, of which each look is
	// a third.
	for range 4 {
		was := m.property("lineside", "WatchdogTimestampMonotonic")
		m.until(20*time.Second, "the box proves itself", func() bool { return m.property("lineside", "WatchdogTimestampMonotonic") != was })
	}
	if n := m.property("lineside", "NRestarts"); n != "0" {
		m.t.Errorf("a box of which nothing hangs was started anew %s times", n)
	}
	// They refuse to give up for as long as a phone that asks once more waits.
	const tries = 8
	callers := asking(phone, tries)
	m.run("systemctl", "kill", "--signal=USR1", "lineside")
	m.until(90*time.Second, "systemd starts the box anew", func() bool {
		if callers[len(callers)-1].Ended() {
			callers = append(callers, asking(phone, tries)...) // somebody asks all the time
		}
		return m.property("lineside", "NRestarts") == "1" && m.property("lineside", "ActiveState") == "active"
	})
	log := m.run("journalctl", "-u", "lineside", "--no-pager", "-o", "cat")
	for _, want := range []string{"a part of the box hangs", "component=wedge", "Watchdog timeout", "goroutine "} {
		if !strings.Contains(log, want) {
			m.t.Errorf("the journal has no %q", want)
		}
	}
	well, _ := m.answered(callers)
	if want := len(callers) * requests; well != want {
		m.t.Errorf("while it hung and came back got %d answers, want %d", well, want)
	}
	said.that("a part hangs", "systemd ended and started the box once; all %d requests meanwhile answered, at once or when asked again", well)
}

// stopped: who stops the box has it stopped, whatever phones ask.
func (m *machine) stopped(said *shown, phone *netlab.Host) {
	m.t.Helper()
	m.run("systemctl", "stop", "lineside")
	m.until(10*time.Second, "the sockets are closed", func() bool { return m.property("lineside-http.socket", "ActiveState") == "inactive" })
	_, _ = phone.Try(10*time.Second, "curl", "--silent", "--max-time", "1", "http://"+machineSelf+"/")
	for _, unit := range []string{"lineside.service", "lineside-http.socket", "lineside-dhcp.socket"} {
		m.until(10*time.Second, unit+" is stopped", func() bool { return m.property(unit, "ActiveState") == "inactive" })
	}
	said.that("systemctl stop", "stops the sockets too; a phone that asks starts nothing")
}
