package httpd

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/lineside/lineside/provision"
)

// slowest is the rate below which a caller is cut off, in bytes a second.
const slowest = 16 << 10

// content writes the file, or the part of it that was asked for.
func (d *door) content(w http.ResponseWriter, r *http.Request, a provision.Answer) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", a.Type)
	if a.Type == "" {
		h.Set("Content-Type", "application/octet-stream") // never guessed
	}
	if a.Tag != "" {
		h.Set("Etag", `"`+a.Tag+`"`)
	}
	var body io.ReadSeeker = bytes.NewReader(a.Body)
	size := int64(len(a.Body))
	if a.File != nil {
		defer func() { _ = a.File.Close() }() // nothing was written
		var err error
		if size, err = a.File.Seek(0, io.SeekEnd); err != nil {
			d.complain(r.Context(), "a local file could not be read", "remote", r.RemoteAddr, "err", err)
			writeAbsent(w)
			return
		}
		body = a.File
	}
	if more := time.Duration(size/slowest) * time.Second; more > 0 {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d.cfg.WriteTimeout + more))
	}
	http.ServeContent(w, r, "", time.Time{}, body)
}

// challenge writes the one answer to everything refused or not yet proved.
func (d *door) challenge(w http.ResponseWriter, md5First, stale bool) {
	nonce := d.nonces.mint()
	lines := []string{d.challengeLine(algSHA256, nonce, stale), d.challengeLine(algMD5, nonce, stale)}
	if md5First {
		lines[0], lines[1] = lines[1], lines[0]
	}
	if d.front == provision.HTTPS {
		lines = append(lines, `Basic realm="`+d.cfg.Realm+`"`)
	}
	// Spelt as the RFCs spell it: a parser in an old phone may compare letters.
	w.Header()["WWW-Authenticate"] = lines
	writeText(w, http.StatusUnauthorized, "authentication needed\n")
}

// retryAfter says when what the caller shows is looked at again, in whole
// seconds (RFC 9110, 10.2.3): rounded up, since a second early is for nothing.
func retryAfter(w http.ResponseWriter, wait time.Duration) {
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
	}
}

func (d *door) challengeLine(alg algorithm, nonce string, stale bool) string {
	line := `Digest realm="` + d.cfg.Realm + `", nonce="` + nonce + `", opaque="` + d.opaque +
		`", algorithm=` + string(alg) + `, qop="auth"`
	if stale {
		line += ", stale=true"
	}
	return line
}

// writeAbsent is the answer to every name no phone ever gets anything for.
func writeAbsent(w http.ResponseWriter) {
	writeText(w, http.StatusNotFound, "no such file\n")
}

// writeMethod refuses a method.
func writeMethod(w http.ResponseWriter) {
	w.Header().Set("Allow", "GET, HEAD")
	w.Header().Set("Connection", "close")
	writeText(w, http.StatusMethodNotAllowed, "files here are read only\n")
}

// writeBusy sends a caller away for a moment, before anything is done for it.
func writeBusy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "2")
	w.Header().Set("Connection", "close")
	writeText(w, http.StatusServiceUnavailable, "busy, try again\n")
}

func writeText(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
