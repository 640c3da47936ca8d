package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestProgram: what is written about a program of ours names what is in it, with
// its licences, and comes out the same twice.
func TestProgram(t *testing.T) {
	t.Setenv("GOFLAGS", "-trimpath")
	t.Chdir("../..")
	write := func() (sbom, copyright string) {
		o := order{name: "lineside", version: "1.2.3", out: t.TempDir(), programs: []string{"./cmd/lineside"}}
		if err := o.write("86400"); err != nil {
			t.Fatal(err)
		}
		return read(t, filepath.Join(o.out, "sbom.cdx.json")), read(t, filepath.Join(o.out, "copyright"))
	}
	sbom, copyright := write()
	if again, also := write(); again != sbom || also != copyright {
		t.Error("written twice: got other bytes, want the same")
	}
	var b bill
	if err := json.Unmarshal([]byte(sbom), &b); err != nil {
		t.Fatal(err)
	}
	if got := b.Metadata.Timestamp.Format("2006-01-02"); got != "1970-01-02" || b.Metadata.Component.Version != "1.2.3" {
		t.Errorf("head of the bill: got %+v, want the day given and the version", b.Metadata)
	}
	licences := map[string][]string{}
	for _, p := range b.Components {
		for _, l := range p.Licences {
			licences[p.Name] = append(licences[p.Name], l.Licence.ID)
		}
	}
	for name, want := range map[string][]string{
		"std": {"BSD-3-Clause"}, "go.etcd.io/bbolt": {"MIT"}, "htmx": {"0BSD"}, "github.com/spf13/cobra": {"Apache-2.0"},
		"github.com/wneessen/go-mail": {"BSD-3-Clause", "MIT"}, // its smtp folder is the standard library's
	} {
		if !slices.Equal(licences[name], want) {
			t.Errorf("licences of %s: got %q, want %q", name, licences[name], want)
		}
	}
	if _, there := licences["github.com/chromedp/chromedp"]; there {
		t.Error("what only tests import: got it in the bill, want it left out")
	}
	for _, want := range []string{"go.etcd.io/bbolt: LICENSE", "Copyright (c) 2013 Ben Johnson", "github.com/prometheus/client_golang: NOTICE"} {
		if !strings.Contains(copyright, want) {
			t.Errorf("copyrights: got no %q, want it among the texts", want)
		}
	}
}

func TestIdentify(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"three clauses", "Redistribution and use in source and binary\n  forms ... this list of conditions ... endorse or promote products", []string{"BSD-3-Clause"}},
		{"two clauses", "Redistribution and use in source and binary forms ... this list of conditions", []string{"BSD-2-Clause"}},
		{"one file with two", "Permission is hereby granted, free of charge ... The above copyright notice and this permission notice ... Apache License Version 2.0 TERMS AND CONDITIONS FOR USE", []string{"Apache-2.0", "MIT"}},
		{"copyleft", "GNU GENERAL PUBLIC LICENSE Version 3", nil},
		{"none", "All rights reserved.", nil},
	} {
		if got := identify(c.body); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestRefusals: what nobody has looked at is not handed out.
func TestRefusals(t *testing.T) {
	module := func(licence string) []goPackage {
		dir := t.TempDir()
		if licence != "" {
			if err := os.WriteFile(filepath.Join(dir, "COPYING"), []byte(licence), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return []goPackage{{Dir: dir, Module: &goModule{Path: "example.org/thing", Version: "v1.0.0", Dir: dir}}}
	}
	for _, c := range []struct{ name, licence, want string }{
		{"no licence", "", "example.org/thing v1.0.0 comes with no licence"},
		{"a licence not known", "GNU GENERAL PUBLIC LICENSE", "which licence is this?"},
	} {
		if got, err := components(module(c.licence)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v; want %q", c.name, got, err, c.want)
		}
	}
	if err := (order{name: "a", version: "1", programs: []string{"./x"}}).write(""); err == nil || !strings.Contains(err.Error(), "git log") {
		t.Errorf("no time of the commit: got %v, want what to type", err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
