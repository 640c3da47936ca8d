package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
)

// isText reports that a file of this name is a licence or a notice.
func isText(name string) bool {
	name = strings.ToUpper(name)
	if strings.HasSuffix(name, ".GO") {
		return false
	}
	for _, start := range []string{"LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "PATENTS"} {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}

// readText reads one of them and says which licence it is.
func readText(path, below string) (text, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return text{}, fmt.Errorf("read licence: %w", err)
	}
	t := text{Path: below, Body: string(body)}
	upper := strings.ToUpper(below)
	if strings.Contains(upper, "NOTICE") || strings.Contains(upper, "PATENTS") || strings.Contains(upper, "COPYRIGHT") {
		return t, nil
	}
	if t.IDs = identify(t.Body); len(t.IDs) == 0 {
		return text{}, fmt.Errorf("%s: which licence is this? read it, and if it may be handed out, add its words to the table in packaging/bom/licence.go", path)
	}
	return t, nil
}

// known is the words by which a licence is told, and not also taken for another
// whose words it has as well; in SPDX's names. Only licences that let a program
// be handed out without its source are in it.
var known = []struct {
	id    string
	words []string
	not   string
}{
	{"Apache-2.0", []string{"Apache License", "Version 2.0", "TERMS AND CONDITIONS FOR USE"}, ""},
	{"MPL-2.0", []string{"Mozilla Public License", "2.0", "Covered Software"}, ""},
	{"MIT", []string{"Permission is hereby granted, free of charge", "The above copyright notice and this permission notice"}, ""},
	{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms", "endorse or promote products"}, ""},
	{"BSD-2-Clause", []string{"Redistribution and use in source and binary forms", "this list of conditions"}, "endorse or promote products"},
	{"ISC", []string{"for any purpose with or without fee is hereby granted", "appear in all copies"}, ""},
	{"0BSD", []string{"for any purpose with or without fee is hereby granted"}, "appear in all copies"},
}

// identify names the licences whose words a text has; none is one not known.
func identify(body string) []string {
	body = strings.Join(strings.Fields(body), " ")
	var ids []string
	for _, l := range known {
		lacks := func(w string) bool { return !strings.Contains(body, w) }
		if !slices.ContainsFunc(l.words, lacks) && (l.not == "" || lacks(l.not)) {
			ids = append(ids, l.id)
		}
	}
	return ids
}

// copyright is the file of that name: who wrote what, and each text once under
// those it counts for.
func copyright(name string, parts []component) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\nCopyright the authors of Lineside.\n\n", name)
	b.WriteString("The programs are linked from the following as well; what each asks for is below.\nsbom.cdx.json beside this file lists the same for programs.\n\n")
	for _, c := range parts {
		fmt.Fprintf(&b, "  %s: %s\n", strings.TrimSpace(c.Name+" "+c.Version), strings.Join(c.ids(), ", "))
	}
	for _, t := range distinct(parts) {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("-", 78), strings.Join(t.of, "\n"), strings.TrimSpace(strings.ReplaceAll(t.body, "\r", "")))
	}
	return b.Bytes()
}

// shared is one text and the components it is of.
type shared struct {
	body string
	of   []string
}

// distinct lists texts in the order they are met first.
func distinct(parts []component) []*shared {
	var list []*shared
	seen := map[string]*shared{}
	for _, c := range parts {
		for _, t := range c.Texts {
			s := seen[t.Body]
			if s == nil {
				s = &shared{body: t.Body}
				seen[t.Body] = s
				list = append(list, s)
			}
			s.of = append(s.of, c.Name+": "+t.Path)
		}
	}
	return list
}
