package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
)

// maxImport bounds what is read of a file; the platform's own bound is the same.
const maxImport = 8 << 20

// readInput reads standard input, bounded.
func (p *program) readInput(most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(p.in, most+1))
	if err != nil {
		return nil, fmt.Errorf("read the input: %w", err)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("the input is longer than %d bytes", most)
	}
	return text, nil
}

func (p *program) exportCommand(noun string) *cobra.Command {
	return &cobra.Command{Use: "export", Short: "Print the " + noun + " as a CSV file, without secrets", Args: shell.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		c, err := p.client()
		if err != nil {
			return err
		}
		defer c.Close()
		return c.Do(cmd.Context(), "GET", "/export/"+noun, nil, nil, p.out)
	}}
}

func (p *program) readFile(path string) ([]byte, error) {
	if path == "-" {
		return p.readInput(maxImport)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer func() { _ = f.Close() }()
	var b bytes.Buffer
	if n, err := b.ReadFrom(io.LimitReader(f, maxImport+1)); err != nil || n > maxImport {
		return nil, errors.Join(fmt.Errorf("read %s: it is longer than %d bytes, or cannot be read", path, maxImport), err)
	}
	return b.Bytes(), nil
}

func (p *program) backupCommand() *cobra.Command {
	return &cobra.Command{Use: "backup FILE", Short: "Write a copy of the database, while the platform runs", Args: shell.ExactArgs("FILE"),
		Long: "Write a copy of the whole database, as of one moment, while the platform runs.\n\nSecrets in it are sealed; what opens them, " + fileKeys + " in the platform's directory, is NOT\nin it: keep a copy of that beside the backup, and of ca.pem, which boxes know the\nplatform by. Whoever has all of it can pose as the platform.\n\nPut it back with: lineside-central restore FILE",
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Lstat(args[0]); !errors.Is(err, fs.ErrNotExist) {
				return shell.Hint(errors.Join(fmt.Errorf("%s is there already", args[0]), err), "write another name")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			defer c.Close()
			err = shell.WriteWhole(args[0], func(w io.Writer) error { return c.Do(cmd.Context(), "GET", "/backup", nil, nil, w) })
			if err != nil {
				return err
			}
			return p.show(map[string]string{"file": args[0]}, func() error {
				return errors.Join(p.say("the backup is in %s", args[0]), p.say("  → keep %s and ca.pem of the platform's directory with it: it opens with that key only", fileKeys))
			})
		}}
}
