package integration

import (
	"os"
	"os/exec"
	"testing"

	"github.com/lineside/lineside/internal/built"
)

// programs are the built ones.
var programs built.Programs

// builtBox gives the path of the box's program.
func builtBox(t testing.TB) string { return compiled(t, built.Box) }

// compiled gives the path of the program that a package is.
func compiled(t testing.TB, pkg string) string {
	t.Helper()
	return programs.Path(t, pkg)
}

func TestMain(m *testing.M) {
	code := m.Run()
	_ = programs.Close() // what is left lies below the folder of temporary files
	os.Exit(code)
}

// spawn starts a program that ends with this one; ended is closed once it has.
func spawn(cmd *exec.Cmd) (ended chan struct{}, err error) { return built.Spawn(cmd, nil) }
