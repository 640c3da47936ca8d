package audit

// SignedIn says that somebody signed in to the pages. Must is why the password
// has to be changed before anything else; empty where it has not.
type SignedIn struct {
	Account string `json:"account"`
	Role    string `json:"role"`
	Must    string `json:"must,omitempty"`
}

// SignInRefused says that names or passwords were wrong: the last one of an
// account, where there is one of the name typed (a password typed into the wrong
// field is not to be kept), and how many since the entry before.
type SignInRefused struct {
	Account string `json:"account,omitempty"`
	Times   int    `json:"times"`
}

// AccountAdded says that somebody may sign in from here on; SetUp that it was
// the set-up code that allowed it.
type AccountAdded struct {
	Account string `json:"account"`
	Role    string `json:"role"`
	SetUp   bool   `json:"set_up,omitempty"`
}

// AccountChanged names the fields of an account that were changed.
type AccountChanged struct {
	Account string   `json:"account"`
	Role    string   `json:"role"`
	Fields  []string `json:"fields"`
}

// AccountRemoved says that somebody may not sign in any more.
type AccountRemoved struct {
	Account string `json:"account"`
	Role    string `json:"role"`
}

// AccountUnlocked says that an operator had wrong passwords of an account
// forgotten.
type AccountUnlocked struct {
	Account string `json:"account"`
}

// PasswordChanged says that somebody chose a new password to sign in with.
type PasswordChanged struct {
	Account string `json:"account"`
}

// PasswordReset says that an operator had a temporary password made for an
// account, whose own is void.
type PasswordReset struct {
	Account string `json:"account"`
}

// PasswordForgotten says that somebody asked for a temporary password by the
// account's name, and that it was mailed; and how often since the entry before
// that was done.
type PasswordForgotten struct {
	Account string `json:"account"`
	Times   int    `json:"times"`
}

// Kind names the event in the log.
func (SignedIn) Kind() string          { return "signed-in" }
func (SignInRefused) Kind() string     { return "sign-in-refused" }
func (AccountAdded) Kind() string      { return "account-added" }
func (AccountChanged) Kind() string    { return "account-changed" }
func (AccountRemoved) Kind() string    { return "account-removed" }
func (AccountUnlocked) Kind() string   { return "account-unlocked" }
func (PasswordChanged) Kind() string   { return "password-changed" }
func (PasswordReset) Kind() string     { return "password-reset" }
func (PasswordForgotten) Kind() string { return "password-forgotten" }
