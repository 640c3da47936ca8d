package audit

// TokenAdded says that an operator made a token for the API, and for which
// role. Actors that show it are named after it.
type TokenAdded struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

// TokenRemoved says that a token of the API was made void.
type TokenRemoved struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

// Kind names the event in the log.
func (TokenAdded) Kind() string { return "token-added" }

// Kind names the event in the log.
func (TokenRemoved) Kind() string { return "token-removed" }
