package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/lineside/lineside/admin"
)

// branch is a daemon on loopback with what its doors are called.
type branch struct {
	*operator
	state string
	doors map[string]string // name to address
}

func newSite(t *testing.T) branch {
	t.Helper()
	o := newOperator(t)
	s := branch{o, filepath.Join(filepath.Dir(o.socket), "state"), map[string]string{}}
	var st admin.Status
	if err := json.Unmarshal([]byte(s.does("", 0, "", "status", "--json")), &st); err != nil {
		t.Fatal(err)
	}
	for _, l := range st.Listeners {
		s.doors[strings.Fields(l.Name)[0]] = l.Address
	}
	return s
}

// ask sends a request with a Digest login, if one is given, and gives status and
// body.
func (s branch) ask(method, path, body, user, password string, headers ...string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, "http://"+s.doors["http"]+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body == "" {
		req.Body = http.NoBody
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Timeout: 10 * time.Second}
	if user != "" {
		client.Transport = &digest.Transport{Username: user, Password: password}
	}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (s branch) wants(what string, status int, body string) func(int, string) {
	return func(gotStatus int, gotBody string) {
		s.t.Helper()
		if gotStatus != status || !regexp.MustCompile("(?s)"+body).MatchString(gotBody) {
			s.t.Errorf("%s: got %d %.600q, want %d and %s", what, gotStatus, gotBody, status, body)
		}
	}
}

// real runs a real client and gives what it says.
func real(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("REQUIRE") == "1" {
			t.Fatal(err)
		}
		t.Skip(name + " is not installed")
	}
	out, err := exec.Command(path, args...).Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return string(out)
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFilesUsersTemplatesAndUploads is an operator's morning, with real clients
// at the doors.
func TestFilesUsersTemplatesAndUploads(t *testing.T) {
	s := newSite(t)
	const mac, hex = "00:15:65:4a:a9:37", "0015654aa937"
	dir := t.TempDir()

	// A firmware file, by both doors and in parts.
	rom := strings.Repeat("0123456789", 5000)
	s.does("", 0, "no files; add one", "file", "list")
	s.does("", 0, `files/yealink/T46G\.rom: 50000 bytes, SHA-256 [0-9a-f]{64}, served`, "file", "add", "yealink", write(t, filepath.Join(dir, "T46G.rom"), rom))
	s.does("", 0, `not in the backup: files/yealink/T46G\.rom, SHA-256 [0-9a-f]{64}: `, "backup", filepath.Join(dir, "branch.db"))
	s.does("", 1, "own configs", "file", "add", "yealink", write(t, filepath.Join(dir, "x"), "x"), "--name", hex+".cfg")
	s.does("", 2, "is not served", "file", "add", "acme", filepath.Join(dir, "x"))
	if got := real(t, "curl", "-s", "-r", "12345-12349", "http://"+s.doors["http"]+"/cfg/files/yealink/T46G.rom"); got != "56789" {
		t.Errorf("a part by HTTP: got %q, want 56789", got)
	}
	if got := real(t, "curl", "-s", "tftp://"+s.doors["tftp"]+"/files/yealink/T46G.rom"); got != rom {
		t.Errorf("by TFTP: got %d bytes, want %d", len(got), len(rom))
	}
	s.wants("a file there is none of", 404, "")(s.ask("GET", "/cfg/files/yealink/none.rom", "", "", ""))
	s.does("", 0, "yealink T46G: T46G.rom .*is named in their configs", "file", "firmware", "yealink", "t46g", "T46G.rom")
	s.does("", 0, "T46G.rom", "file", "add", "spectralink", filepath.Join(dir, "T46G.rom"))
	s.does("", 0, `nothing is told to the phone.*(?s).*templates/spectralink\.conf.*\{firmware\.url\}`, "file", "firmware", "spectralink", "8440", "T46G.rom")
	s.does("", 1, "firmware rule.*→", "file", "remove", "yealink", "T46G.rom")

	// A user, who owns a phone.
	s.does("", 1, "no user.*lineside user add", "device", "add", mac, "--model", "T46G", "--owner", "anna")
	s.does("fakepass1\n", 0, "anna: set up; extension 710", "user", "add", "anna", "--extension", "710", "--first", "Anna", "--last", "Müller", "--password-file", "-")
	s.does("short1\n", 1, "web_password: must be 8", "user", "add", "bert", "--extension", "711", "--password-file", "-")
	s.does("", 0, "bert", "user", "add", "bert", "--extension", "711", "--first", "Bert")
	s.does("", 0, "owner +anna", "device", "add", mac, "--model", "T46G", "--owner", "anna", "--line", "alice@sip.example.net")
	s.does("", 0, "anna +710 +Anna Müller .*yes +no +"+mac, "user", "list", "müll")
	s.does("", 1, "owns devices.*→", "user", "remove", "anna")

	// The phone's full config names both.
	s.does("", 0, "", "policy", "set", "claimed", "yes")
	s.does("", 0, "suspended", "device", "suspend", mac)
	_, config := s.ask("GET", "/cfg/"+hex+".cfg", "", "", "")
	value := func(name string) string {
		t.Helper()
		m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` = (.*)$`).FindStringSubmatch(config)
		if m == nil {
			t.Fatalf("%s is not in the config:\n%s", name, config)
		}
		return m[1]
	}
	base := "http://" + s.doors["http"]
	for name, want := range map[string]string{
		"static.firmware.url": base + "/cfg/files/yealink/T46G.rom", "remote_phonebook.data.1.url": base + "/dir/yealink",
		"remote_phonebook.data.1.username": "710", "remote_phonebook.data.1.password": "fakepass1",
	} {
		if got := value(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}

	// The phone book behind the user's own password.
	s.wants("the book", 200, "Anna Müller.*710.*Bert.*711")(s.ask("GET", "/dir/yealink", "", "710", "fakepass1"))
	s.wants("a search", 200, "</Title>\\s*<DirectoryEntry><Name>Bert")(s.ask("GET", "/dir/yealink?search=bert", "", "710", "fakepass1"))
	s.wants("a wrong password", 401, "")(s.ask("GET", "/dir/yealink", "", "710", "wrong"))
	if got := real(t, "curl", "-s", "--digest", "-u", "710:fakepass1", base+"/dir/snom"); !strings.Contains(got, "<SnomIPPhoneDirectory>") {
		t.Errorf("curl: got %q, want the book as snom's phones read it", got)
	}

	// What the phone puts on the box.
	user, password := value("static.auto_provision.server.username"), value("static.auto_provision.server.password")
	s.wants("an upload without a login", 401, "")(s.ask("PUT", "/cfg/"+hex+"-contact.xml", "<x/>", "", ""))
	if got := real(t, "curl", "-s", "--digest", "-u", user+":"+password, "-T", write(t, filepath.Join(dir, "contact"), "<contacts/>"), base+"/cfg/"+hex+"-contact.xml"); got != "kept\n" {
		t.Errorf("curl's upload: got %q, want it kept", got)
	}
	s.wants("a name nobody uploads", 405, "")(s.ask("PUT", "/cfg/evil.bin", "x", user, password))
	s.does("", 0, hex+"-contact.xml +contacts +11 ", "device", "uploads", mac)
	if got := s.does("", 0, "", "device", "uploads", mac, hex+"-contact.xml"); got != "<contacts/>" {
		t.Errorf("got %q, want what the phone sent", got)
	}

	// Templates.
	file := filepath.Join(s.state, "templates", "yealink.conf")
	write(t, file, "lang.gui = Klingon\nnonsense\n")
	s.does("", 1, "yealink.conf:2: .*→", "template", "check")
	s.does("", 1, "yealink.conf:2: ", "template", "reload")
	s.does("", 1, "templates-refused|faults in the templates", "status")
	write(t, file, "lang.gui = Klingon\nxsi.password = fake-literal\n- sip.notify_reboot_enable\n")
	s.does("", 0, "good: yealink.conf; put in force", "template", "check")
	s.does("", 0, "in force: yealink.conf", "template", "reload")
	diff := s.does("", 0, `- lang\.gui = .*\+ lang\.gui = Klingon   from yealink\.conf:1.*left out`, "device", "render", mac, hex+".cfg", "--diff")
	if strings.Contains(diff, "fake-literal") {
		t.Errorf("a secret written out in a template is shown:\n%s", diff)
	}
	s.does("", 0, "fake-literal", "device", "render", mac, hex+".cfg", "--diff", "--reveal")
	write(t, file, "lang.gui = Elvish\n")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); !strings.Contains(s.does("", 0, "", "device", "render", mac, hex+".cfg", "--diff"), "Elvish"); {
		if time.Now().After(end) {
			t.Fatal("SIGHUP did not load the template")
		}
	}

	// The sheet of the redirect service.
	s.does("", 0, "", "otp", "set", "yealink", "--user", "install", "--generate")
	if got := s.does("", 0, "", "device", "export", "--for", "yealink-rps"); strings.Contains(got, "install") || !strings.Contains(got, "0015654AA937") {
		t.Errorf("under pin: got %s, want the row without the OTP", got)
	}
	s.does("", 0, "", "policy", "set", "first-contact", "otp")
	s.does("", 0, `0015654AA937,http://[^,]*/cfg/,install,\S+`, "device", "export", "--for", "yealink-rps")
	s.does("", 1, "write one of .*yealink-rps", "device", "export", "--for", "acme")
	s.does("", 0, "sheet-shown.*secrets-shown|secrets-shown.*sheet-shown", "audit")
}
