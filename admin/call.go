package admin

import (
	"encoding/json"
	"log/slog"
	"mime"
	"net/http"
	"strconv"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// Bounds of a body.
const (
	maxBody   = 64 << 10
	maxImport = 8 << 20
)

// call is one request an operator made.
type call struct {
	w       *answer
	r       *http.Request
	by      audit.Actor
	role    Role
	must    string // why the caller has to change the password first
	stopped <-chan struct{}
	log     *slog.Logger
}

// mac is the device the path names.
func (c *call) mac() (phone.MAC, error) { return phone.ParseMAC(c.r.PathValue("mac")) }

// body decodes the request's JSON into v: one value, no unknown fields. Only
// application/json is taken, which no form of another web site can send.
func (c *call) body(v any) error {
	if err := c.wants("application/json"); err != nil {
		return err
	}
	return operators.Decode(http.MaxBytesReader(c.w, c.r.Body, maxBody), v, apiDocument)
}

func (c *call) wants(media string) error {
	got, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || got != media {
		return fail(http.StatusUnsupportedMediaType, "the body's type must be "+media, "send it with the header \"Content-Type: "+media+"\"")
	}
	return nil
}

// number reads a whole number from the query, within bounds.
func (c *call) number(name string, otherwise, most uint64) (uint64, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > most {
		return 0, fail(http.StatusBadRequest, "the query's "+name+" is not a number from 0 to "+strconv.FormatUint(most, 10), "write one, or leave it out")
	}
	return n, nil
}

// flag reads a yes or no from the query.
func (c *call) flag(name string) (bool, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return false, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, fail(http.StatusBadRequest, "the query's "+name+" is neither true nor false", "write "+name+"=true, or leave it out")
	}
	return v, nil
}

// optionalMAC reads a device from the query, the zero MAC where none is named.
func (c *call) optionalMAC() (phone.MAC, error) {
	text := c.r.URL.Query().Get("mac")
	if text == "" {
		return phone.MAC{}, nil
	}
	return phone.ParseMAC(text)
}

// json answers with v. It is encoded before the first byte leaves.
func (c *call) json(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.write(status, append(body, '\n'))
	return nil
}

func (c *call) write(status int, body []byte) {
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	if _, err := c.w.Write(body); err != nil {
		c.log.Debug("the caller went away", "err", err)
	}
}

// answer is a response that knows whether it has begun.
type answer struct {
	http.ResponseWriter
	who    caller
	status int
	cut    bool // the caller was not given all of it
}

// WriteHeader notes the first status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Cut has the caller told, by a connection that ends, that it was not given all.
func (a *answer) Cut() { a.cut = true }

// Write begins the answer with 200 where no status was set.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// outcome is the metrics' label: bounded, whatever the status.
func (a *answer) outcome() string {
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusTooManyRequests:
		return "denied"
	case a.cut, a.status >= 500:
		return "error"
	case a.status >= 400:
		return "refused"
	}
	return "ok"
}

// hangUp closes the connection of an answer that has begun and cannot be
// finished, so that the caller cannot take it for whole: an orderly end would
// look like success. Any other answer is left alone.
func (a *answer) hangUp() {
	if !a.cut {
		return
	}
	if w, ok := a.ResponseWriter.(*piped); ok {
		w.hangUp()
		return
	}
	conn, _, err := http.NewResponseController(a).Hijack()
	if err != nil {
		return // the connection is gone already
	}
	_ = conn.Close()
}

// fail answers with e.
func (a *answer) fail(e *Error) {
	body, err := json.Marshal(e)
	if err != nil { // three strings cannot fail; an empty body would still deny
		body = nil
	}
	h := a.Header()
	h.Set("Content-Type", "application/json")
	if e.Allow != "" {
		h.Set("Allow", e.Allow)
	}
	if e.Retry != "" {
		h.Set("Retry-After", e.Retry)
	}
	if e.Status == http.StatusUnauthorized || e.Status == http.StatusTooManyRequests {
		// A stranger does not get to keep one of the few connections.
		h.Set("Connection", "close")
		h.Set("WWW-Authenticate", `Bearer realm="lineside"`)
	}
	a.WriteHeader(e.Status)
	_, _ = a.Write(append(body, '\n')) // a caller that has gone needs no answer
}
