package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// withoutNATS are the box's files on NATS as they would be if it spoke HTTPS
// alone.
var withoutNATS = map[string]string{
	"nats.go": `package site

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"
)

type NATS struct {
	URL   *url.URL
	Site  string
	Key   NKey
	TLS   *tls.Config
	Proxy *url.URL
}

func (n *NATS) String() string                     { return n.URL.Redacted() }
func (n *NATS) Dial(context.Context) (Conn, error) { return nil, errBusy }

var errBusy = errors.New("not built in")
`,
	"nkey.go": `package site

type NKey struct{}

func NewNKey() (NKey, error)         { return NKey{}, nil }
func ParseNKey([]byte) (NKey, error) { return NKey{}, nil }
func (NKey) Bytes() ([]byte, error)  { return nil, nil }
func (NKey) Public() (string, error) { return "", nil }
`,
}

// natsBytes is how much longer the box's binary is for speaking NATS.
func natsBytes(t testing.TB) int64 {
	t.Helper()
	dir := t.TempDir()
	at, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/lineside/lineside/sync/site").Output()
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	for name, text := range withoutNATS {
		to := filepath.Join(dir, name)
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(strings.TrimSpace(string(at)), name)] = to
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	file := filepath.Join(dir, "overlay.json")
	if err == nil {
		err = os.WriteFile(file, overlay, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return boxBytes(t, dir) - boxBytes(t, dir, "-overlay", file)
}

// boxBytes builds lineside as make does and gives the length of the binary.
func boxBytes(t testing.TB, dir string, more ...string) int64 {
	t.Helper()
	to := filepath.Join(dir, "lineside")
	args := append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", to}, more...)
	c := exec.Command("go", append(args, "github.com/lineside/lineside/cmd/lineside")...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	info, err := os.Stat(to)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
