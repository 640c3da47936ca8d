package pages

import "github.com/lineside/lineside/phone"

// handover shows a temporary password to whoever hands it over, once.
type handover struct {
	For, SignIn string
	Password    phone.Secret
	Why, Back   string
}

// Shown is the password, for the one page that is made to show it.
func (h handover) Shown() string { return h.Password.Reveal() }
