package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/vendors"
)

// Source is what a backup is made of.
type Source struct {
	Database  io.Reader
	Size      int64                  // of the database, bytes
	Templates []vendors.TemplateFile // kept ones too
	Settings  []Settings
	LeftOut   []LeftOut
	At        time.Time
}

// Write writes a backup to w. Where it returns an error, what was written is none.
func Write(w io.Writer, s Source) error {
	a := archive{out: tar.NewWriter(w), at: s.At}
	a.add(databaseName, s.Database, s.Size)
	for _, f := range s.Templates {
		a.add(templatesPrefix+f.Name, bytes.NewReader(f.Text), int64(len(f.Text)))
	}
	for _, f := range s.Settings {
		a.add(settingsPrefix+f.Name, strings.NewReader(f.Sealed), int64(len(f.Sealed)))
	}
	form := 1
	switch {
	case len(s.Settings) > 0:
		form = Format
	case slices.ContainsFunc(s.Templates, vendors.TemplateFile.Kept):
		form = 2
	}
	text, err := json.MarshalIndent(Contents{Format: form, Members: a.members, LeftOut: s.LeftOut}, "", "  ")
	if err != nil {
		return fmt.Errorf("write what the backup holds: %w", err)
	}
	a.add(contentsName, bytes.NewReader(text), int64(len(text)))
	if a.err != nil {
		return a.err
	}
	return a.out.Close()
}

// archive is a backup being written; after an error it writes nothing.
type archive struct {
	out     *tar.Writer
	at      time.Time
	members []Member
	err     error
}

func (a *archive) add(name string, body io.Reader, size int64) {
	if a.err != nil {
		return
	}
	sum := sha256.New()
	a.err = a.out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: a.at})
	if a.err == nil {
		_, a.err = io.CopyN(io.MultiWriter(a.out, sum), body, size)
	}
	if a.err != nil {
		a.err = fmt.Errorf("write %s into the backup: %w", name, a.err)
	}
	a.members = append(a.members, Member{Name: name, Bytes: size, SHA256: hex.EncodeToString(sum.Sum(nil))})
}
