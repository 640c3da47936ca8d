package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/lineside/lineside/backup"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

// unpacked is a backup, ready to be put back.
type unpacked struct {
	plain     bool   // the database alone, of an older version
	database  string // its path
	contents  backup.Contents
	templates []vendors.TemplateFile
}

// unpackBackup reads the whole of a backup before anything is changed. An
// archive's database is put aside beside the box's, where there has to be room
// for it anyway.
func unpackBackup(file, database string) (*unpacked, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	head := make([]byte, backup.Head)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	switch backup.Sniff(head[:n]) {
	case backup.Plain:
		return &unpacked{plain: true, database: file}, nil
	case backup.Unknown:
		return nil, backup.ErrNone
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	u := &unpacked{database: database + ".unpacked"}
	err = shell.WriteWhole(u.database, func(w io.Writer) (err error) {
		u.contents, u.templates, err = backup.Read(f, info.Size(), vendors.All(), w)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return u, nil
}

// remove takes away what was put aside.
func (u *unpacked) remove() {
	if !u.plain {
		_ = os.Remove(u.database)
	}
}
