package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/vendors"
)

// fill writes files into a folder, by their names.
func fill(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// filled reads them again.
func filled(t *testing.T, folder string) map[string]string {
	t.Helper()
	list, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range list {
		text, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name()] = string(text)
	}
	return files
}

// TestBackupHoldsTemplates: those there when it was taken come back, those there
// meanwhile are kept elsewhere, and what is left out is named.
func TestBackupHoldsTemplates(t *testing.T) {
	s := newStoppable(t)
	folder := filepath.Join(s.state(), templatesFolder)
	then := map[string]string{"yealink.conf": "a.b = 1\n", "yealink-T46G.conf": "not = even = right\x00", "snom.conf": ""}
	fill(t, folder, then)
	fill(t, folder, map[string]string{"notes.txt": "mine", "poly.conf": strings.Repeat("#", vendors.MaxTemplateBytes+1)})
	rom := filepath.Join(t.TempDir(), "T46.rom")
	fill(t, filepath.Dir(rom), map[string]string{"T46.rom": "firmware"})
	s.does("", 0, "", "file", "add", "yealink", rom)

	file := filepath.Join(t.TempDir(), "branch.tar")
	s.does("", 0, "in the backup: templates/yealink-T46G.conf, 19 bytes, SHA-256 [0-9a-f]{64}\n.*not in the backup: templates/notes.txt: .*"+
		"not in the backup: templates/poly.conf: is larger than .*not in the backup: .*T46.rom, SHA-256 [0-9a-f]{64}: .*not in the backup: uploads", "backup", file)
	var held made
	if err := json.Unmarshal([]byte(s.does("", 0, "", "backup", file, "--force", "--json")), &held); err != nil || len(held.Holds) != 5 || len(held.LeftOut) != 4 {
		t.Errorf("--json: got %+v, %v, want five held and four left out", held, err)
	}
	s.end()

	now := map[string]string{"yealink.conf": "a.b = 2\n", "fanvil.conf": "c = 3\n", "snom.conf": "", "notes.txt": "mine, later"}
	for name := range filled(t, folder) {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	fill(t, folder, now)
	s.does("", 0, "templates: snom.conf, yealink-T46G.conf, yealink.conf\ntemplates that were there and are others are now in .*replaced-.*not in the backup: .*T46.rom", "restore", file, "--config", s.config)
	want := maps.Clone(then)
	want["notes.txt"] = now["notes.txt"]
	if diff := cmp.Diff(want, filled(t, folder)); diff != "" {
		t.Errorf("the templates (-want +got):\n%s", diff)
	}
	aside, _ := filepath.Glob(folder + ".replaced-*")
	if len(aside) != 1 {
		t.Fatalf("set aside: %v", aside)
	}
	if diff := cmp.Diff(map[string]string{"yealink.conf": now["yealink.conf"], "fanvil.conf": now["fanvil.conf"]}, filled(t, aside[0])); diff != "" {
		t.Errorf("set aside (-want +got):\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(s.state(), "lineside.db.unpacked*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	s.does("", 0, `"templates": \[\s*"snom.conf",`, "restore", file, "--state", s.state(), "--json")
	if aside, _ := filepath.Glob(folder + ".replaced-*"); len(aside) != 1 {
		t.Errorf("set aside by restoring what is there: %v", aside)
	}
}

// TestRestoreBringsTheLastGoodTemplate: where the operator's file is no good at the
// time of the backup, what is in force in its place comes back as well, and a box
// that starts with both gives phones the same as before.
func TestRestoreBringsTheLastGoodTemplate(t *testing.T) {
	s := newStoppable(t)
	folder := filepath.Join(s.state(), templatesFolder)
	const mac, good, bad = "00:15:65:4a:a9:37", "lang.gui = Klingon\n", "lang.gui: Romulan\n"
	s.does("", 0, "yealink", "device", "add", mac, "--model", "T46G", "--line", "alice@sip.example.net")
	fill(t, folder, map[string]string{"yealink.conf": good})
	s.does("", 0, "", "template", "reload")
	fill(t, folder, map[string]string{"yealink.conf": bad})
	s.does("", 1, "yealink.conf:1", "template", "reload")
	s.does("", 0, "Klingon", "device", "render", mac)

	file := filepath.Join(t.TempDir(), "branch.tar")
	s.does("", 0, "in the backup: templates/.good/yealink.conf, 19 bytes", "backup", file)
	s.end()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	s.does("", 0, "templates: yealink.conf, .good/yealink.conf", "restore", file, "--config", s.config)
	s.start()
	defer s.end()
	s.does("", 0, "Klingon", "device", "render", mac)
	if got := filled(t, filepath.Join(folder, vendors.KeptTemplates)); got["yealink.conf"] != good {
		t.Errorf("got %q kept, want %q", got, good)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "yealink.conf")); err != nil || string(text) != bad {
		t.Errorf("got %q, %v, want what the operator wrote", text, err)
	}
}

// TestRestoreOldPlainBackup: a backup of a version that copied the database alone
// (saved before the form changed) is put back as ever, templates left alone.
func TestRestoreOldPlainBackup(t *testing.T) {
	state := t.TempDir()
	folder := filepath.Join(state, templatesFolder)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	fill(t, folder, map[string]string{"yealink.conf": "a.b = 1\n"})
	key, err := os.ReadFile("testdata/plain-backup.key")
	if err != nil {
		t.Fatal(err)
	}
	fill(t, state, map[string]string{"site.key": string(key)})
	o := &operator{t: t}
	o.does("", 0, "there was no database before\nthe templates are as they were.*one-time passwords not yet used are void", "restore", "testdata/plain-backup.db", "--state", state)
	if diff := cmp.Diff(map[string]string{"yealink.conf": "a.b = 1\n"}, filled(t, folder)); diff != "" {
		t.Errorf("the templates (-want +got):\n%s", diff)
	}
}

// TestRestoreFollowsNoLink: a template's place that leads out of the state
// directory is not written through, nor is a folder that does.
func TestRestoreFollowsNoLink(t *testing.T) {
	outside := t.TempDir()
	fill(t, outside, map[string]string{"victim": "untouched"})
	files := []vendors.TemplateFile{{Name: "yealink.conf", Text: []byte("a.b = 1\n")}}
	place := func(state string) (string, error) { return placeTemplates(state, files, time.Unix(0, 0)) }

	state := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(state, templatesFolder)); err != nil {
		t.Fatal(err)
	}
	if _, err := place(state); err == nil {
		t.Error("templates were put through a folder that leads outside")
	}

	state = t.TempDir()
	folder := filepath.Join(state, templatesFolder)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "victim"), filepath.Join(folder, "yealink.conf")); err != nil {
		t.Fatal(err)
	}
	aside, err := place(state)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(filepath.Join(folder, "yealink.conf")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the template: %v, %v, want a file", info, err)
	}
	if _, err := os.Readlink(filepath.Join(aside, "yealink.conf")); err != nil {
		t.Errorf("the link was not kept: %v", err)
	}
	if diff := cmp.Diff(map[string]string{"victim": "untouched"}, filled(t, outside)); diff != "" {
		t.Errorf("outside (-want +got):\n%s", diff)
	}
}
