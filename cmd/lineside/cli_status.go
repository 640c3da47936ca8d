package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/shell"
)

func (p *program) statusCommand() *cobra.Command {
	var all, page bool
	cmd := &cobra.Command{
		Use: "status", Short: "Show the box at a glance, and what needs doing", Args: shell.NoArgs,
		Long: "Show the box at a glance, and what needs doing. The exit code is 1 while\nsomething is not as it should be.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			st, err := c.Status(cmd.Context())
			if err != nil {
				return err
			}
			if page && !p.json {
				return p.showPage(st)
			}
			if p.json {
				err = shell.WriteJSON(p.out, st)
			} else {
				err = p.showStatus(st, all)
			}
			if err == nil && len(st.Conditions) > 0 {
				err = &quietError{}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&all, "settings", false, "show every setting in force and where it comes from")
	cmd.Flags().BoolVar(&page, "page", false, "show only where the admin page is and, while nobody has an account, the set-up code")
	cmd.MarkFlagsMutuallyExclusive("page", "settings")
	return cmd
}

// showPage is what somebody needs who has just installed the box.
func (p *program) showPage(st admin.Status) error {
	text := "admin page:    " + cmp.Or(st.Page, "none; set listen.admin") + "\n"
	if st.SetUpCode != "" {
		text += "set-up code:   " + st.SetUpCode + "\n"
	}
	_, err := io.WriteString(p.out, text)
	return err
}

func (p *program) showStatus(st admin.Status, all bool) error {
	var b strings.Builder
	up := (time.Duration(st.UptimeSecs) * time.Second).Round(time.Second)
	fmt.Fprintf(&b, "%s: lineside %s, up %s\n", shell.Printable(st.Site), st.Version, humane(up))
	fmt.Fprintf(&b, "devices:       %s\n", countStates(st.Devices))
	fmt.Fprintf(&b, "visitors:      %d\n", st.Visitors)
	fmt.Fprintf(&b, "first contact: %s\n", st.FirstContact)
	parts := make([]string, len(st.Listeners))
	for i, l := range st.Listeners {
		parts[i] = l.Name + " " + l.Address
		if l.From != "" {
			parts[i] += " (" + l.From + ")"
		}
	}
	fmt.Fprintf(&b, "listens on:    %s\n", strings.Join(parts, ", "))
	if st.Leases != "" {
		fmt.Fprintf(&b, "leases:        %s\n", st.Leases)
	}
	writeLink(&b, st.Platform, p.now(), zoneOf(st))
	if all {
		t := shell.NewTable("SETTING", "VALUE", "FROM")
		for _, s := range st.Settings {
			t.Add(s.Key, s.Value, originText(s, p.now(), zoneOf(st)))
		}
		fmt.Fprintln(&b)
		t.Print(&b)
	}
	for _, c := range st.Conditions {
		writeCondition(&b, c, p.now(), zoneOf(st))
	}
	if st.SetUpCode != "" {
		fmt.Fprintf(&b, "\nset-up code:   %s\n  → nobody has an account yet; make the first with this code on the admin page\n", st.SetUpCode)
	}
	if st.Next != "" {
		fmt.Fprintf(&b, "  → %s\n", st.Next)
	}
	_, err := p.out.Write([]byte(b.String()))
	return err
}

// originText says where a value comes from.
func originText(s admin.Setting, now time.Time, zone *time.Location) string {
	if s.From != fromPage {
		return s.From
	}
	return strings.TrimSpace("set on the page by " + cmp.Or(s.By, "somebody") + ", " + clock(s.At, now, zone))
}

func writeCondition(b *strings.Builder, c health.Condition, now time.Time, zone *time.Location) {
	fmt.Fprintf(b, "\n! %s (since %s)\n", c.Title, clock(c.Since, now, zone))
	for _, line := range []string{c.Detail, c.Meaning} {
		if line != "" {
			fmt.Fprintf(b, "  %s\n", shell.Printable(line))
		}
	}
	fmt.Fprintf(b, "  → %s\n", c.Do)
}

// countStates words the counts by state, the total first.
func countStates(n map[string]int) string {
	text := fmt.Sprintf("%d", n["total"])
	var parts []string
	for state, count := range n {
		if state != "total" && count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count, state))
		}
	}
	slices.Sort(parts)
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	return text
}
