package provision

import (
	"context"

	"github.com/lineside/lineside/phone"
)

// RereadFiles is what RunFiles does at each look.
func (d *Desk) RereadFiles(ctx context.Context) { d.rereadFiles(ctx) }

// Overlook has a file look untouched as it is now: what a disk does that rots.
func (d *Desk) Overlook(v phone.Vendor, name string) error {
	s, key := d.files, localKey{v, name}
	info, err := s.root.Stat(key.path())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[key].seen = info
	return err
}

// Overdue is how many files would be read again now.
func (d *Desk) Overdue() int { return len(d.files.overdue(d.tools.Now())) }

// DiskLeft has the disk of files seem to have so many bytes left, one after the
// other and the last from then on.
func (d *Desk) DiskLeft(left ...int64) {
	d.files.left = func() (int64, error) {
		now := left[0]
		left = left[min(1, len(left)-1):]
		return now, nil
	}
}
