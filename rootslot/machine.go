package rootslot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// System is the machine itself. Its process needs CAP_SYS_ADMIN, for mounting.
type System struct {
	// Labels is the folder of partitions by name; empty is /dev/disk/by-partlabel.
	Labels string
}

func (m System) device(name string) string {
	folder := m.Labels
	if folder == "" {
		folder = "/dev/disk/by-partlabel"
	}
	return filepath.Join(folder, "lineside-"+name)
}

// Boot mounts the boot partition for as long as change runs.
func (m System) Boot(change func(folder string) error) error {
	return m.mounted("esp", "vfat", unix.MS_NOEXEC|unix.MS_SYNCHRONOUS, "umask=077", change)
}

// Root mounts a slot's root.
func (m System) Root(slot string, look func(folder string) error) error {
	return m.mounted(slot, "squashfs", unix.MS_RDONLY|unix.MS_NOEXEC, "", look)
}

// mounted mounts a partition in a folder of its own, nobody else's to enter.
func (m System) mounted(name, kind string, flags uintptr, options string, use func(string) error) (err error) {
	folder, err := os.MkdirTemp("/run", "lineside-"+name+"-")
	if err != nil {
		return fmt.Errorf("mount %s: %w", m.device(name), err)
	}
	defer func() { err = errors.Join(err, os.Remove(folder)) }()
	if err := m.mount(name, folder, kind, flags|unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return err
	}
	err = use(folder)
	return errors.Join(err, unmount(folder))
}

// mount waits a little for who has the boot partition mounted read-only just then:
// the settings are taken from it at start.
func (m System) mount(name, folder, kind string, flags uintptr, options string) (err error) {
	for range 50 {
		err = unix.Mount(m.device(name), folder, kind, flags, options)
		if !errors.Is(err, unix.EBUSY) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("mount %s: %w", m.device(name), err)
	}
	return nil
}

func unmount(folder string) error {
	fd, err := unix.Open(folder, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil {
		err = errors.Join(unix.Syncfs(fd), unix.Close(fd))
	}
	if err = errors.Join(err, unix.Unmount(folder, 0)); err != nil {
		return fmt.Errorf("unmount %s: %w", folder, err)
	}
	return nil
}

// Open opens a slot's partition.
func (m System) Open(slot string) (Partition, error) {
	f, err := os.OpenFile(m.device(slot), os.O_WRONLY|unix.O_EXCL, 0)
	if err != nil {
		return nil, fmt.Errorf("open the slot's partition: %w", err)
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("measure the slot's partition: %w", err), f.Close())
	}
	return &partition{f, size}, nil
}

type partition struct {
	*os.File
	size int64
}

func (p *partition) Size() int64 { return p.size }
