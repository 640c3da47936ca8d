package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/seal"
)

// Files in the platform's directory.
const (
	fileDatabase = "central.db"
	// folderReleases has the files of releases.
	folderReleases = "releases"
	fileStream     = "stream"
	fileKeys       = "platform.key"
	fileToken      = "admin.token"
	fileReach      = "api.json"
)

// keys are everything the platform proves itself and opens secrets with.
type keys struct {
	central central.Keys
	broker  broker.Keys
}

// keysText is how they are kept.
type keysText struct {
	Signer []byte `json:"signer"`
	Seal   []byte `json:"seal"`
	Cursor []byte `json:"cursor"`
	Broker string `json:"broker"`
}

// loadKeys reads the platform's keys, and makes them where neither they nor a
// database are there yet. fresh says that they were made.
func loadKeys(dir string) (k keys, fresh bool, err error) {
	path := filepath.Join(dir, fileKeys)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		k, err = makeKeys(dir, path)
		return k, true, err
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return k, false, shell.Hint(fmt.Errorf("%s can be read by others, and with it they can pose as the platform", path), "if nobody has: chmod 600 %s", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return k, false, fmt.Errorf("read the platform's keys: %w", err)
	}
	k, err = parseKeys(text)
	if err != nil {
		return k, false, shell.Hint(fmt.Errorf("%s is damaged: %w", path, err), "put its copy back; without it nothing in the database opens and every box must join anew")
	}
	return k, false, nil
}

func makeKeys(dir, path string) (k keys, err error) {
	if _, err := os.Stat(filepath.Join(dir, fileDatabase)); err == nil {
		return k, shell.Hint(fmt.Errorf("%s is gone, and the database beside it opens with nothing else", path), "put its copy back, or begin in another directory: lineside-central run --dir DIR")
	}
	if k.central, err = central.NewKeys(); err != nil {
		return k, err
	}
	k.broker = broker.NewKeys()
	sealKey, err := k.central.Seal.Bytes()
	if err != nil {
		return k, fmt.Errorf("make the platform's keys: %w", err)
	}
	return k, shell.WriteWhole(path, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(keysText{k.central.Signer.Bytes(), sealKey, k.central.Cursor, k.broker.Reveal()})
	})
}

func parseKeys(text []byte) (k keys, err error) {
	var t keysText
	if err = json.Unmarshal(text, &t); err != nil {
		return k, err
	}
	if k.central.Signer, err = seal.ParseSigner(t.Signer); err != nil {
		return k, err
	}
	if k.central.Seal, err = seal.ParseKey(t.Seal); err != nil {
		return k, err
	}
	if k.central.Cursor = t.Cursor; len(t.Cursor) != 32 {
		return k, errors.New("the key of cursors is not whole")
	}
	k.broker, err = broker.ParseKeys(t.Broker)
	return k, err
}
