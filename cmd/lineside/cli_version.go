package main

import (
	_ "embed"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/lineside/lineside/shell"
)

// sampleSettings documents every key with its default.
//
//go:embed lineside.toml
var sampleSettings []byte

// build names this build of lineside.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	System  string `json:"system"`
}

// thisBuild reads what the compiler left in the binary.
func thisBuild() build {
	b := build{Version: "development", Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	facts, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := facts.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range facts.Settings {
		if s.Key == "vcs.revision" {
			b.Commit = s.Value
		}
	}
	return b
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Name this build", Args: shell.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if p.json {
				return shell.WriteJSON(p.out, b)
			}
			text := "lineside " + b.Version
			if b.Commit != "" {
				text += " (" + b.Commit + ")"
			}
			_, err := fmt.Fprintf(p.out, "%s, %s, %s\n", text, b.Go, b.System)
			return err
		},
	}
}

func (p *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages into a directory", Args: shell.ExactArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("make the directory for manual pages: %w", err)
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // the same pages from the same source
			head := &doc.GenManHeader{Title: "LINESIDE", Section: "8", Source: "Lineside", Manual: "Lineside"}
			if err := doc.GenManTree(root, head, args[0]); err != nil {
				return fmt.Errorf("write manual pages: %w", err)
			}
			_, err := fmt.Fprintf(p.out, "manual pages are in %s; read one with: man -l %s/lineside.8\n", args[0], args[0])
			return err
		},
	}
}
