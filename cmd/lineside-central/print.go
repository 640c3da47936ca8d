package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// say prints one line for people.
func (p *program) say(format string, args ...any) error {
	_, err := fmt.Fprintf(p.out, format+"\n", args...)
	return err
}

// table prints columns for people, one row a slice.
func (p *program) table(head []string, rows [][]string) error {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, strings.Join(head, "\t")) // the writer keeps the error for Flush
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// printable replaces what would move the cursor or break the line, and an empty
// cell by a dash: boxes and their phones name themselves.
func printable(s string) string {
	if s == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}

// show prints v as JSON, or has people's form printed.
func (p *program) show(v any, people func() error) error {
	if !p.json {
		return people()
	}
	enc := json.NewEncoder(p.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// moment words a time for people, in UTC: sites are in many zones.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04Z")
}
