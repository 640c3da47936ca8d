package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
)

// intoFlags are those of a backup into a folder that is kept at a number of them.
type intoFlags struct {
	dir  string
	keep int
}

// maxKeep bounds the backups of a folder: daily ones of ten years.
const maxKeep = 3650

func (f *intoFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dir, "into", "", "instead of FILE: folder to write the backup into, under a name of its time")
	cmd.Flags().IntVar(&f.keep, "keep", 14, "with --into: how many the folder keeps; the oldest go once the new one is whole")
	_ = cmd.MarkFlagDirname("into")
}

// file is where the backup goes, by the arguments or into the folder.
func (f *intoFlags) file(cmd *cobra.Command, args []string, now time.Time) (string, error) {
	switch {
	case f.dir == "" && cmd.Flags().Changed("keep"):
		return "", shell.Usagef(cmd, "--keep belongs to --into")
	case f.dir == "":
		return first(args), shell.ExactArgs("FILE")(cmd, args)
	case len(args) > 0:
		return "", shell.Usagef(cmd, "FILE and --into both say where the backup goes: write one of them")
	case f.keep < 1 || f.keep > maxKeep:
		return "", shell.Usagef(cmd, "--keep %d is not 1 to %d backups", f.keep, maxKeep)
	}
	return filepath.Join(f.dir, backupName(now)), nil
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// backupForm is the name of a backup in a folder, by its time in UTC: in the order of
// names they are in that of time.
const backupForm = "lineside-20060102T150405Z.tar"

func backupName(at time.Time) string { return at.UTC().Format(backupForm) }

// drop removes the oldest backups of the folder beyond what it keeps. The one just
// made stays whatever the clock says; what has another name is not touched.
func (f *intoFlags) drop(made string) (gone []string, err error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, fmt.Errorf("look for older backups: %w", err)
	}
	var old []string
	for _, e := range entries {
		at, bad := time.Parse(backupForm, e.Name())
		if bad == nil && e.Type().IsRegular() && e.Name() == backupName(at) && e.Name() != filepath.Base(made) {
			old = append(old, e.Name())
		}
	}
	slices.Sort(old)
	var errs []error
	for len(old) > f.keep-1 {
		if err := os.Remove(filepath.Join(f.dir, old[0])); err != nil {
			errs = append(errs, fmt.Errorf("remove an older backup: %w", err))
		} else {
			gone = append(gone, old[0])
		}
		old = old[1:]
	}
	return gone, errors.Join(errs...)
}

// sayGone names what went.
func (p *program) sayGone(gone []string) error {
	if len(gone) == 0 {
		return nil
	}
	return p.say("older backups removed: %s", shell.Printable(strings.Join(gone, ", ")))
}
