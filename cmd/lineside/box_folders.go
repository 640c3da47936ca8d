package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/provision"
)

// Folders of the state directory that operators and phones fill. The first is
// the operator's to write; the others are the box's alone.
const (
	templatesFolder = "templates"
	filesFolder     = "files"
	uploadsFolder   = "uploads"
)

// openFolders makes the folders and hands them to the desk's settings. Nothing
// outside them can be reached through what is handed over, by no name and by no
// link in them.
func (b *box) openFolders(cfg *provision.Config) error {
	state, err := os.OpenRoot(b.settings.State)
	if err != nil {
		return fmt.Errorf("open the state directory: %w", err)
	}
	b.sockets = append(b.sockets, state)
	var roots [3]*os.Root
	for i, name := range []string{templatesFolder, filesFolder, uploadsFolder} {
		if err := state.MkdirAll(name, 0o700); err != nil {
			return fmt.Errorf("make %s: %w: phones could not be given what belongs there; correct the rights of the state directory", filepath.Join(b.settings.State, name), err)
		}
		if roots[i], err = state.OpenRoot(name); err != nil {
			return fmt.Errorf("open %s: %w", filepath.Join(b.settings.State, name), err)
		}
		b.sockets = append(b.sockets, roots[i])
	}
	b.templates = roots[0].FS()
	cfg.Templates, cfg.Files, cfg.Uploads = roots[0], roots[1], roots[2]
	return nil
}

// readFolders has the desk read what is in them before any phone is answered.
// What cannot be read leaves the box without it, and an operator told.
func (b *box) readFolders() {
	for _, f := range []struct {
		what string
		read func() error
	}{{templatesFolder, b.desk.OpenTemplates}, {filesFolder, b.desk.OpenFiles}, {uploadsFolder, b.desk.OpenUploads}} {
		if err := f.read(); err != nil {
			b.log.Error("a folder of the state directory could not be read", "file", f.what, "err", err)
			b.health.Raise(time.Now(), health.Condition{
				Code: "folder-unread-" + f.what, Title: f.what + " of the state directory could not be read",
				Meaning: "phones are served, but without what is in it",
				Do:      "see what is wrong with " + filepath.Join(b.settings.State, f.what) + ", then: systemctl restart lineside",
				Detail:  err.Error(),
			})
		}
	}
	// From here on the signal is no reason to die, whether or not the task that
	// waits for it runs yet.
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	reload := func(ctx context.Context) error { return b.reload(ctx, hangUp) }
	b.base = append(b.base, newServer("files", b.desk.RunFiles), newServer("reload", reload).proved(b.beats.reload.prove))
}

// reload puts settings, as far as that can be, and templates in force anew at each
// SIGHUP, and settings alone where they were changed from the page.
func (b *box) reload(ctx context.Context, hangUp chan os.Signal) error {
	defer signal.Stop(hangUp)
	for {
		select {
		case <-ctx.Done():
			return nil
		case done := <-b.asked:
			b.reloadSettings(ctx)
			close(done)
			continue
		case beat := <-b.beats.reload:
			close(beat)
			continue
		case <-hangUp:
		}
		b.reloadSettings(ctx)
		out, err := b.desk.LoadTemplates(ctx, audit.Actor{Front: "signal"})
		if err != nil {
			b.log.Error("templates were not loaded; those in force stay", "err", err)
			continue
		}
		b.log.Info("templates were loaded", "count", len(out.Files), "refused", len(out.Faults))
	}
}
