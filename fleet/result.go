package fleet

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
)

// Outcome is how far a phone came.
type Outcome string

// Outcomes. Waiting is a phone with a config that only lets it authenticate:
// its account is at the box itself.
const (
	Provisioned Outcome = "provisioned"
	Waiting     Outcome = "waiting"
	Unfinished  Outcome = "unfinished"
)

// What can keep a phone from a config. Each is wrapped with the phone's own
// facts; Kind names it.
var (
	ErrNoLease   = errors.New("no DHCP lease")
	ErrNotTold   = errors.New("no provisioning address told")
	ErrNoAnswer  = errors.New("no answer to a request")
	ErrRefused   = errors.New("login refused")
	ErrMissing   = errors.New("no config of its own found")
	ErrUnread    = errors.New("config not understood")
	ErrNoAccount = errors.New("config sets no account")
)

// Kind names what went wrong in one or two words, for counting; empty for nil.
func Kind(err error) string {
	kinds := []struct {
		is   error
		name string
	}{
		{context.Canceled, "stopped"},
		{ErrNoLease, "no lease"}, {ErrNotTold, "not told where"}, {ErrNoAnswer, "no answer"},
		{ErrRefused, "refused"}, {ErrMissing, "no config"}, {ErrUnread, "bad config"},
		{ErrNoAccount, "no account"},
		// Last, because a request's own time-out is one of these too.
		{context.DeadlineExceeded, "stopped"},
	}
	if err == nil {
		return ""
	}
	for _, k := range kinds {
		if errors.Is(err, k.is) {
			return k.name
		}
	}
	return "other"
}

// Result is one boot or resync of one phone. Passwords in it are phone.Secret.
type Result struct {
	MAC      phone.MAC     `json:"mac"`
	Vendor   phone.Vendor  `json:"vendor"`
	Model    string        `json:"model"`
	Outcome  Outcome       `json:"outcome"`
	Addr     netip.Addr    `json:"address,omitzero"`
	URL      string        `json:"url,omitempty"`
	Files    []File        `json:"files,omitempty"`
	Settings Settings      `json:"settings"`
	NewLogin bool          `json:"new_login"`      // its files set another login than it had
	Prompts  int           `json:"prompts"`        // how often the person was asked
	DHCP     time.Duration `json:"dhcp_ns"`        // until the address was there
	Took     time.Duration `json:"took_ns"`        // in all
	Kind     string        `json:"kind,omitempty"` // of the error, as Kind gives it
}

// File is one file the phone asked for, and how it went in the end. Status is
// HTTP's; TFTP's "file not found" is 404, and 0 is no answer.
type File struct {
	Name   string        `json:"name"`
	Status int           `json:"status"`
	Bytes  int           `json:"bytes"`
	Asks   int           `json:"asks"`
	Took   time.Duration `json:"took_ns"`
}

// Settings is what a phone took from its files.
type Settings struct {
	// URL, User and Password are where and as whom to fetch next time; empty
	// where the files leave them alone.
	URL      string       `json:"url,omitempty"`
	User     string       `json:"user,omitempty"`
	Password phone.Secret `json:"password,omitzero"`
	Accounts []Account    `json:"accounts,omitempty"`
	// Display is the text beside the first line key.
	Display string `json:"display,omitempty"`
	// Hotline is the number dialled on off-hook.
	Hotline string `json:"hotline,omitempty"`
}

// Account is a SIP account as the phone understood it.
type Account struct {
	Registrar   string       `json:"registrar"`
	Port        string       `json:"port,omitempty"` // where it stands beside the registrar
	User        string       `json:"user"`
	AuthID      string       `json:"auth_id,omitempty"`
	Password    phone.Secret `json:"password,omitzero"`
	DisplayName string       `json:"display_name,omitempty"`
	Label       string       `json:"label,omitempty"`
}
