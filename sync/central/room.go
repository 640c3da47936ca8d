package central

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
)

// ErrNoRoom says that the disk of the platform's directory is full, or so
// nearly that nothing new is taken: nothing was changed.
var ErrNoRoom = errors.New("the disk is full")

// minRoom is what stays free: a write that finds the disk full in its middle
// costs the stream's own repair, and removing needs room as well.
const minRoom = 16 << 20

// Room is how much the disk of the view takes yet, in bytes.
func (p *Platform) Room() (free uint64, err error) {
	dir := filepath.Dir(p.path)
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return st.Bavail * uint64(st.Bsize), nil
}

// hasRoom refuses a change before it is begun. Where the disk cannot be looked
// at, the write itself tells.
func (p *Platform) hasRoom() error {
	free, err := p.Room()
	if err != nil || free >= minRoom {
		return nil
	}
	return fmt.Errorf("%w: %w: %s has %d MB left", ErrBusy, ErrNoRoom, filepath.Dir(p.path), free>>20)
}
