package tftpd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/lineside/lineside/provision"
)

// shelfDesk serves one file from the disk, once it is closed again.
type shelfDesk struct {
	path string

	mu   sync.Mutex
	open []*os.File
}

func (d *shelfDesk) Fetch(context.Context, provision.Ask) (provision.Answer, error) {
	f, err := os.Open(d.path)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = append(d.open, f)
	return provision.Answer{Status: provision.Content, File: f}, err
}

// TestLocalFile: a file from the disk arrives whole, its size is told, and it is
// closed.
func TestLocalFile(t *testing.T) {
	want := bytes.Repeat([]byte("firmware\n"), 30_000)
	dir := t.TempDir()
	desk := &shelfDesk{path: filepath.Join(dir, "x.rom")}
	if err := os.WriteFile(desk.path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	d := start(t, Config{}, desk, "127.0.0.1:0")
	p := d.phone(t, "127.0.0.1")
	if got := p.fetch("files/x/x.rom"); got != string(want) {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
	d.running(t, "0")
	desk.mu.Lock()
	first := desk.open[0]
	desk.mu.Unlock()
	if _, err := first.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file is still open: %v", err)
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	out, err := exec.Command(curl, "-s", "--tftp-blksize", "1428", "tftp://"+d.addr.String()+"/files/x/x.rom").Output()
	if err != nil || !bytes.Equal(out, want) {
		t.Errorf("curl: got %d bytes and %v, want %d", len(out), err, len(want))
	}
}
