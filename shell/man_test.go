package shell_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
)

// TestManCommand: each verb that is shown has a page, and nothing in its words
// is taken for a request to the formatter.
func TestManCommand(t *testing.T) {
	run := func(*cobra.Command, []string) error { return nil }
	root := &cobra.Command{Use: "box", Short: "Be a box"}
	add := &cobra.Command{
		Use: "add MAC", Short: "Add a phone", RunE: run, Example: "  box add 00:15\\n\n.so /etc/passwd",
		Long: "Add a phone\nby its MAC.\n\n'quoted' at the start\n\n  indented",
	}
	add.Flags().String("label", "", "what to `NAME` it")
	add.Flags().String("secret", "", "hidden")
	_ = add.Flags().MarkHidden("secret")
	root.PersistentFlags().BoolP("quiet", "q", false, "say nothing")
	root.AddCommand(add, &cobra.Command{Use: "inside", Hidden: true, RunE: run}, shell.ManCommand("8", io.Discard))
	dir := filepath.Join(t.TempDir(), "man8")
	root.SetArgs([]string{"man", dir})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "box-add.8"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		".TH BOX\\-ADD 8", "box\\-add \\- Add a phone", "\\fBbox add\\fR MAC [flags]", "Add a phone\nby its MAC.\n.PP\n\\&'quoted'",
		".nf\n  indented\n.fi", "\\fB\\-\\-label\\fR \\fINAME\\fR\nwhat to NAME it", "\\fB\\-q\\fR, \\fB\\-\\-quiet\\fR", "00:15\\en\n\\&.so /etc", ".BR box (8)",
	} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("page of add: got\n%s\nwant %q in it", page, want)
		}
	}
	if bytes.Contains(page, []byte("hidden")) {
		t.Errorf("page of add: got a hidden flag in\n%s\nwant none", page)
	}
	above, err := os.ReadFile(filepath.Join(dir, "box.8"))
	if err != nil || !strings.Contains(string(above), ".BR box\\-add (8)\nAdd a phone") || strings.Contains(string(above), "inside") {
		t.Errorf("page of the program: got %v\n%s\nwant add listed, and nothing hidden", err, above)
	}
}
