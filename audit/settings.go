package audit

// SettingChanged says that a setting was changed from the page, the API or the
// command line. What it was and is are as operators are shown them: secrets and
// tables not at all.
type SettingChanged struct {
	Key  string `json:"key"`
	From string `json:"from"`
	To   string `json:"to"`
	// Unset says that the page sets it no more: To is the file's or the default.
	Unset bool `json:"unset,omitempty"`
}

// RestartAsked says that somebody had the box start anew.
type RestartAsked struct{}

// Kind names the event in the log.
func (SettingChanged) Kind() string { return "setting-changed" }
func (RestartAsked) Kind() string   { return "restart-asked" }
