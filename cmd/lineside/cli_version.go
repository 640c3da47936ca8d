package main

import (
	_ "embed"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

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
	b := build{Version: shell.Version(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	facts, ok := debug.ReadBuildInfo()
	if !ok {
		return b
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
