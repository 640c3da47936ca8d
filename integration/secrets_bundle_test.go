package integration

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// bundle takes down every file of a support bundle, which is to leave the house. The
// settings it is made with have secrets of their own, and so has the journal.
func (v *vault) bundle() {
	v.t.Helper()
	dir := v.t.TempDir()
	settings, err := os.ReadFile(v.b.config)
	if err != nil {
		v.t.Fatal(err)
	}
	config, file, journal := filepath.Join(dir, "lineside.toml"), filepath.Join(dir, "bundle.tar.gz"), filepath.Join(dir, "journalctl")
	code := v.keep("set-up code in the journal", "", "Y27B-BSZM-0J8C-R6WR") // the one thing the box logs
	settings = append(settings, "[mail]\nsmtp = \"127.0.0.1:2525\"\nfrom = \"box@example.net\"\nuser = \"box\"\npassword = \""+v.plant("mail password in settings", "box")+"\"\n"...)
	if err := errors.Join(os.WriteFile(config, settings, 0o600), os.WriteFile(journal, []byte("#!/bin/sh\necho 'msg=\"nobody has an account yet\" code="+code+"'\n"), 0o700)); err != nil {
		v.t.Fatal(err)
	}
	cmd := exec.CommandContext(v.t.Context(), builtBox(v.t), "doctor", "--config", config, "--bundle", file)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	out, _ := cmd.CombinedOutput() // the exit code says what the doctor finds
	v.hear("lineside doctor --bundle", out)
	names, err := v.openBundle(file)
	want := []string{"versions.json", "doctor.json", "settings.json", "status.json", "health.json", "metrics.txt", "goroutines.txt", "audit.json", "journal.txt", "missing.txt"}
	if err != nil || !slices.Equal(names, want) {
		v.t.Errorf("the bundle: got %v, %v; want %v\n%s", names, err, want, out)
	}
}

// openBundle takes its files down, each of which has something in it.
func (v *vault) openBundle(file string) (names []string, err error) {
	packed, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	if st, err := packed.Stat(); err != nil || st.Mode().Perm() != 0o600 {
		v.t.Errorf("the bundle: got %v, %v; want mode 0600", st.Mode(), err)
	}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	for all := tar.NewReader(z); ; {
		h, err := all.Next()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return names, err
		}
		text, err := io.ReadAll(all)
		if err != nil {
			return names, err
		}
		name := strings.TrimPrefix(h.Name, "lineside-bundle/")
		names = append(names, name)
		v.hear("the bundle's "+name, text)
		if empty := len(bytes.TrimSpace(text)) == 0; empty != (name == "missing.txt") {
			v.t.Errorf("the bundle's %s: got %q", name, text)
		}
	}
}
