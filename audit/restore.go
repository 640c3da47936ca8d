package audit

import "time"

// RestoreStaged says that a backup was uploaded and checked; nothing came of it yet.
type RestoreStaged struct {
	SHA256 string    `json:"sha256"`
	Made   time.Time `json:"made,omitzero"`
}

// RestoreAsked says that somebody had the box put an uploaded backup in the place
// of its database. It is in the database that is set aside.
type RestoreAsked struct {
	SHA256 string    `json:"sha256"`
	Made   time.Time `json:"made,omitzero"`
}

// BackupRestored says in the database that was put back who had it done, and where
// the one before is.
type BackupRestored struct {
	SHA256   string    `json:"sha256"`
	Made     time.Time `json:"made,omitzero"`
	SetAside string    `json:"set_aside,omitempty"`
}

// RestoreDropped says that an uploaded backup was deleted and not put back.
type RestoreDropped struct {
	SHA256 string `json:"sha256"`
}

// Kind names the event in the log.
func (RestoreStaged) Kind() string  { return "restore-staged" }
func (RestoreAsked) Kind() string   { return "restore-asked" }
func (BackupRestored) Kind() string { return "backup-restored" }
func (RestoreDropped) Kind() string { return "restore-dropped" }
