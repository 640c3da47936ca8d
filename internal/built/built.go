package built

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
)

// Box is the package of the box's program.
const Box = "github.com/lineside/lineside/cmd/lineside"

// Programs are the built ones, each made once for all tests of a package, which
// keeps one and closes it in TestMain. The zero value is ready.
type Programs struct {
	mu  sync.Mutex
	dir string
}

// Path gives the path of the program that a package is.
func (p *Programs) Path(t testing.TB, pkg string) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dir == "" {
		var err error
		if p.dir, err = os.MkdirTemp("", "lineside-bin-"); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(p.dir, filepath.Base(pkg))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("build: %w\n%s", err, out))
	}
	return path
}

// Close removes them.
func (p *Programs) Close() error {
	if p.dir == "" {
		return nil
	}
	return os.RemoveAll(p.dir)
}

// Spawn starts a program that ends with this one; ended is closed once it has.
// started, where it is not nil, is called on the thread that started the program,
// which alone may trace it.
func Spawn(cmd *exec.Cmd, started func() error) (ended chan struct{}, err error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	ended = make(chan struct{})
	told := make(chan error, 1)
	go func() {
		// The signal comes when the thread ends that started the program, and
		// netlab's threads do: this one is kept.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		if err == nil && started != nil {
			err = started()
		}
		told <- err
		if cmd.Process != nil {
			_ = cmd.Wait()
		}
	}()
	return ended, <-told
}
