package provision

import (
	"context"
	"slices"
	"time"
)

// Files nothing was seen to touch are read again once a day, a few at a time: at
// every look as many as make up rereadMost bytes, and one at least. At 288 looks
// a day that is more than MaxLocalTotal, so each has its turn, and no look keeps
// the disk busy for longer than its largest file does.
const (
	rereadAfter = 24 * time.Hour
	rereadMost  = 16 << 20
)

// rereadFiles compares the bytes of files that were not for a day. What was
// changed so that neither size nor date tells, or rotted on the disk, is taken
// out of service, with the condition of files that are not what was added.
func (d *Desk) rereadFiles(ctx context.Context) {
	now := d.tools.Now()
	for _, f := range d.files.overdue(now) {
		d.files.check(ctx, now, f, true)
	}
	d.tellFiles()
}

// overdue is the files to be read again now, those longest not read first.
func (s *shelf) overdue(now time.Time) []LocalFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*local
	for _, f := range s.files {
		if f.seen != nil && (now.Sub(f.read) >= rereadAfter || now.Before(f.read)) {
			due = append(due, f)
		}
	}
	slices.SortFunc(due, func(a, b *local) int { return a.read.Compare(b.read) })
	var list []LocalFile
	size := int64(0)
	for _, f := range due {
		if len(list) > 0 && size+f.Size > rereadMost {
			break
		}
		list, size = append(list, f.LocalFile), size+f.Size
	}
	return list
}
