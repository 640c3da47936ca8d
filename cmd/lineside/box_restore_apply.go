package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/store"
)

// takeStaged locks staging and gives the backup with that ID.
func (b *box) takeStaged(id string) (kept *admin.StagedRestore, done func(), err error) {
	if !b.staged.busy.TryLock() {
		return nil, nil, operators.Fail(http.StatusServiceUnavailable, "another backup is being uploaded or put back", "wait until that is done, then try again")
	}
	if kept = b.StagedRestore(); kept == nil || kept.ID != id {
		b.staged.busy.Unlock()
		return nil, nil, operators.Fail(http.StatusNotFound, "no such backup waits to be put back", "it was deleted or another was uploaded, or the box has started anew since: upload it again")
	}
	return kept, b.staged.busy.Unlock, nil
}

// ApplyRestore has the loop that started the box put the backup back.
func (b *box) ApplyRestore(ctx context.Context, by audit.Actor, id string) error {
	if b.again == nil {
		return operators.Fail(http.StatusConflict, "nothing here would start the box again", "end it, then: lineside restore FILE")
	}
	kept, done, err := b.takeStaged(id)
	if err != nil {
		return err
	}
	defer done()
	if err := b.store.Record(ctx, audit.Record{By: by, Event: audit.RestoreAsked{SHA256: kept.SHA256, Made: kept.Made}}); err != nil {
		return fmt.Errorf("record the restore: %w", err)
	}
	b.staged.mu.Lock()
	b.staged.asked = &putBack{staged: *kept, by: by, file: b.stagedPath(), at: b.stateAt()}
	b.staged.mu.Unlock()
	b.again()
	return nil
}

// DropRestore deletes the backup that waits.
func (b *box) DropRestore(ctx context.Context, by audit.Actor, id string) error {
	kept, done, err := b.takeStaged(id)
	if err != nil {
		return err
	}
	defer done()
	if err := b.store.Record(ctx, audit.Record{By: by, Event: audit.RestoreDropped{SHA256: kept.SHA256}}); err != nil {
		return fmt.Errorf("record that the backup was deleted: %w", err)
	}
	b.keepStaged(nil)
	return os.Remove(b.stagedPath())
}

// putBack is a backup put back between two boxes.
type putBack struct {
	staged admin.StagedRestore
	by     audit.Actor
	file   string
	at     stateFlags
	done   restored
	err    error // why it is not
}

// putBack does it, where the box that ended was asked to. A failure leaves the
// database that was there.
func (p *program) putBack(b *box) *putBack {
	b.staged.mu.Lock()
	w := b.staged.asked
	b.staged.mu.Unlock()
	if w == nil {
		return nil
	}
	if w.done, w.err = p.restore(w.file, w.at); w.err != nil {
		w.undo(w.err)
	}
	return w
}

// undo puts back what was there before, because of err, and reports that it did.
func (w *putBack) undo(err error) bool {
	if w == nil || w.done.SetAside == "" {
		return false
	}
	w.err = errors.Join(err, store.Unrestore(w.done.Database, w.done.SetAside))
	w.done.SetAside = ""
	return true
}

// tellPutBack says in the log, in the audit log and on the board what became of a
// restore.
func (b *box) tellPutBack(ctx context.Context, w *putBack) {
	switch {
	case w == nil:
		return
	case w.err != nil:
		b.log.Error("the backup was not put back; the box is as it was", "err", w.err)
		b.health.Raise(time.Now(), health.Condition{
			Code: "restore-failed", Title: "the backup was not put back, and the box is as it was",
			Meaning: "phones are served as before",
			Do:      "correct what the detail names, upload the backup again; or stop the box, then: lineside restore FILE",
			Detail:  w.err.Error(),
		})
		return
	}
	b.log.Info("a backup was put back", "file", w.done.SetAside)
	event := audit.BackupRestored{SHA256: w.staged.SHA256, Made: w.staged.Made, SetAside: filepath.Base(w.done.SetAside)}
	if err := b.store.Record(ctx, audit.Record{By: w.by, Event: event}); err != nil {
		b.log.Warn("who had the backup put back is not in the audit log", "err", err)
	}
}
