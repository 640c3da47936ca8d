package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

func (p *program) deviceImportCommand() *cobra.Command {
	var preview bool
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Set up and change devices from a CSV file (- reads standard input), all rows or none", Args: shell.ExactArgs("FILE"),
		Long: "Set up and change devices from a CSV file (- reads standard input), all rows or none. The\nfirst line names the columns, as in what device export writes; mac is the one that must be\nthere. Commas, semicolons or tabs divide the cells; a cell that holds one of them stands in\nquotes, with a quote inside it written twice: \"Front; back\".",
		RunE: func(cmd *cobra.Command, args []string) error {
			if preview {
				return p.previewFile(cmd.Context(), args[0], (*admin.Client).PreviewImport)
			}
			if err := p.importFile(cmd.Context(), args[0], (*admin.Client).Import); err != nil {
				return err
			}
			return p.warnImported(cmd.Context())
		},
	}
	previewFlag(cmd, &preview)
	return cmd
}

func previewFlag(cmd *cobra.Command, preview *bool) {
	cmd.Flags().BoolVar(preview, "preview", false, "only say what the file would do, line by line; nothing is stored")
}

// previewFile has the box say what a CSV file would do.
func (p *program) previewFile(ctx context.Context, path string, send func(*admin.Client, context.Context, []byte) (admin.ImportPreview, error)) error {
	text, err := p.readAll(path)
	if err != nil {
		return err
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	would, err := send(c, ctx, text)
	if err != nil {
		return err
	}
	if p.json {
		return shell.WriteJSON(p.out, would)
	}
	t := shell.NewTable("LINE", "KEY", "WHAT", "NAME")
	for _, l := range would.Lines {
		t.Add(strconv.Itoa(l.Line), l.Key, strings.TrimSpace(l.What+" "+strings.Join(l.Fields, ", ")), l.Name)
	}
	for _, f := range would.Faults {
		t.Add(strconv.Itoa(f.Line), "", "FAULT "+f.Text, "")
	}
	t.Print(p.out)
	return p.say("%s: would add %d and change %d; %d as they are; %s; nothing was stored",
		count(would.Rows, "row", "rows"), would.Added, would.Changed, would.Same, count(would.FaultCount, "fault", "faults"))
}

// importFile sends a CSV file and says what became of its rows.
func (p *program) importFile(ctx context.Context, path string, send func(*admin.Client, context.Context, []byte) (admin.Imported, error)) error {
	text, err := p.readAll(path)
	if err != nil {
		return err
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	done, err := send(c, ctx, text)
	if err != nil {
		return err
	}
	if p.json {
		return shell.WriteJSON(p.out, done)
	}
	return p.say("%s: %d added, %d changed", count(done.Rows, "row", "rows"), done.Added, done.Changed)
}

func (p *program) deviceExportCommand() *cobra.Command {
	var force bool
	var sheet string
	cmd := &cobra.Command{
		Use: "export [FILE]", Short: "Write all devices as CSV, with the PINs of those not yet authenticated", Args: shell.AtMostOne,
		Long: "Write all devices as CSV, with the PINs of those not yet authenticated. With --for it\nwrites the rows that a maker's redirect service imports, such as yealink-rps, with the\nbrand's one-time password where policy takes one; the audit log notes it.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && !force {
				if err := vacant(args[0]); err != nil {
					return err
				}
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			export, holds := c.Export, "PINs"
			if sheet != "" {
				holds = "the brand's one-time password where policy takes one"
				export = func(ctx context.Context, w io.Writer) error { return c.Sheet(ctx, sheet, w) }
			}
			if len(args) == 0 {
				return export(cmd.Context(), p.out)
			}
			if err := exportTo(cmd.Context(), export, args[0], force); err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, map[string]string{"file": args[0]})
			}
			return p.say("devices are in %s; it holds %s, keep it safe", args[0], holds)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE if it is there")
	cmd.Flags().StringVar(&sheet, "for", "", "write the sheet of a redirect service: "+strings.Join(sheetNames(), ", "))
	return cmd
}

// exportTo writes the devices into a file. PINs are in it, so nobody but the
// operator may read it. What came there meanwhile is left alone unless force.
func exportTo(ctx context.Context, export func(context.Context, io.Writer) error, path string, force bool) error {
	err := shell.WriteWhole(path, func(w io.Writer) error {
		err := export(ctx, w)
		if err == nil && !force {
			err = vacant(path)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

// macAndFile wants a MAC and, where one is meant, a file of that phone's.
func macAndFile(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || len(args) > 2 {
		return shell.Usagef(cmd, "a MAC is needed, and at most a file's name")
	}
	return nil
}

func (p *program) deviceRenderCommand() *cobra.Command {
	var reveal, diff bool
	cmd := &cobra.Command{
		Use: "render MAC [FILE]", Short: "Show what a phone would be given now, and why", ValidArgsFunction: p.completeMACs,
		Args: macAndFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			macs, err := macArgs(cmd, args[:1])
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			file := strings.Join(args[1:], "")
			files, err := c.Render(cmd.Context(), macs[0], file, reveal)
			if err != nil {
				return err
			}
			return p.showRendered(files, diff)
		},
	}
	cmd.Flags().BoolVar(&diff, "diff", false, "show only what templates and the device's overrides change, and where that is said")
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show passwords, and the values of overrides that may be one; the audit log notes it")
	return cmd
}

// sheetNames are the redirect services' sheets this build knows.
func sheetNames() []string {
	var names []string
	for _, m := range vendors.All().Makers() {
		if m.Redirect != nil {
			names = append(names, m.Redirect.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
