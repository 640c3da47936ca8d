package httpd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/lineside/lineside/provision"
)

// maxUploadsEach is how many files one address may be sending at once.
const maxUploadsEach = 2

// Why a file was not received.
var (
	errTooLarge = errors.New("the file is too large")
	errNoSlot   = errors.New("too many files are being received")
	errCutOff   = errors.New("the file did not arrive whole")
)

func isUpload(method string) bool { return method == http.MethodPut || method == http.MethodPost }

// take answers a request that puts a file here. The desk has to accept the sender
// before a byte of the file is read; while it is, the request holds a slot for
// files in place of one at the desk.
func (d *door) take(w http.ResponseWriter, r *http.Request, remote netip.AddrPort, leave func()) (outcome string) {
	file, ok := fileOf(r.URL.Path)
	if !ok {
		return d.untaken(w, r, leave, outcomeAbsent, func() { writeAbsent(w) })
	}
	ask, stale := d.question(r, remote, file)
	answer, err := d.ask(r.Context(), func(ctx context.Context) (provision.Answer, error) {
		return d.desk.Upload(ctx, ask, func(most int64) ([]byte, error) {
			leave()
			return d.receive(w, r, remote.Addr(), most)
		})
	})
	switch {
	case errors.Is(err, errTooLarge):
		return d.untaken(w, r, leave, outcomeMethod, func() {
			writeText(w, http.StatusRequestEntityTooLarge, "the file is too large\n")
		})
	case errors.Is(err, errNoSlot):
		return d.untaken(w, r, leave, outcomeBusy, func() { writeBusy(w) })
	case errors.Is(err, errCutOff):
		return d.untaken(w, r, leave, outcomeAbsent, func() {
			writeText(w, http.StatusBadRequest, "the file did not arrive whole\n")
		})
	case err != nil:
		d.complain(r.Context(), "the desk could not take a file; the phone was refused", "remote", remote, "file", provision.Loggable(file), "err", err)
		return d.untaken(w, r, leave, outcomeFault, func() { d.challenge(w, answer.Phone, stale) })
	}
	switch answer.Status {
	case provision.Kept:
		writeText(w, http.StatusOK, "kept\n")
		return outcomeKept
	case provision.Challenge:
		return d.untaken(w, r, leave, outcomeChallenge, func() {
			retryAfter(w, answer.Retry)
			d.challenge(w, answer.Phone, stale)
		})
	}
	return d.untaken(w, r, leave, outcomeMethod, func() { writeMethod(w) })
}

// untaken refuses a file: it is read away to a bound, so that its sender hears
// why, and the connection ends.
func (d *door) untaken(w http.ResponseWriter, r *http.Request, leave func(), outcome string, say func()) string {
	leave()
	if r.Body != nil && r.Body != http.NoBody {
		w.Header().Set("Connection", "close")
		if r.Header.Get("Expect") == "" {
			drain(w, r)
		}
	}
	say()
	return outcome
}

// receive reads a file of most bytes at most. The connection waits for its
// caller meanwhile.
func (d *door) receive(w http.ResponseWriter, r *http.Request, addr netip.Addr, most int64) ([]byte, error) {
	if r.ContentLength > most {
		return nil, errTooLarge
	}
	if !d.uploads.enter(addr) {
		return nil, errNoSlot
	}
	defer d.uploads.leave(addr)
	if g, _ := r.Context().Value(guestKey{}).(*guest); g != nil {
		g.wait(false)
		defer g.goOn()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errTooLarge
	case err != nil:
		return nil, errCutOff
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d.cfg.WriteTimeout))
	return body, nil
}
