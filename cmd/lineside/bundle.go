package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
)

// Bounds of a support bundle.
const (
	bundleFile    = 8 << 20 // bytes of one of its files; of more the end
	bundleAudit   = 1000    // entries of the audit log
	bundleJournal = "5000"  // lines of the journal
	bundleWait    = 20 * time.Second
)

// bundled is a file of a support bundle, and how it is come by.
type bundled struct {
	name string
	make func(context.Context, io.Writer) error
}

// writeBundle writes what somebody who is to help needs, into a file that the caller
// alone may read. What cannot be had is named in it: a box that is down is what most
// bundles are about.
func (p *program) writeBundle(ctx context.Context, path string, g diagnosis, s settings) error {
	if err := vacant(path); err != nil {
		return err
	}
	c := admin.NewClient(s.Listen.Socket)
	defer c.Close()
	at := p.now()
	var missing []string
	err := shell.WriteWhole(path, func(w io.Writer) error {
		z := gzip.NewWriter(w)
		out := tar.NewWriter(z)
		add := func(name string, text []byte) error {
			text = scrub(text[max(0, len(text)-bundleFile):])
			err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "lineside-bundle/" + name, Size: int64(len(text)), Mode: 0o600, ModTime: at})
			if err == nil {
				_, err = out.Write(text)
			}
			return err
		}
		for _, f := range bundleFiles(c, g, s) {
			var text bytes.Buffer
			ctx, cancel := context.WithTimeout(ctx, bundleWait)
			if err := f.make(ctx, &text); err != nil {
				missing = append(missing, f.name+": "+err.Error())
			}
			cancel()
			if err := add(f.name, text.Bytes()); err != nil {
				return err
			}
		}
		return errors.Join(add("missing.txt", []byte(strings.Join(missing, "\n"))), out.Close(), z.Close())
	})
	if err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	for _, m := range missing {
		if err := p.say("not whole in the bundle: %s", shell.Printable(m)); err != nil {
			return err
		}
	}
	return errors.Join(p.say("the bundle is in %s", path), p.next("it holds names and addresses of the site: give it to nobody but who is to help"))
}

// bundleFiles are the files of a bundle, in their order.
func bundleFiles(c *admin.Client, g diagnosis, s settings) []bundled {
	written := func(w io.Writer, v any, err error) error {
		if err != nil {
			return err
		}
		return shell.WriteJSON(w, v)
	}
	return []bundled{
		{"versions.json", func(_ context.Context, w io.Writer) error { return shell.WriteJSON(w, versions()) }},
		{"doctor.json", func(_ context.Context, w io.Writer) error { return shell.WriteJSON(w, g) }},
		// Where each value comes from, with what is secret masked as it was read.
		{"settings.json", func(_ context.Context, w io.Writer) error { return shell.WriteJSON(w, s.Origin) }},
		{"status.json", func(ctx context.Context, w io.Writer) error {
			st, err := c.Status(ctx)
			st.SetUpCode = "" // whoever has it makes the first account
			return written(w, st, err)
		}},
		{"health.json", func(ctx context.Context, w io.Writer) error {
			h, err := c.Health(ctx)
			return written(w, h, err)
		}},
		{"metrics.txt", c.Metrics},
		{"goroutines.txt", c.Goroutines},
		{"audit.json", func(ctx context.Context, w io.Writer) error {
			entries, err := c.AuditTail(ctx, phone.MAC{}, bundleAudit)
			return written(w, entries, err)
		}},
		{"journal.txt", journalEnd},
	}
}

// versions is what runs here.
func versions() any {
	var u unix.Utsname
	_ = unix.Uname(&u) // empty then
	release, _ := os.ReadFile("/etc/os-release")
	return struct {
		Lineside build  `json:"lineside"`
		Go       string `json:"go"`
		Arch     string `json:"arch"`
		Kernel   string `json:"kernel"`
		System   string `json:"system"`
	}{thisBuild(), runtime.Version(), runtime.GOARCH, unix.ByteSliceToString(u.Release[:]), string(release)}
}

// journalEnd is the end of the service's, where there is systemd.
func journalEnd(ctx context.Context, w io.Writer) error {
	cmd := exec.CommandContext(ctx, "journalctl", "--unit", "lineside*", "--lines", bundleJournal, "--no-pager", "--output", "short-iso")
	var wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &wrong
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w %s", err, bytes.TrimSpace(wrong.Bytes()))
	}
	return nil
}

// What no log line, setting or answer should hold and one written by somebody else
// may: the set-up code, which the box itself logs until there is an account, and what
// stands before the host of a URL.
var (
	setUpCode = regexp.MustCompile(`\b(code"?[=:] ?"?)[0-9A-Z]{4}(?:-[0-9A-Z]{4})+\b`)
	urlLogin  = regexp.MustCompile(`(://)[^/@\s"']+@`)
)

func scrub(text []byte) []byte {
	return urlLogin.ReplaceAll(setUpCode.ReplaceAll(text, []byte("${1}redacted")), []byte("${1}redacted@"))
}
