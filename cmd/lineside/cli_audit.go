package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/shell"
)

// maxEntries is how many entries of the audit log the daemon gives at a time.
const maxEntries = 1000

func (p *program) auditCommand() *cobra.Command {
	var mac, since, until string
	var only audit.Filter
	var limit int
	var verify bool
	cmd := &cobra.Command{
		Use: "audit", Short: "Read who did what, and what the box decided", Args: shell.NoArgs,
		Long: "Read who did what, and what the box decided. Every entry holds a hash over itself\nand all entries before it; --verify follows them through the whole log and says\nwhether anything in it was changed, left out or cut off.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > maxEntries {
				return shell.Usagef(cmd, "--limit must be from 1 to %d; read on with --since and the last number", maxEntries)
			}
			if fl := cmd.Flags(); verify && slices.ContainsFunc([]string{"since", "until", "mac", "name", "front", "kind", "limit"}, fl.Changed) {
				return shell.Usagef(cmd, "--verify goes through the whole log; leave out --since, --limit and what else narrows it")
			}
			from, err := p.parseSince(cmd, since)
			if err != nil {
				return err
			}
			if only.To, err = p.parseUntil(cmd, until); err != nil {
				return err
			}
			if mac != "" {
				macs, err := macArgs(cmd, []string{mac})
				if err != nil {
					return err
				}
				only.MAC = macs[0]
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			if verify {
				return p.verifyAudit(cmd.Context(), c)
			}
			found, err := c.SearchAudit(cmd.Context(), from.query(only, limit))
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, found.Entries)
			}
			z := zone(cmd.Context(), c)
			return errors.Join(p.showAudit(found.Entries, z), p.stopped(found.Stopped, z))
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&mac, "mac", "", "only one device's")
	fl.StringVar(&only.Name, "name", "", "only what one account did")
	fl.StringVar(&only.Front, "front", "", "only what came by one door, such as page, cli, http or sip")
	fl.StringSliceVar(&only.Kinds, "kind", nil, "only some kinds of entry, such as pin-entered,setting-changed")
	fl.StringVar(&until, "until", "", "nothing newer: as long ago (24h), or up to a time (2026-03-01T08:00:00Z)")
	fl.StringVar(&since, "since", "", "instead of the last entries the first after a number (0: from the beginning), of the last so many hours (24h), or from a time on (2026-03-01T08:00:00Z)")
	fl.IntVar(&limit, "limit", 200, "how many entries at most")
	fl.BoolVar(&verify, "verify", false, "verify the whole log instead of reading it; exit code 1 if it was changed")
	_ = cmd.RegisterFlagCompletionFunc("mac", p.completeMACs)
	return cmd
}

// since is where reading the audit log begins: at its end, behind an entry, or
// at a time.
type since struct {
	given bool
	seq   uint64
	at    time.Time // zero: seq counts
}

// parseSince reads --since.
func (p *program) parseSince(cmd *cobra.Command, text string) (since, error) {
	if !cmd.Flags().Changed("since") {
		return since{}, nil
	}
	if seq, err := strconv.ParseUint(text, 10, 63); err == nil {
		return since{given: true, seq: seq}, nil
	}
	if at, ok := p.moment(text); ok {
		return since{given: true, at: at}, nil
	}
	return since{}, shell.Usagef(cmd, "--since %q is neither an entry's number, nor a length of time like 24h, nor a time like 2026-03-01T08:00:00Z", text)
}

// query is what the API is asked for, from here on and with a filter.
func (s since) query(only audit.Filter, limit int) admin.AuditQuery {
	return admin.AuditQuery{Filter: only, Forward: s.given, Since: s.seq, At: s.at, Limit: limit}
}

// parseUntil reads --until.
func (p *program) parseUntil(cmd *cobra.Command, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, ok := p.moment(text); ok {
		return at, nil
	}
	return time.Time{}, shell.Usagef(cmd, "--until %q is neither a length of time like 24h nor a time like 2026-03-01T08:00:00Z", text)
}

// moment is a time, or so long ago.
func (p *program) moment(text string) (time.Time, bool) {
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return p.now().Add(-ago), true
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}

// stopped says where a search that would read too much has ended.
func (p *program) stopped(at *admin.Stopped, zone *time.Location) error {
	if at == nil {
		return nil
	}
	_, err := fmt.Fprintf(p.err, "%d entries were looked at, to number %d of %s; there may be more: narrow it with --since or --until\n",
		at.Looked, at.Number, at.At.In(zone).Format("2006-01-02 15:04"))
	return err
}

// verifyAudit says whether the log is whole. A log that is not ends in exit
// code 1, for scripts that look for nothing else.
func (p *program) verifyAudit(ctx context.Context, c *admin.Client) error {
	found, err := c.VerifyAudit(ctx)
	if err != nil {
		return err
	}
	if p.json {
		if err := shell.WriteJSON(p.out, found); err != nil || found.OK {
			return err
		}
		return &quietError{}
	}
	if !found.OK {
		return shell.Hint(fmt.Errorf("the audit log was changed: entry %d: %s", found.BrokenAt, shell.Printable(found.Why)),
			"find out who could write to the database; compare with the log of a backup")
	}
	return p.say("%s", wholeText(found, zone(ctx, c)))
}

// wholeText says of a log that was not changed how much there is of it.
func wholeText(found audit.Check, zone *time.Location) string {
	text := "the audit log is empty"
	if found.Entries > 0 {
		text = fmt.Sprintf("the audit log is whole: %s, %d to %d", count(int(found.Entries), "entry", "entries"), found.First, found.Last)
	}
	if found.Anchor.Seq == 0 {
		return text
	}
	text += fmt.Sprintf("; the %d before were dropped to make room", found.Anchor.Seq)
	if !found.Oldest.IsZero() {
		text += ", the oldest kept is of " + found.Oldest.In(zone).Format("2006-01-02 15:04")
	}
	return text
}

func (p *program) showAudit(entries []audit.Entry, zone *time.Location) error {
	t := shell.NewTable("NO", "AT", "MAC", "BY", "WHAT", "")
	for _, e := range entries {
		mac, by := "", e.By.Front
		if !e.MAC.IsZero() {
			mac = e.MAC.String()
		}
		switch {
		case e.By.Name != "":
			by += " " + e.By.Name
		case e.By.Remote.IsValid():
			by += " " + e.By.Remote.String()
		}
		t.Add(fmt.Sprint(e.Seq), clock(e.At, p.now(), zone), mac, by, e.Kind, eventText(e.What, p.now(), zone))
	}
	t.Print(p.out)
	return nil
}

// eventText writes an event's fields as name=value, in order of name, so that
// kinds this build does not know can be read too. Times are told in the site's
// zone, as the entry's own is.
func eventText(what json.RawMessage, now time.Time, zone *time.Location) string {
	var fields map[string]any
	if json.Unmarshal(what, &fields) != nil {
		return ""
	}
	parts := make([]string, 0, len(fields))
	for name, value := range fields {
		if text, ok := value.(string); ok {
			if at, err := time.Parse(time.RFC3339, text); err == nil {
				value = clock(at, now, zone)
			}
		}
		if value != nil && value != "" {
			parts = append(parts, fmt.Sprintf("%s=%v", name, value))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}
