package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/backup"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/store"
)

// Files of the state directory in which an uploaded backup waits; both go when the
// box starts.
const (
	uploadedName = "restore.uploaded"
	stagedName   = "restore.staged"
)

// staging is the uploaded backup that waits to be put back.
type staging struct {
	busy  sync.Mutex // held by who uploads, applies or drops
	mu    sync.Mutex
	kept  *admin.StagedRestore // nil: none
	asked *putBack             // nil: none is to be put back
}

func (b *box) stagedPath() string { return filepath.Join(b.settings.State, stagedName) }

// forgetStaged removes what an earlier box was sent.
func (b *box) forgetStaged() {
	for _, name := range []string{uploadedName, stagedName} {
		_ = os.Remove(filepath.Join(b.settings.State, name)) // it may not be there
	}
}

// restorer puts uploaded backups back. It is nothing in the demo.
func (b *box) restorer() admin.Restorer {
	if b.settings.Path == "" {
		return nil
	}
	return b
}

// StagedRestore is the backup that waits, nil for none.
func (b *box) StagedRestore() *admin.StagedRestore {
	b.staged.mu.Lock()
	defer b.staged.mu.Unlock()
	return b.staged.kept
}

// StageRestore keeps a backup and says what putting it back would do. All of it is
// looked at first: the archive, the key, every record and page of the database.
func (b *box) StageRestore(ctx context.Context, by audit.Actor, src io.Reader) (admin.StagedRestore, error) {
	if !b.staged.busy.TryLock() {
		return admin.StagedRestore{}, operators.Fail(http.StatusServiceUnavailable, "another backup is being uploaded or put back", "wait until that is done, then try again")
	}
	defer b.staged.busy.Unlock()
	path := filepath.Join(b.settings.State, uploadedName)
	defer func() { _ = os.Remove(path) }() // in vain once renamed
	sum, n := sha256.New(), &counter{w: io.Discard}
	err := shell.WriteWhole(path, func(w io.Writer) error {
		_, err := io.Copy(io.MultiWriter(w, sum, n), src)
		return err
	})
	if err != nil {
		return admin.StagedRestore{}, fmt.Errorf("keep the backup: %w", err)
	}
	out := admin.StagedRestore{ID: rand.Text(), Bytes: n.n, SHA256: hex.EncodeToString(sum.Sum(nil)), Staged: b.now(), By: by.Name}
	if err := b.examine(ctx, path, &out); err != nil {
		return admin.StagedRestore{}, backupError(err)
	}
	if err := b.store.Record(ctx, audit.Record{By: by, Event: audit.RestoreStaged{SHA256: out.SHA256, Made: out.Made}}); err != nil {
		return admin.StagedRestore{}, fmt.Errorf("record the backup that was uploaded: %w", err)
	}
	if err := os.Rename(path, b.stagedPath()); err != nil {
		return admin.StagedRestore{}, fmt.Errorf("keep the backup: %w", err)
	}
	b.keepStaged(&out)
	return out, nil
}

func (b *box) keepStaged(s *admin.StagedRestore) {
	b.staged.mu.Lock()
	defer b.staged.mu.Unlock()
	b.staged.kept = s
}

// backupError words what is wrong with a backup for the operator.
func backupError(err error) error {
	hint := ""
	switch {
	case errors.Is(err, backup.ErrNone): // its own words are for who named a file
		return operators.Fail(http.StatusUnprocessableEntity, "this is no backup", "choose a file that lineside backup, or the page, made")
	case errors.Is(err, backup.ErrDamaged), errors.Is(err, store.ErrDamaged):
		hint = "use another backup; nothing was changed"
	case errors.Is(err, backup.ErrNewer), errors.Is(err, store.ErrNewer):
		hint = "install that version of lineside first; nothing was changed"
	case errors.Is(err, store.ErrKey):
		hint = "it was made under another site key, of another box or of before lineside key rotate; nothing was changed; with that key: stop the box, then lineside restore FILE --key KEYFILE"
	default:
		return err
	}
	return operators.Fail(http.StatusUnprocessableEntity, err.Error(), hint)
}

// examine fills in what the backup at path holds and what putting it back would do.
func (b *box) examine(ctx context.Context, path string, out *admin.StagedRestore) error {
	at := b.stateAt()
	_, key, err := restoreKeys(at)
	if err != nil {
		return err
	}
	from, err := unpackBackup(path, path)
	if err != nil {
		return err
	}
	defer from.remove()
	c, err := store.Examine(from.database, key, b.now())
	if err != nil {
		return err
	}
	out.Made, out.Devices, out.Users, out.OldForm, out.Templates = c.Made, len(c.Devices), c.Users, from.plain, []string{}
	for _, f := range from.templates {
		out.Templates = append(out.Templates, f.Name)
	}
	if out.Own, err = b.store.Wrote(ctx, c.Log); err != nil {
		return err
	}
	if out.Own {
		newest, err := b.store.SearchAudit(ctx, audit.Search{Limit: 1})
		if err != nil {
			return err
		}
		out.Entries = newest.High - c.Log.Seq
	}
	out.Gone, out.Back = b.differ(c.Devices)
	b.willDo(out, from.contents.LeftOut, from.contents.Settings)
	return nil
}

// stateAt names this box's state as restoring by hand does.
func (b *box) stateAt() stateFlags {
	at := stateFlags{state: b.settings.State}
	at.key = at.own()
	return at
}

// differ counts the devices that are set up now and are none of those, and those
// that are not set up now; both are in order.
func (b *box) differ(macs []phone.MAC) (gone, back int) {
	both := 0
	compare := func(a, b phone.MAC) int { return slices.Compare(a[:], b[:]) }
	now := b.desk.Records()
	for _, rec := range now {
		if _, there := slices.BinarySearchFunc(macs, rec.Device.MAC, compare); there {
			both++
		}
	}
	return len(now) - both, len(macs) - both
}
