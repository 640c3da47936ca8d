package store

import (
	"fmt"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// GiveBack takes the pages of the file that were read out of the process's memory.
// Opening reads all of them, to see that they are whole, and what is asked later
// comes from memory: only audit log and commits look at the file again, at a few
// pages, which then come from the kernel's cache or the disk.
func (s *Store) GiveBack() error {
	err := s.read(func(tx *bolt.Tx) error {
		// The file stays mapped where it is as long as this transaction reads it, and
		// is at least so long. Written pages are not in the map (bbolt writes by
		// pwrite), so nothing is lost.
		_, _, errno := unix.Syscall(unix.SYS_MADVISE, s.db.Info().Data, uintptr(tx.Size()), unix.MADV_DONTNEED)
		if errno != 0 {
			return errno
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("give the pages of %s back: %w", s.path, err)
	}
	return nil
}
