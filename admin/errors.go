package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Error is an answer that is no success.
type Error = operators.Error

func fail(status int, what, hint string) *Error { return operators.Fail(status, what, hint) }

// apiDocument is where a caller reads what a call takes.
const apiDocument = API + "/openapi.json"

// invalid says everything that is wrong with what the caller wrote.
func invalid(what string, err error) *Error {
	return &Error{
		Status: http.StatusUnprocessableEntity, What: what,
		Hint: "correct the fields named and send it again", Fields: spell("", err),
	}
}

// unauthorised is the one answer to everybody without a token.
func unauthorised() *Error {
	return fail(http.StatusUnauthorized, "this needs a token",
		"send it as \"Authorization: Bearer TOKEN\"; the admin's is in the file admin.token in the box's state directory, and lineside token add makes others")
}

func internal() *Error {
	return fail(http.StatusInternalServerError, "the box could not do this; nothing is known to have changed",
		"look at the box's log (journalctl -u lineside) and try again")
}

// answers is the table from error to answer, first match wins. What it does not
// name is our own trouble: 500, with the cause in the log only.
var answers = []struct {
	is     error
	status int
	hint   string
}{
	{phone.ErrUnknownDevice, http.StatusNotFound, "see what there is with: lineside device list; or set it up with: lineside device add MAC"},
	{phone.ErrUnknownUser, http.StatusNotFound, "see whom there is with: lineside user list; or set them up with: lineside user add ID --extension NUMBER"},
	{provision.ErrUserExists, http.StatusConflict, "see it with: lineside user list; change it with: lineside user edit ID"},
	{provision.ErrUserOwns, http.StatusConflict, "see the user's devices with: lineside user list ID"},
	{provision.ErrExtensionTaken, http.StatusConflict, "see who has it with: lineside user list EXTENSION"},
	{provision.ErrUsersFull, http.StatusConflict, "remove users who have left: lineside user remove ID"},
	{provision.ErrNoUsers, http.StatusConflict, "install a version that does"},
	{mail.ErrOff, http.StatusConflict, "name the mail server: mail.smtp in the settings; then: systemctl reload lineside"},
	{mail.ErrFull, http.StatusConflict, "see why mail does not get through with: lineside mail list"},
	{mail.ErrUnknown, http.StatusNotFound, "see what waits with: lineside mail list; what was delivered is not in it"},
	{mail.ErrMessage, http.StatusUnprocessableEntity, "correct it and send it again"},
	{provision.ErrUnknownFile, http.StatusNotFound, "see what there is with: lineside file list"},
	{provision.ErrUnknownUpload, http.StatusNotFound, "see what there is with: lineside device uploads MAC"},
	{provision.ErrFilesFull, http.StatusRequestEntityTooLarge, "see what there is with: lineside file list; remove what is not needed: lineside file remove VENDOR FILE"},
	{provision.ErrFilesBusy, http.StatusConflict, "wait until it is done, then try again"},
	{provision.ErrFilePinned, http.StatusConflict, "see the rules with: lineside file list"},
	{provision.ErrNoFiles, http.StatusConflict, "see whether the state directory can be written"},
	{provision.ErrExists, http.StatusConflict, "see it with: lineside device show MAC; change it with: lineside device edit MAC"},
	{provision.ErrStale, http.StatusPreconditionFailed, "fetch the device again, repeat the change on what it is now, and send it with the new rev"},
	{provision.ErrPINNotAsked, http.StatusConflict, "let this one phone in with: lineside device suspend MAC; or ask PINs of all with: lineside policy set first-contact pin"},
	{provision.ErrUnproven, http.StatusConflict, "read the address in the phone's own menu, then: lineside pin enter MAC PIN --from ADDRESS"},
	{provision.ErrNoOTP, http.StatusConflict, "see what is set with: lineside otp list"},
	{provision.ErrPlatformRemove, http.StatusConflict, "remove it at the platform: lineside-central device remove MAC; it is gone here as soon as the box hears of it"},
	{provision.ErrPlatform, http.StatusConflict, "change it at the platform; it may also allow changes here: lineside status says whether it does"},
	{provision.ErrPlatformAway, http.StatusServiceUnavailable, "to let this one phone in meanwhile: lineside device suspend MAC; see the link with: lineside status"},
	{provision.ErrPlatformNo, http.StatusConflict, "have it done at the platform; to let this one phone in meanwhile: lineside device suspend MAC"},
	{provision.ErrPlatformDoubt, http.StatusGatewayTimeout, "see whether it was done before you ask again: lineside device show MAC"},
	{provision.ErrPlatformOTP, http.StatusConflict, "have the platform give it one; for this phone alone and now: lineside device suspend MAC"},
	{provision.ErrTicketDemanded, http.StatusConflict, "make it a ticket: lineside otp ticket MAC; or demand none any more: lineside otp demand MAC no"},
	{provision.ErrHasLogin, http.StatusConflict, "to take its login away too, first: lineside device reset MAC"},
	{provision.ErrNotLocked, http.StatusConflict, "nothing to do; see where it stands with: lineside device show MAC"},
	{auth.ErrTicketState, http.StatusConflict, "see where each ticket stands with: lineside otp tickets"},
	{provision.ErrNotAllowed, http.StatusNotFound, "see what is on it with: lineside allow list"},
	{provision.ErrAllowFull, http.StatusConflict, "remove an entry with: lineside allow remove NETWORK; or name a wider network"},
	{phone.ErrMAC, http.StatusBadRequest, "write the twelve hex digits on the phone's label, such as 00:15:65:4a:a9:37"},
	{auth.ErrAllowTooWide, http.StatusUnprocessableEntity, "name the phones' network, such as 10.20.0.0/24"},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "the box is busy; try again in a moment"},
	{context.Canceled, http.StatusServiceUnavailable, "the box is stopping; try again once it runs"},
}

// errorFor words err for the caller; known is false where only the log may have
// it.
func errorFor(err error) (e *Error, known bool) {
	if errors.As(err, &e) {
		return e, true
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return fail(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is longer than %d bytes", big.Limit), "send less at once"), true
	}
	if full := operators.NoRoom(err); full != nil {
		return full, true
	}
	for _, a := range answers {
		if errors.Is(err, a.is) {
			e := fail(a.status, err.Error(), a.hint)
			if a.is == provision.ErrUnproven { // the one that another field of the same call mends
				e.Fields = []string{"from: the phone's own address is needed beside its PIN"}
			}
			return e, true
		}
	}
	if errors.Is(err, provision.ErrInvalid) {
		return invalid("what was sent is not valid", err), true
	}
	return internal(), false
}

// spell flattens a joined error into one line a fault, each with the words that
// were wrapped around it: "line 2: user: missing".
func spell(before string, err error) []string {
	if err == nil || err == provision.ErrInvalid { // the mark itself says nothing
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, e := range many.Unwrap() {
			all = append(all, spell(before, e)...)
		}
		return all
	}
	if inner := joined(err); inner != nil {
		if around, ok := strings.CutSuffix(err.Error(), inner.Error()); ok {
			return spell(before+around, inner)
		}
	}
	return []string{before + err.Error()}
}

// joined finds the joined error inside err, nil where there is none.
func joined(err error) error {
	for err != nil {
		if _, ok := err.(interface{ Unwrap() []error }); ok {
			return err
		}
		err = errors.Unwrap(err)
	}
	return nil
}
