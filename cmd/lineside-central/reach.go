package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/portal"
)

// reach is how the command line finds the platform: by the files the one of
// this machine keeps in its directory, or as the flags say.
type reach struct {
	dir, url, tokenFile, fingerprint string
}

// reachFile is what the running platform leaves for this machine's command line.
type reachFile struct {
	URL         string `json:"url"`
	Fingerprint string `json:"fingerprint"`
}

func (p *program) client() (*portal.Client, error) {
	if p.reach.url != "" {
		return p.elsewhere()
	}
	s, err := p.loadSettings()
	if err != nil {
		return nil, err
	}
	var at reachFile
	text, err := os.ReadFile(filepath.Join(s.Directory, fileReach))
	if err == nil {
		err = json.Unmarshal(text, &at)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, shell.Hint(fmt.Errorf("no platform has run here (nothing in %s)", s.Directory), "start it with: lineside-central run; or name its directory with --dir, or one elsewhere with --url and --token-file")
	case errors.Is(err, fs.ErrPermission):
		return nil, shell.Hint(fmt.Errorf("this user may not read %s", s.Directory), "use sudo, or a token of your own with --url and --token-file")
	case err != nil:
		return nil, fmt.Errorf("find the platform: %w", err)
	}
	return clientOf(at.URL, filepath.Join(s.Directory, fileToken), at.Fingerprint)
}

func (p *program) elsewhere() (*portal.Client, error) {
	if p.reach.tokenFile == "" {
		return nil, shell.Hint(errors.New("--url needs a token"), "write it into a file of your own and name that with --token-file")
	}
	return clientOf(p.reach.url, p.reach.tokenFile, p.reach.fingerprint)
}

func clientOf(at, tokenFile, fingerprint string) (*portal.Client, error) {
	base, err := url.Parse(at)
	if err != nil || base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("%q is not https://host:port", at)
	}
	pin, err := hex.DecodeString(strings.ReplaceAll(fingerprint, ":", ""))
	if err != nil || len(pin) != 0 && len(pin) != 32 {
		return nil, fmt.Errorf("the fingerprint %q is not 64 hex digits", fingerprint)
	}
	f, err := os.Open(tokenFile)
	if err != nil {
		return nil, fmt.Errorf("read the token: %w", err)
	}
	defer func() { _ = f.Close() }()
	token, err := io.ReadAll(io.LimitReader(f, 4<<10))
	if err != nil {
		return nil, fmt.Errorf("read the token: %w", err)
	}
	return portal.NewClient(base, phone.NewSecret(strings.TrimSpace(string(token))), pin), nil
}
