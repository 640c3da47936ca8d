package main

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

func TestKeyRotate(t *testing.T) {
	s := newStoppable(t)
	const mac = "00:15:65:4a:a9:37"
	s.does("", 0, "", "device", "add", mac, "--model", "T46G")
	pin := strings.Fields(s.does("", 0, `^\d{6}\n`, "pin", "show", mac))[0]
	out := t.TempDir()
	backup, oldKey, keyFile := filepath.Join(out, "branch.db"), filepath.Join(out, "old.key"), filepath.Join(s.state(), "site.key")
	s.does("", 0, "", "backup", backup)
	was := fileText(t, keyFile)

	for _, at := range [][]string{{"--config", s.config}, {"--state", s.state()}} {
		s.does("", 1, "another lineside runs.*→ nothing was changed; stop it with: systemctl stop lineside", append([]string{"key", "rotate"}, at...)...)
	}
	s.end()
	s.does("", 0, "under a new site key, with 1 device.*the old key is kept in "+oldKey+".*backups made before need the old key.*→ start the box",
		"key", "rotate", "--config", s.config, "--save-old", oldKey)
	if is := fileText(t, keyFile); bytes.Equal(was, is) || !bytes.Equal(was, fileText(t, oldKey)) {
		t.Error("the key in place is the old one, or the one kept is not")
	}
	s.does("", 1, "is there already.*\n.*write another name: it may be the key of other backups\n", "key", "rotate", "--config", s.config, "--save-old", oldKey)

	s.start()
	s.does("", 0, "^"+pin, "pin", "show", mac)
	s.does("", 0, `key-rotated`, "audit")
	s.does("", 0, "whole|nobody", "audit", "--verify")
	s.end()

	s.does("", 1, "the site key does not open.*→ .*name the one the backup was made under with --key", "restore", backup, "--config", s.config)
	s.does("", 0, "sealed anew under the box's key", "restore", backup, "--config", s.config, "--key", oldKey)
	s.start()
	s.does("", 0, "^"+pin, "pin", "show", mac)
	s.end()
	s.does("", 0, `"devices": 1`, "key", "rotate", "--state", s.state(), "--json")
}

func fileText(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestKeyRotateOfACredential: the box cannot write where systemd takes its key
// from, so it goes on with the new one from where it lies and says what to do.
func TestKeyRotateOfACredential(t *testing.T) {
	given := t.TempDir()
	s := newStoppable(t)
	s.does("", 0, "", "device", "add", "00:15:65:4a:a9:37", "--model", "T46G")
	s.end()
	cred, next := filepath.Join(given, "lineside.key"), filepath.Join(s.state(), "site.key.next")
	if err := os.Rename(filepath.Join(s.state(), "site.key"), cred); err != nil {
		t.Fatal(err)
	}
	s.does("", 1, "the site key is missing.*→ .*--key FILE.*systemd-run", "key", "rotate", "--state", s.state())
	t.Setenv("CREDENTIALS_DIRECTORY", given)
	s.does("", 0, "the new key is in "+next+".*→ .*systemd-creds encrypt --name=lineside.key "+next, "key", "rotate", "--config", s.config)
	s.does("", 1, "not put in its place.*→ nothing was changed; put it there first", "key", "rotate", "--config", s.config)
	s.start()
	s.does("", 1, "the site key is not in its place", "status")
	s.does("", 0, "T46G", "device", "list")
	s.end()
	if err := os.WriteFile(cred, fileText(t, next), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.does("", 0, "T46G", "device", "list")
	s.does("", 0, "devices:", "status")
	if _, err := os.Stat(next); err == nil {
		t.Error("the new key still lies in the state directory")
	}
	s.end()
}

// TestKeyRotateByRoot leaves every file to whom it belonged.
func TestKeyRotateByRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	s := newStoppable(t)
	s.end()
	const owner = 12345
	files := []string{s.state(), filepath.Join(s.state(), "lineside.db"), filepath.Join(s.state(), "site.key")}
	for _, f := range files {
		if err := os.Chown(f, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	s.does("", 0, "under a new site key", "key", "rotate", "--state", s.state())
	for _, f := range append(files, filepath.Join(s.state(), "lineside.db.good")) {
		if info, err := os.Stat(f); err != nil || info.Sys().(*syscall.Stat_t).Uid != owner {
			t.Errorf("%s: %v, now root's", f, err)
		}
	}
}

// TestTokens makes a token, shows it to the running box, and takes it away.
func TestTokens(t *testing.T) {
	o := newOperator(t)
	o.does("", 0, "no tokens but the admin's", "token", "list")
	token := strings.Fields(o.does("", 0, `^\S{43}\n  → it is shown this once`, "token", "add", "monitoring", "--role", "viewer"))[0]
	o.does("", 0, "monitoring +viewer", "token", "list")
	o.does("", 1, "there is a token monitoring already.*→", "token", "add", "monitoring", "--role", "admin")
	o.does("", 1, "lower-case letters", "token", "add", "Über", "--role", "admin")
	at := regexp.MustCompile(`admin (\S+?)(,|\n)`).FindStringSubmatch(o.does("", 0, "", "status"))
	if at == nil {
		t.Fatal("status does not say where the API is")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // the box's own certificate
	t.Cleanup(client.CloseIdleConnections)
	ask := func(method, path string, want int) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "https://"+at[1]+"/api/v1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s %s: got %d, want %d", method, path, resp.StatusCode, want)
		}
	}
	ask("GET", "/devices", http.StatusOK)
	ask("GET", "/backup", http.StatusForbidden)
	ask("POST", "/devices/00:15:65:4a:a9:37/reset", http.StatusForbidden)
	o.does("", 0, "the token is void", "token", "remove", "monitoring")
	ask("GET", "/devices", http.StatusUnauthorized)
	o.does("", 1, "no token of that name", "token", "remove", "monitoring")
	o.does("", 0, "token-added.*token-removed", "audit")
	if strings.Count(o.said.String(), token) != 1 {
		t.Error("the token was shown more than once")
	}
}
