package provision

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/lineside/lineside/phone"
)

// keepFree is what stays free on the disk beside the files, for the database: a
// disk without room costs phones their addresses and logins, and is said to be one
// below half of this.
const keepFree = 128 << 20

// FileRoom is the room there is for files, in bytes.
type FileRoom struct {
	// File is how large one more file may be, 0 for none; Most is how large one
	// may be where there is room.
	File int64 `json:"file"`
	Most int64 `json:"most"`
	// Disk is what is free on the disk beyond what is kept for the database.
	Disk int64 `json:"disk"`
	// Files is how many more there may be.
	Files int `json:"files"`
}

// full says why there is no room for a file at all.
func (r FileRoom) full() error {
	switch {
	case r.Files == 0:
		return fmt.Errorf("%w: %d files are the most", ErrFilesFull, MaxLocalFiles)
	case r.Disk == 0:
		return fmt.Errorf("%w: the disk has less than %d MiB free, which are kept for the database", ErrFilesFull, keepFree>>20)
	}
	return fmt.Errorf("%w: all together have the %d MiB that are the most", ErrFilesFull, MaxLocalTotal>>20)
}

// tooLarge says why a file cannot be as large as one is.
func (r FileRoom) tooLarge() error {
	why := "all together may have no more"
	switch r.File {
	case r.Most:
		why = "no file may have more"
	case r.Disk:
		why = fmt.Sprintf("the disk has no more free, but for %d MiB that are kept for the database", keepFree>>20)
	}
	return fmt.Errorf("%w: it is larger than %d MiB; %s", ErrFilesFull, r.File>>20, why)
}

// FileRoom is the room for one more file.
func (d *Desk) FileRoom() (FileRoom, error) {
	if d.files.root == nil {
		return FileRoom{}, ErrNoFiles
	}
	return d.files.room(localKey{})
}

// CheckFile says what AddFile would refuse a file of that name and size for, before
// all of it was sent.
func (d *Desk) CheckFile(v phone.Vendor, name string, size int64) error {
	key := localKey{v, name}
	if err := d.checkLocal(key); err != nil {
		return err
	}
	room, err := d.files.room(key)
	switch {
	case err != nil:
		return err
	case room.File == 0:
		return room.full()
	case size > room.File:
		return room.tooLarge()
	}
	return nil
}

// room is what there is for a file in the place of one of its name.
func (s *shelf) room(key localKey) (FileRoom, error) {
	free, err := s.left()
	if err != nil {
		return FileRoom{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	left := int64(MaxLocalTotal)
	for k, f := range s.files {
		if k != key {
			left -= f.Size
		}
	}
	r := FileRoom{Most: MaxLocalFile, Disk: free, Files: max(0, MaxLocalFiles-len(s.files))}
	r.File = max(0, min(left, MaxLocalFile, free))
	if s.files[key] == nil && r.Files == 0 {
		r.File = 0
	} else if r.Files == 0 {
		r.Files = 1 // its own
	}
	return r, nil
}

// diskLeft is what files in a folder may take of its disk.
func diskLeft(root *os.Root) (int64, error) {
	dir, err := root.Open(".")
	if err != nil {
		return 0, fmt.Errorf("look at the folder of local files: %w", err)
	}
	defer func() { _ = dir.Close() }() // nothing was written
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(dir.Fd()), &st); err != nil {
		return 0, fmt.Errorf("look at the disk of local files: %w", err)
	}
	return max(0, int64(st.Bavail)*int64(st.Bsize)-keepFree), nil
}

// spared writes to a file as long as the disk has more free than is kept: others
// write to it too.
type spared struct {
	w    io.Writer
	left func() (int64, error)
	n    int // bytes since it was looked at
}

// sparedEvery is how many bytes are written without a look at the disk.
const sparedEvery = 8 << 20

// Write writes p.
func (s *spared) Write(p []byte) (int, error) {
	if s.n += len(p); s.n >= sparedEvery {
		s.n = 0
		if left, err := s.left(); err == nil && left == 0 { // where it cannot be looked at, the write itself tells
			return 0, FileRoom{Files: 1}.full()
		}
	}
	return s.w.Write(p)
}
