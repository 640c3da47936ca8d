package audit

// UserAdded says that an operator set up a user.
type UserAdded struct {
	User string `json:"user"` // ID
}

// UserChanged names the fields of a user that an operator changed.
type UserChanged struct {
	User   string   `json:"user"`
	Fields []string `json:"fields"`
}

// UserRemoved says that a user was deleted.
type UserRemoved struct {
	User string `json:"user"`
}

// PortalTried is one portal PIN that was looked at. Result is "right" or "wrong".
type PortalTried struct {
	User   string `json:"user"`
	Result string `json:"result"`
	Locked bool   `json:"locked"` // no more are taken
}

// UsersExported says that an operator took the list of users.
type UsersExported struct {
	Users int `json:"users"`
}

// FileAdded says that an operator put a file where phones can fetch it.
type FileAdded struct {
	Vendor string `json:"vendor"`
	File   string `json:"file"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// FileRemoved says that an operator took such a file away.
type FileRemoved struct {
	Vendor string `json:"vendor"`
	File   string `json:"file"`
}

// FirmwareSet says which file phones of a model are told to install; an empty
// File is none.
type FirmwareSet struct {
	Vendor  string `json:"vendor"`
	Model   string `json:"model"`
	File    string `json:"file"`
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256"`
}

// UploadShown says that an operator was shown what a phone had put on the box.
type UploadShown struct {
	File string `json:"file"`
}

// SheetShown says that an operator was given the rows of a redirect service, and
// whether the brand's one-time password was in them.
type SheetShown struct {
	Sheet   string `json:"sheet"`
	Devices int    `json:"devices"`
	OTP     bool   `json:"otp"`
}

// TemplatesLoaded says which templates are in force from here on.
type TemplatesLoaded struct {
	Files   []string `json:"files"`
	Refused int      `json:"refused"`
}

// Kind names the event in the log.
func (UserAdded) Kind() string       { return "user-added" }
func (UserChanged) Kind() string     { return "user-changed" }
func (UserRemoved) Kind() string     { return "user-removed" }
func (PortalTried) Kind() string     { return "portal-tried" }
func (UsersExported) Kind() string   { return "users-exported" }
func (FileAdded) Kind() string       { return "file-added" }
func (FileRemoved) Kind() string     { return "file-removed" }
func (FirmwareSet) Kind() string     { return "firmware-set" }
func (UploadShown) Kind() string     { return "upload-shown" }
func (SheetShown) Kind() string      { return "sheet-shown" }
func (TemplatesLoaded) Kind() string { return "templates-loaded" }
