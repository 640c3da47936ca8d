// Package golden compares what a test produced with a file under testdata, and
// rewrites the file when the test runs with -update. Golden files are read in
// review like code: a change in one is a change of what phones receive.
//
// Only tests import it; importing it defines the -update flag.
package golden

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files with what the tests produced")

// Check fails t unless the file at path holds exactly got. With -update it
// writes got there instead, making folders as needed.
func Check(t testing.TB, path string, got []byte) {
	t.Helper()
	if err := check(path, got, *update); err != nil {
		t.Error(err)
	}
}

func check(path string, got []byte, rewrite bool) error {
	want, err := os.ReadFile(path)
	if err == nil && bytes.Equal(got, want) {
		return nil
	}
	if rewrite {
		return write(path, got)
	}
	if err != nil {
		return fmt.Errorf("read golden file: %w; run the test with -update to make it", err)
	}
	return fmt.Errorf("%s: %s\nrun the test with -update if the change is meant, and read the diff", path, firstDifference(got, want))
}

func write(path string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make folder of golden file: %w", err)
	}
	if err := os.WriteFile(path, body, 0o644); err != nil {
		return fmt.Errorf("rewrite golden file: %w", err)
	}
	return nil
}

// firstDifference shows the first line where two bodies part.
func firstDifference(got, want []byte) string {
	g, w := bytes.SplitAfter(got, []byte("\n")), bytes.SplitAfter(want, []byte("\n"))
	for i := range max(len(g), len(w)) {
		var gl, wl []byte
		if i < len(g) {
			gl = g[i]
		}
		if i < len(w) {
			wl = w[i]
		}
		if !bytes.Equal(gl, wl) {
			return fmt.Sprintf("line %d: got %q, want %q", i+1, gl, wl)
		}
	}
	return "same lines"
}
