package operators

import (
	"errors"
	"net/http"
	"syscall"
	"time"
)

// Error is an answer that is no success, the same at both ends: what happened
// and what to do about it.
type Error struct {
	// Status is the HTTP status.
	Status int `json:"-"`
	// What happened, in one sentence without a stop.
	What string `json:"error"`
	// Hint is what to type or write next.
	Hint string `json:"hint"`
	// Fields lists each thing that is wrong, where there are several.
	Fields []string `json:"fields,omitempty"`

	// Changed is who was faster, for 412, as far as that is known.
	Changed *Change `json:"changed,omitempty"`

	// Allow are the methods a path has, for 405; Retry the seconds to wait, for
	// 429 and 503. They travel as headers.
	Allow string `json:"-"`
	Retry string `json:"-"`
}

// Change is what somebody did that makes another's edit one of something else.
type Change struct {
	By     string    `json:"by,omitempty"` // as the audit log names them
	Front  string    `json:"front"`
	At     time.Time `json:"at"`
	Fields []string  `json:"fields"` // by the API's names
}

// Error is what happened, without the hint.
func (e *Error) Error() string { return e.What }

// Fail is an error without fields.
func Fail(status int, what, hint string) *Error {
	return &Error{Status: status, What: what, Hint: hint}
}

// NoRoom is the answer where the disk has none, nil where err says something else.
// Nothing of what was asked has been done.
func NoRoom(err error) *Error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return nil
	}
	return Fail(http.StatusInsufficientStorage, "the disk of the box is full, and what is not on disk is not done",
		"see at the box what fills it, such as old logs and firmware: df -h; then try again; phones that are set up go on working")
}
