package main

import (
	"io"

	"github.com/lineside/lineside/backup"
)

// Backup writes a backup of the box to w: the database as of one moment, and the
// templates and settings as they lie there after it, with the templates in force that
// are others.
func (b *box) Backup(w io.Writer) error {
	return b.store.Copied(func(database io.Reader, size int64) error {
		templates, not, err := b.table.Templates(b.templates)
		if err != nil {
			return err
		}
		kept, err := b.table.KeptBeside(b.templates, templates)
		if err != nil {
			return err
		}
		left := []backup.LeftOut{}
		for _, t := range not {
			left = append(left, backup.LeftOut{Path: templatesFolder + "/" + t.File, Why: t.Text})
		}
		files, _ := b.desk.LocalFiles()
		for _, f := range files {
			left = append(left, backup.LeftOut{Path: f.Path, SHA256: f.SHA256, Why: "files for phones are not in a backup"})
		}
		left = append(left, backup.LeftOut{Path: uploadsFolder, Why: "what phones uploaded is not in a backup"})
		settings, unread := b.settingsOf()
		return backup.Write(w, backup.Source{
			Database: database, Size: size, Templates: append(templates, kept...), Settings: settings, LeftOut: append(left, unread...), At: b.now(),
		})
	})
}
