package main

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/shell"
)

// say prints one line for people.
func (p *program) say(format string, args ...any) error {
	_, err := fmt.Fprintf(p.out, format+"\n", args...)
	return err
}

// table prints columns for people, one row a slice.
func (p *program) table(head []string, rows [][]string) error {
	t := shell.NewTable(head...)
	for _, row := range rows {
		t.Add(row...)
	}
	t.Print(p.out)
	return nil
}

// show prints v as JSON, or has people's form printed.
func (p *program) show(v any, people func() error) error {
	if !p.json {
		return people()
	}
	return shell.WriteJSON(p.out, v)
}

// moment words a time for people, in UTC: sites are in many zones.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04Z")
}
