package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/portal"
)

// columns of the files that are taken, by noun; the last line names those an
// export does not have.
const (
	siteColumns   = "site,name; a row without a site adds one, one with it renames that"
	deviceColumns = "mac,site,vendor,model,label,owner,address,registrar,user,auth_id,display_name\nand password, the line's SIP password; where it is empty the one there is stays, or\nthe platform makes one"
	userColumns   = "site,extension,id,first_name,last_name,email,alternate_id\nand web_password,portal_pin; where they are empty those there are stay"
)

// importCommand takes a file; made says that the platform may make secrets for
// its rows, which then are written to a file the operator names.
func (p *program) importCommand(noun, columns string, made bool) *cobra.Command {
	var to string
	cmd := &cobra.Command{Use: "import FILE", Short: "Take " + noun + " from a CSV file, or from the input with -; bad rows are listed, the others done", Args: shell.ExactArgs("FILE"),
		Long: "Take " + noun + " from a CSV file, or from the input with -. Bad rows are listed with line\nand reason, the others done; rows that change nothing write nothing.\n\nColumns, in any order, any left out:\n" + columns + ".\nThose an export has besides are let be.",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := p.readFile(args[0])
			if err != nil {
				return err
			}
			if made && to == "" && !p.json {
				return shell.Hint(errors.New("the platform makes PINs and SIP passwords for new devices and shows them once"), "name a file for them: --made FILE")
			}
			if to != "" {
				if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
					return shell.Hint(errors.Join(fmt.Errorf("%s is there already", to), err), "name another file with --made")
				}
				if err := shell.WriteWhole(to, writeMade(nil)); err != nil { // before anything is made
					return err
				}
			}
			_, _ = fmt.Fprintf(p.err, "%s: sent; the platform does it row by row …\n", args[0])
			done, err := ask[portal.Imported](cmd.Context(), p, "POST", "/import/"+noun, nil, text)
			return p.imported(done, to, err)
		}}
	if made {
		cmd.Flags().StringVar(&to, "made", "", "file for the secrets that are made (mac,kind,secret), for its owner alone; it must not be there")
	}
	return cmd
}

// imported keeps the secrets that were made, and says what became of the rows.
func (p *program) imported(done portal.Imported, to string, err error) error {
	switch {
	case err != nil && to != "":
		return errors.Join(err, os.Remove(to))
	case err != nil:
		return err
	case to != "" && len(done.Made) == 0:
		err = os.Remove(to)
	case to != "":
		err = shell.WriteWhole(to, writeMade(done.Made))
	}
	if err != nil {
		return shell.Hint(err, "the secrets of this import are lost: make others with lineside-central device pin MAC and device password MAC")
	}
	err = p.show(done, func() error {
		var lines []error
		for _, f := range done.Faults {
			lines = append(lines, p.say("line %d: %s", f.Line, shell.Printable(f.Why)))
		}
		for _, n := range done.Notes {
			lines = append(lines, p.say("line %d, done: %s", n.Line, shell.Printable(n.Why)))
		}
		if to != "" && len(done.Made) > 0 {
			lines = append(lines, p.say("the secrets made for %d devices are in %s", len(done.Made), to))
		}
		return errors.Join(append(lines, p.say("%d rows done, %d not", done.Done, len(done.Faults)))...)
	})
	if err == nil && len(done.Faults) > 0 {
		return shell.Hint(fmt.Errorf("%d rows were not taken", len(done.Faults)), "correct the lines named and import the file again; rows that are done stay as they are")
	}
	return err
}

// writeMade writes secrets as a CSV file, one a row.
func writeMade(made []portal.RowMade) func(io.Writer) error {
	return func(w io.Writer) error {
		rows := [][]string{{"mac", "kind", "secret"}}
		for _, m := range made {
			for _, kind := range slices.Sorted(maps.Keys(m.Secrets)) {
				rows = append(rows, []string{m.MAC.String(), kind, m.Secrets[kind]})
			}
		}
		return csv.NewWriter(w).WriteAll(rows)
	}
}
