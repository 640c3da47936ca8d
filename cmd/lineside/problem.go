package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// problem is one thing that is wrong with the settings or with this machine.
// Text says what to write or do.
type problem struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Key  string `json:"key,omitempty"`
	Text string `json:"text"`
}

// Error is "file:line: key: text", less what is not known.
func (p problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	return b.String() + p.Text
}

// problems is everything that is wrong, one a line.
type problems []problem

// Error gives one problem a line.
func (ps problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted puts problems in the order of the file; those without a line last.
func (ps problems) sorted() problems {
	slices.SortStableFunc(ps, func(a, b problem) int {
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Compare(a.Line, b.Line)
	})
	return ps
}

// syntaxProblem is a text that is not TOML at all, or a table where a value
// should be: the one kind of error that ends the reading.
func syntaxProblem(path string, err error) problem {
	p := problem{File: path, Text: err.Error()}
	var at *toml.DecodeError
	if errors.As(err, &at) {
		p.Line, _ = at.Position()
		p.Key = strings.Join(at.Key(), ".")
		p.Text = strings.TrimPrefix(at.Error(), "toml: ")
		if strings.Contains(p.Text, "struct field") { // Go's words for it
			p.Text = "is a section: write [" + p.Key + "] on a line of its own and its keys below"
		}
	}
	return p
}

// flatten lists the leaves of a joined error.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}

// nearest finds the known key an unknown one was probably meant to be: the
// same name in another section, or one at most two letters away.
func nearest(key string, known []string) string {
	if len(key) > 64 {
		return ""
	}
	leaf := key[strings.LastIndexByte(key, '.')+1:]
	best, least := "", 3
	for _, k := range known {
		if d := distance(key, k); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return best
	}
	for _, k := range known {
		if k[strings.LastIndexByte(k, '.')+1:] == leaf {
			return k
		}
	}
	return ""
}

// distance is how many letters must be added, dropped or changed to make a
// into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
