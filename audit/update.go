package audit

// UpdateStaged says that a release was checked and waits to be applied.
type UpdateStaged struct {
	Version string `json:"version"`
	Key     string `json:"key"` // that signed it
}

// UpdateAsked says that somebody, or the platform, had it applied.
type UpdateAsked struct {
	Version string `json:"version"`
}

// UpdateKept says that it is in use from here on.
type UpdateKept struct {
	Version string `json:"version"`
	From    string `json:"from"`
}

// UpdateTurnedBack says that it was tried, and that what was before is in use.
type UpdateTurnedBack struct {
	Version string `json:"version"`
	To      string `json:"to"`
	Why     string `json:"why"`
}

// UpdateRefused says that a release was not even tried.
type UpdateRefused struct {
	Version string `json:"version,omitempty"`
	Why     string `json:"why"`
}

// Kind names the event in the log.
func (UpdateStaged) Kind() string     { return "update-staged" }
func (UpdateAsked) Kind() string      { return "update-asked" }
func (UpdateKept) Kind() string       { return "update-kept" }
func (UpdateTurnedBack) Kind() string { return "update-turned-back" }
func (UpdateRefused) Kind() string    { return "update-refused" }
