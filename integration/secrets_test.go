package integration

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lineside/lineside/admin"
)

// spoken is something the box gave out, and which secrets may stand in it: they
// must, for then the search is seen to work.
type spoken struct {
	what string
	data []byte
	may  []string
}

// vault is a box whose secrets are known to the test, and all it gave out.
type vault struct {
	t       *testing.T
	b       *box
	socket  *http.Client
	secrets []planted
	heard   []spoken
	asked   map[string]bool // operations of the API, "GET /api/v1/status"
}

// newVault starts a box that logs all it can and has its admin listener open.
func newVault(t *testing.T) *vault {
	t.Helper()
	self := fmt.Sprintf("127.%d.0.1", 32+os.Getpid()%90)
	b := newBox(t, self+"/16", "lo", strings.Replace(self, ".0.1", ".1.0", 1)+"-"+strings.Replace(self, ".0.1", ".8.255", 1), "otp", loopbackPorts)
	settings, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	settings = bytes.Replace(settings, []byte(`admin = "off"`), fmt.Appendf(nil, "admin = %q", b.adminAddr()), 1)
	settings = append(settings, "[log]\nlevel = \"debug\"\n"...)
	if err := os.WriteFile(b.config, settings, 0o600); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	v := &vault{t: t, b: b, asked: make(map[string]bool)}
	v.socket = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", b.socket())
	}}}
	t.Cleanup(v.socket.CloseIdleConnections)
	v.plantFile("site key", "site.key")
	v.plantFile("admin token", "admin.token")
	return v
}

func (b *box) adminAddr() string { return fmt.Sprintf("%s:%d", b.self, 9443) }

// plant makes up a secret that stands nowhere else.
func (v *vault) plant(name, user string) (value string) {
	var b [10]byte
	_, _ = rand.Read(b[:])
	return v.keep(name, user, "Planted-"+hex.EncodeToString(b[:])+"!")
}

// keep takes down a secret the box made.
func (v *vault) keep(name, user, value string) string {
	v.t.Helper()
	if value == "" {
		v.t.Fatalf("there is no %s", name)
	}
	v.secrets = append(v.secrets, planted{name: name, value: value, user: user})
	return value
}

// plantFile takes down the secret in a file of the state directory, which nobody
// else may read, and the bytes it spells.
func (v *vault) plantFile(name, file string) {
	v.t.Helper()
	path := filepath.Join(v.b.dir, "state", file)
	text, err := os.ReadFile(path)
	if err != nil {
		v.t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		v.t.Errorf("%s: got %v, %v; want mode 0600", path, st.Mode(), err)
	}
	word := strings.TrimSpace(string(text))
	v.keep(name, "", word)
	if raw, err := hex.DecodeString(word); err == nil {
		v.keep(name+", bytes", "", string(raw))
	}
}

// hear takes down what the box gave out.
func (v *vault) hear(what string, data []byte, may ...string) {
	v.heard = append(v.heard, spoken{what, data, may})
}

// search looks for every secret in everything.
func (v *vault) search() (looked int, faults []string) {
	for _, h := range v.heard {
		looked += len(h.data)
		for _, p := range v.secrets {
			found, may := p.in(h.data), slices.Contains(h.may, p.name)
			switch {
			case found && !may:
				faults = append(faults, fmt.Sprintf("%s holds the %s", h.what, p.name))
			case may && !found:
				faults = append(faults, fmt.Sprintf("%s lacks the %s, so the search sees nothing there", h.what, p.name))
			}
		}
	}
	return looked, faults
}

// command runs the operator's command against the box.
func (v *vault) command(in string, may []string, args ...string) {
	v.t.Helper()
	cmd := exec.CommandContext(v.t.Context(), builtBox(v.t), append(args, "--socket", v.b.socket())...)
	cmd.Stdin = strings.NewReader(in)
	out, err := cmd.CombinedOutput()
	// status says by its exit code that something needs doing.
	if err != nil && (args[0] != "status" || cmd.ProcessState.ExitCode() != 1) {
		v.t.Errorf("lineside %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	v.hear("lineside "+strings.Join(args, " "), out, may...)
}

// process takes down what anybody on the machine can see of the daemon.
func (v *vault) process() {
	v.t.Helper()
	for _, name := range []string{"cmdline", "environ"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", v.b.cmd.Process.Pid, name))
		if err != nil {
			v.t.Fatal(err)
		}
		v.hear("/proc/PID/"+name, text)
	}
}

// stop ends the daemon as systemd would, and takes down its log and its files.
func (v *vault) stop() {
	v.t.Helper()
	if err := v.b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		v.t.Fatal(err)
	}
	<-v.b.ended
	if end := v.b.cmd.ProcessState; !end.Success() {
		v.t.Errorf("the daemon ended with %v", end)
	}
	v.b.cmd = nil
	v.hear("the log", v.b.log.Bytes())
	if !bytes.Contains(v.b.log.Bytes(), []byte("level=DEBUG")) {
		v.t.Error("the log has no debug lines")
	}
	err := filepath.WalkDir(filepath.Join(v.b.dir, "state"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		switch d.Name() {
		case "site.key":
			v.hear(path, text, "site key", "site key, bytes")
		case "admin.token":
			v.hear(path, text, "admin token")
		default:
			v.hear(path, text)
		}
		return err
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

// TestPlantedSecrets does everything an operator, a phone and a stranger can do,
// with secrets that are known, and looks for them in everything the box gave
// out: log, answers, database, files, process table.
func TestPlantedSecrets(t *testing.T) {
	v := newVault(t)
	v.setUpAll()
	v.phonesAndStrangers()
	v.operate()
	v.people()
	v.commands()
	v.bundle()
	v.overTLS()
	v.many()
	v.anew()
	v.covers()
	v.process()
	v.stop()
	looked, faults := v.search()
	for _, f := range faults {
		t.Error(f)
	}
	t.Logf("%d secrets in %d places, %d KiB: %d faults", len(v.secrets), len(v.heard), looked>>10, len(faults))
	v.wouldFind(t)
}

// wouldFind leaks each secret once, to see that the search would say so.
func (v *vault) wouldFind(t *testing.T) {
	t.Helper()
	for _, p := range v.secrets {
		leaky := vault{t: t, secrets: v.secrets}
		line := "level=DEBUG msg=\"login\" password=" + p.value + "\n"
		leaky.hear("the log", append(bytes.Clone(v.b.log.Bytes()), line...))
		if _, faults := leaky.search(); !slices.Contains(faults, "the log holds the "+p.name) {
			t.Errorf("a leak of the %s would not be found: got %q", p.name, faults)
		}
	}
}

// ask makes a call to the API by the operator's socket and takes the answer down.
func (v *vault) ask(operation, path, body string, may ...string) []byte {
	v.t.Helper()
	return v.send(operation, path, body, func(status int) bool { return status < 300 }, may...)
}

// refused is ask for what there is nothing to do for: the refusal is heard too.
func (v *vault) refused(operation, path, body string, want int) {
	v.t.Helper()
	v.send(operation, path, body, func(status int) bool { return status == want })
}

func (v *vault) send(operation, path, body string, fine func(status int) bool, may ...string) []byte {
	v.t.Helper()
	method, _, _ := strings.Cut(operation, " ")
	v.asked[operation] = true
	req, err := http.NewRequestWithContext(v.t.Context(), method, "http://lineside"+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	switch {
	case strings.HasPrefix(body, "{"):
		req.Header.Set("Content-Type", "application/json")
	case body != "":
		req.Header.Set("Content-Type", "text/csv")
	}
	resp, err := v.socket.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil || !fine(resp.StatusCode) {
		v.t.Errorf("%s: got %s %.300s, %v", operation, resp.Status, all, err)
	}
	head := new(bytes.Buffer)
	_ = resp.Header.Write(head)
	v.hear(operation, append(head.Bytes(), all...), may...)
	return all
}

// reveal is ask for an answer whose purpose is to tell one new secret, which
// stands in the field of that name.
func (v *vault) reveal(name, user, operation, path, body, key string) (value string) {
	v.t.Helper()
	answer := v.ask(operation, path, body)
	value = field(v.t, answer, key)
	for _, p := range v.secrets {
		if p.value == value { // told before
			name = p.name
		}
	}
	if !slices.ContainsFunc(v.secrets, func(p planted) bool { return p.name == name }) {
		v.keep(name, user, value)
	}
	v.heard[len(v.heard)-1].may = []string{name}
	return value
}

// pin gives a device's PIN, which is a secret from then on.
func (v *vault) pin(mac string) string {
	v.t.Helper()
	const path = admin.API + "/devices/{mac}/pin"
	name := fmt.Sprintf("PIN no. %d of %s", len(v.heard), mac)
	return v.reveal(name, "", "GET "+path, strings.Replace(path, "{mac}", mac, 1), "", "pin")
}

// field is a member of a JSON answer.
func field(t *testing.T, answer []byte, key string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(answer, &all); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	text, _ := all[key].(string)
	return text
}
