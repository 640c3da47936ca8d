package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/update"
)

// labVersions are those of the program before and after: of one length, so that
// one build can be made into the other.
const (
	labBefore = "v7.1.0"
	labAfter  = "v7.2.0"
)

// releaseLab makes releases for this machine.
type releaseLab struct {
	dir    string // with keys, slots and state
	signer update.Signer
	keys   string // folder
}

func newReleaseLab(t *testing.T) releaseLab {
	t.Helper()
	l := releaseLab{dir: t.TempDir()}
	l.keys = filepath.Join(l.dir, "release.pub.d")
	if err := os.Mkdir(l.keys, 0o755); err != nil {
		t.Fatal(err)
	}
	public, secret, err := update.MakeKeys(phone.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.keys, "makers.pub"), public, 0o644); err != nil {
		t.Fatal(err)
	}
	if l.signer, err = update.OpenSigner(secret, phone.Secret{}); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l releaseLab) path(parts ...string) string {
	return filepath.Join(append([]string{l.dir}, parts...)...)
}

func (l releaseLab) slots() programSlots {
	return programSlots{dir: l.path("slots"), base: labBefore}
}

// release is one of a program for this machine.
func (l releaseLab) release(t *testing.T, version string, program []byte) []byte {
	t.Helper()
	a, err := update.Describe(update.Artefact{Kind: update.Program, OS: runtime.GOOS, Arch: runtime.GOARCH, Name: "lineside"}, bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	made := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	text, err := update.Manifest{Format: update.Format, Version: version, Made: made, Schema: store.Schema(), BackTo: store.Schema(), Artefacts: []update.Artefact{a}}.Text()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = update.Write(&b, text, l.signer.Sign(text, made), func(update.Artefact) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(program)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// stage puts a release and a request where the daemon would.
func (l releaseLab) stage(t *testing.T, release []byte) {
	t.Helper()
	in := l.path("state", updateFolder)
	if err := os.MkdirAll(in, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{stagedUpdate: release, wantedUpdate: []byte(`{"version":"` + labAfter + `","by":"test"}`)} {
		if err := os.WriteFile(filepath.Join(in, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// stillBox is a service that always answers, as what counts.
type stillBox struct{ slots programSlots }

func (b stillBox) Vitals(context.Context) (update.Vitals, error) {
	if _, n := b.slots.live(); n.Version != "" {
		return update.Vitals{Version: n.Version}, nil
	}
	return update.Vitals{Version: b.slots.base}, nil
}

func (stillBox) Restart(context.Context) error { return nil }
func (stillBox) Backup(context.Context) error  { return nil }
func (stillBox) Restore(context.Context) error { return nil }

func (l releaseLab) carrier() carrier {
	box := stillBox{l.slots()}
	return carrier{slots: l.slots(), state: l.path("state"), keys: []string{l.keys}, window: 20 * time.Millisecond, look: time.Millisecond, box: box, safe: box, log: slog.New(slog.DiscardHandler)}
}

func (l releaseLab) ledger(t *testing.T) update.Ledger {
	t.Helper()
	got, err := l.slots().ledger().Load()
	if err != nil {
		t.Fatal(err)
	}
	return got
}
