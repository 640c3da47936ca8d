package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// ErrDamaged is returned by Examine for a database that is not as it was written.
var ErrDamaged = errors.New("the database in the backup is damaged")

// Copy is what a copy of a database holds.
type Copy struct {
	Made    time.Time // zero: it was never marked as a copy
	Devices []phone.MAC
	Users   int
	Log     audit.Link // the last entry of its audit log
}

// Examine verifies the copy of a database at name as Restore would, all of it, and
// says what it holds. The file itself is left as it is.
func Examine(name string, key Key, now time.Time) (Copy, error) {
	tmp := name + ".examined"
	defer os.Remove(tmp)
	if err := copyFile(name, tmp); err != nil {
		return Copy{}, fmt.Errorf("examine %s: %w", name, err)
	}
	db, err := openBolt(tmp, 0)
	if errors.Is(err, errDamaged) {
		return Copy{}, fmt.Errorf("%w (%w)", ErrDamaged, err)
	} else if err != nil {
		return Copy{}, fmt.Errorf("examine the copy: %w", err)
	}
	m, err := verified(db, key, now)
	closeDamaged(db, nil) // it is a copy, and goes
	switch {
	case errors.Is(err, errDamaged):
		return Copy{}, fmt.Errorf("%w (%w)", ErrDamaged, err)
	case err != nil:
		return Copy{}, fmt.Errorf("examine the copy: %w", err)
	}
	c := Copy{Made: m.meta.Copied, Users: len(m.users), Log: m.chain.head}
	for mac := range m.devices {
		c.Devices = append(c.Devices, mac)
	}
	slices.SortFunc(c.Devices, func(a, b phone.MAC) int { return slices.Compare(a[:], b[:]) })
	return c, nil
}

// Wrote reports that the audit log holds that very entry: who wrote it was this
// box, or one this box was restored from. Entries that had to make room are not
// known any more.
func (s *Store) Wrote(ctx context.Context, l audit.Link) (bool, error) {
	if l.Seq == 0 {
		return false, nil
	}
	found, err := s.SearchAudit(ctx, audit.Search{Since: l.Seq - 1, Forward: true, Limit: 1})
	return err == nil && len(found.Entries) == 1 && found.Entries[0].Seq == l.Seq && found.Entries[0].Hash == l.Hash, err
}
