package pages

import (
	"io"
	"strings"
)

func getBackup(v *visit) error {
	p, err := v.backupPage(&form{})
	if err != nil {
		return err
	}
	return v.show("backup", p)
}

// postBackup takes a backup and sends it as a file named for the site's day. It is
// a form, as it is on record that it was taken, and by whom.
func postBackup(v *visit) error {
	name := "lineside-backup-" + strings.ReplaceAll(v.now.Format("2006-01-02 1504"), " ", "-") + ".tar"
	return v.download(name, "application/x-tar", func(w io.Writer) error { return v.api.Backup(v.ctx(), w) })
}
