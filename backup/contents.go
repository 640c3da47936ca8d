package backup

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Format is the newest version of the form; each is written where the one before
// cannot say what there is to say, so that an older build reads the rest.
//
//	1  the database and the operator's templates
//	2  and of those the last good ones, where they are others
//	3  and settings
const Format = 3

// Errors of a file that is no backup, or not a whole one.
var (
	// ErrNone is returned for a file that is neither form of a backup.
	ErrNone = errors.New("is no backup: write the name of a file that `lineside backup` made")
	// ErrDamaged is returned for an archive that is not as it was written.
	ErrDamaged = errors.New("the backup is damaged: use another one")
	// ErrNewer is returned for an archive of a later form.
	ErrNewer = errors.New("made by a newer lineside; install that version")
)

// Contents says what a backup holds.
type Contents struct {
	Format  int       `json:"format"`
	Members []Member  `json:"members"`
	LeftOut []LeftOut `json:"left_out"`
	// Settings are those of the box, sealed; since format 3.
	Settings []Settings `json:"-"`
}

// Settings is a settings file. Passwords may stand in it, so its text is sealed as
// the database's secrets are: Sealed is whatever the box made of it.
type Settings struct {
	Name   string // OperatorsSettings or PageSettings
	Sealed string
}

// Names of settings files.
const (
	OperatorsSettings = "lineside.toml"
	PageSettings      = "settings.toml"
)

// Member is a file in a backup.
type Member struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// LeftOut is what the box had and the backup has not.
type LeftOut struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256,omitempty"`
	Why    string `json:"why,omitempty"`
}

// Names of members.
const (
	databaseName    = "lineside.db"
	templatesPrefix = "templates/"
	settingsPrefix  = "settings/"
	contentsName    = "contents.json"
)

// Kind is the form of a file.
type Kind uint8

// Forms of a file.
const (
	Unknown Kind = iota
	// Plain is the database alone.
	Plain
	// Archive is what Write makes.
	Archive
)

// Head is how many bytes of a file Sniff wants.
const Head = 512

// Sniff tells a file's form by its first bytes: a tar's header names itself at
// 257; the database's first page has a head of 16 bytes, then its magic number, in
// the order of bytes of the machine that wrote it.
func Sniff(head []byte) Kind {
	const magic, at, tarAt = 0xED0CDAED, 16, 257
	switch {
	case len(head) >= at+4 && (binary.LittleEndian.Uint32(head[at:]) == magic || binary.BigEndian.Uint32(head[at:]) == magic):
		return Plain
	case len(head) >= tarAt && bytes.HasPrefix(head[tarAt:], []byte("ustar")):
		return Archive
	}
	return Unknown
}
