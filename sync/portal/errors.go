package portal

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
)

func internal() *operators.Error {
	return operators.Fail(http.StatusInternalServerError, "the platform could not do this; nothing is known to have changed",
		"look at its log (journalctl -u lineside-central) and try again")
}

// answers is the table from error to answer, first match wins. What it does not
// name is our own trouble: 500, with the cause in the log only.
func answers() []answerRow {
	return []answerRow{
		{central.ErrUnknownSite, http.StatusNotFound, "see which there are with: lineside-central site list"},
		{central.ErrUnknownDevice, http.StatusNotFound, "see which there are with: lineside-central device list"},
		{central.ErrUnknown, http.StatusNotFound, "list what there is, and write it as it stands there"},
		{central.ErrExists, http.StatusConflict, "write another name, or change the one there is"},
		{central.ErrNotJoined, http.StatusConflict, "join its box first: lineside-central site invite SITE"},
		{central.ErrFull, http.StatusConflict, "remove what is not used any more"},
		{central.ErrEntry, http.StatusUnprocessableEntity, "correct it and send it again; nothing was changed"},
		{central.ErrNoEntry, http.StatusNotFound, "list what there is, and write the range as it stands there"},
		{central.ErrNoRoom, http.StatusInsufficientStorage, "nothing was changed; boxes keep what they have to tell, phones notice nothing yet: make room on that disk, see what takes it with: du -xh --max-depth=2"},
		{central.ErrBound, http.StatusInsufficientStorage, "nothing was changed; boxes keep what they have to tell, phones notice nothing yet: see that each node's disk has room for more, raise nats.max_mib in the settings of every lineside-central, and restart them one after the other"},
		{central.ErrBusy, http.StatusServiceUnavailable, "try again in a moment; where it stays so, make room on the disk that holds the stream, or start the NATS nodes that are down"},
		{phone.ErrMAC, http.StatusBadRequest, "write the twelve hex digits on the phone's label, such as 00:15:65:4a:a9:37"},
	}
}

type answerRow struct {
	is     error
	status int
	hint   string
}

// errorFor words err for the caller; known is false where only the log may have
// it.
func errorFor(err error) (e *operators.Error, known bool) {
	if errors.As(err, &e) {
		return e, true
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return operators.Fail(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is longer than %d bytes", big.Limit), "send less at once"), true
	}
	for _, a := range answers() {
		if errors.Is(err, a.is) {
			e := operators.Fail(a.status, err.Error(), a.hint)
			if a.status == http.StatusServiceUnavailable {
				e.Retry = "5"
			}
			return e, true
		}
	}
	var wrong *central.InvalidError
	if errors.As(err, &wrong) {
		e := operators.Fail(http.StatusUnprocessableEntity, "what was sent is not valid; nothing was changed", "correct the fields named and send it again")
		e.Fields = wrong.Fields
		return e, true
	}
	return internal(), false
}
