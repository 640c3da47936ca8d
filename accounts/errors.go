package accounts

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/lineside/lineside/operators"
)

// Errors for whoever stands before the page. They are compared by errors.Is.
var (
	// ErrWrong is the one answer to every sign-in that is refused.
	ErrWrong = operators.Fail(http.StatusUnauthorized, "the name or the password is wrong, or too many wrong ones were tried for this name",
		"type both again; a temporary password is good once, and for 24 hours; if you do not remember yours, or nothing helps, use \"Forgot password?\"")
	// ErrSetUp is returned for a set-up code that is not this start's.
	ErrSetUp = operators.Fail(http.StatusForbidden, "this is not the set-up code",
		"read it in the box's log or with: lineside account setup-code; a restart makes a new one")
	// ErrSetUpDone is returned once there is an account.
	ErrSetUpDone = operators.Fail(http.StatusConflict, "this box is set up already", "sign in, or have an admin make you an account")
	// ErrBusy is returned while too many others sign in.
	ErrBusy = operators.Fail(http.StatusServiceUnavailable, "too many people are signing in", "try again in a moment")
	// ErrOften is returned to somebody who signs in all the time.
	ErrOften = operators.Fail(http.StatusTooManyRequests, "this account signed in so often that the audit log would hold little else", "stay signed in; or try again in an hour")
	// ErrSession is returned for a session that is over.
	ErrSession = operators.Fail(http.StatusUnauthorized, "you are not signed in any more", "sign in again")
	// ErrUnknown is returned for an account there is not.
	ErrUnknown = operators.Fail(http.StatusNotFound, "there is no account of that name", "see which there are with: lineside account list")
	// ErrExists is returned for adding one there is.
	ErrExists = operators.Fail(http.StatusConflict, "there is an account of that name already", "choose another name, or change it with: lineside account edit NAME")
	// ErrIsUser is returned for an account that would take a user's place.
	ErrIsUser = operators.Fail(http.StatusConflict, "a user of the site has that ID, and signs in with it", "choose another name, such as one ending in .admin")
	// ErrLast is returned for whatever would leave the box without an admin.
	ErrLast = operators.Fail(http.StatusConflict, "this is the last admin's account", "make another admin first: lineside account add NAME --role admin")
	// ErrFull is returned where there is no room for another account.
	ErrFull = operators.Fail(http.StatusConflict, fmt.Sprintf("there are %d accounts already", MaxAccounts), "remove those of people who have left: lineside account list")
	// ErrSame is returned for a new password that is the old one.
	ErrSame = operators.Fail(http.StatusUnprocessableEntity, "the new password is the old one", "choose another")
	// ErrStale is returned for a change of what somebody else changed meanwhile.
	ErrStale = operators.Fail(http.StatusPreconditionFailed, "the account was changed meanwhile", "fetch it again, and repeat the change on what it is now")
)

// waitError tells an address to wait.
func waitError(wait time.Duration) error {
	secs := strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
	e := operators.Fail(http.StatusTooManyRequests, "too many wrong names or passwords from where you are", "wait "+secs+" seconds, then try again")
	e.Retry = secs
	return e
}

// invalid says everything that is wrong with what was written.
func invalid(what string, faults []string) error {
	e := operators.Fail(http.StatusUnprocessableEntity, what, "correct the fields named and send it again")
	e.Fields = faults
	return e
}
