package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/shell"
)

// showRendered prints what a phone would be given: the files, or with diff what
// operators changed in them and where.
func (p *program) showRendered(files []provision.Preview, diff bool) error {
	if p.json {
		return shell.WriteJSON(p.out, files)
	}
	for _, f := range files {
		if err := p.say("=== %s (%s: %s)", f.File, f.Stage, f.Why); err != nil {
			return err
		}
		text := strings.TrimRight(f.Body, "\n")
		if diff {
			text = diffOf(f)
		}
		if err := p.say("%s", text); err != nil {
			return err
		}
	}
	return nil
}

// diffOf is one parameter a line: what the box would have said, what it says,
// and who said so.
func diffOf(f provision.Preview) string {
	var b strings.Builder
	for _, s := range f.Settings {
		if s.From == "ours" {
			continue
		}
		if !s.Added {
			fmt.Fprintf(&b, "- %s = %s\n", shell.Printable(s.Name), shell.Printable(s.Was))
		}
		if !s.Dropped {
			fmt.Fprintf(&b, "+ %s = %s", shell.Printable(s.Name), shell.Printable(s.Value))
		} else {
			fmt.Fprintf(&b, "+ (%s is left out)", shell.Printable(s.Name))
		}
		fmt.Fprintf(&b, "   from %s\n", s.From)
	}
	return cmp.Or(strings.TrimRight(b.String(), "\n"), "all of it is the box's own")
}

func (p *program) deviceUploadsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "uploads MAC [FILE]", Short: "List what a phone has put here, or write one of it; the audit log notes that", ValidArgsFunction: p.completeMACs,
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
			if len(args) == 2 {
				return c.Upload(cmd.Context(), macs[0], args[1], p.out)
			}
			list, err := c.Uploads(cmd.Context(), macs[0])
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, list)
			}
			if len(list) == 0 {
				return p.say("%s has put nothing here; its config says whether it uploads, a template can switch it on", macs[0])
			}
			z := zone(cmd.Context(), c)
			t := shell.NewTable("FILE", "WHAT", "BYTES", "SINCE")
			for _, u := range list {
				t.Add(u.Name, u.What, fmt.Sprint(u.Size), clock(u.At, p.now(), z))
			}
			t.Print(p.out)
			return nil
		},
	}
}
