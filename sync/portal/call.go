package portal

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
)

// Bounds of a body.
const (
	maxBody   = 64 << 10
	maxImport = 8 << 20
)

// call is one request of somebody who may make it.
type call struct {
	w   *writer
	r   *http.Request
	who caller
}

// answer makes a call of a route and writes what it gives.
func (s *Server) answer(w *writer, q *http.Request, r route) {
	c := &call{w: w, r: q, who: w.who}
	err := error(nil)
	var out any
	if w.who.role.May(r.least) {
		if err = r.asked(q); err == nil {
			out, err = r.do(s, c)
		}
	} else {
		err = operators.Fail(http.StatusForbidden, fmt.Sprintf("this needs the role %s, and the token shown is of role %s", r.least, w.who.role),
			"use a token of that role; an admin makes one with: lineside-central token add NAME --role "+r.least.String())
	}
	if err == nil && w.status == 0 {
		err = w.json(r.status, out)
	}
	if err == nil {
		return
	}
	e, known := errorFor(err)
	if !known {
		s.log.Error("a call could not be answered", "file", q.Method+" "+r.path, "err", err)
	}
	if w.status == 0 {
		w.fail(e)
	}
}

// by is the platform in the caller's name.
func (s *Server) by(c *call) central.Operator { return s.p.As(c.who.name) }

// body decodes the request's JSON.
func (c *call) body(v any) error {
	if err := c.wants("application/json"); err != nil {
		return err
	}
	return operators.Decode(http.MaxBytesReader(c.w, c.r.Body, maxBody), v, V1+"/openapi.json")
}

func (c *call) wants(media string) error {
	got, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || got != media {
		return operators.Fail(http.StatusUnsupportedMediaType, "the body's type must be "+media, "send it with the header \"Content-Type: "+media+"\"")
	}
	return nil
}

// file is the request's CSV.
func (c *call) file() ([]byte, error) {
	if err := c.wants(string(csvType)); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxImport))
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return b, nil
}

// mac is the device the path names.
func (c *call) mac() (phone.MAC, error) { return phone.ParseMAC(c.r.PathValue("mac")) }

// word is a parameter of the query.
func (c *call) word(name string) string { return c.r.URL.Query().Get(name) }

// number reads a whole number from the query, within bounds.
func (c *call) number(name string, otherwise, most int) (int, error) {
	text := c.word(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, operators.Fail(http.StatusBadRequest, fmt.Sprintf("the query's %s is not a number from 1 to %d", name, most), "write one, or leave it out")
	}
	return n, nil
}

// writer is a response that knows who asked and whether it has begun.
type writer struct {
	http.ResponseWriter
	who    caller
	status int
}

// WriteHeader notes the first status.
func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write begins the answer with 200 where no status was set.
func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// outcome is the metrics' label: bounded, whatever the status.
func (w *writer) outcome() string {
	switch {
	case w.status == http.StatusUnauthorized, w.status == http.StatusTooManyRequests:
		return "denied"
	case w.status >= 500:
		return "error"
	case w.status >= 400:
		return "refused"
	}
	return "ok"
}

// json answers with v, encoded before the first byte leaves.
func (w *writer) json(status int, v any) error {
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	w.send(status, "application/json", append(b, '\n'))
	return nil
}

// send writes a whole answer; a caller that has gone needs none.
func (w *writer) send(status int, media string, b []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// fail answers with e.
func (w *writer) fail(e *operators.Error) {
	b, _ := json.Marshal(e) // strings: never fails
	h := w.Header()
	if e.Allow != "" {
		h.Set("Allow", e.Allow)
	}
	if e.Retry != "" {
		h.Set("Retry-After", e.Retry)
	}
	if e.Status == http.StatusUnauthorized || e.Status == http.StatusTooManyRequests {
		h.Set("Connection", "close") // a stranger does not get to keep one
		h.Set("WWW-Authenticate", `Bearer realm="lineside-central"`)
	}
	w.send(e.Status, "application/json", append(b, '\n'))
}
