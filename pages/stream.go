package pages

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// streams are the pages whose form has a file too long to be held: it goes on to
// the API as it comes. Its field stands behind all others of the form, as what
// comes after a file is known only when the file is through.
func streams() []string { return []string{"/files", "/backup/restore"} }

// maxStream is above every bound the API has for a file; that one counts.
const maxStream = 520 << 20

// pieceRead is how long a browser may take for one piece of a file, and after the
// last one the box for its answer.
const (
	pieceRead = 30 * time.Second
	answerIn  = 2 * time.Minute
)

// sentFile is a file in a form, not yet read.
type sentFile struct {
	io.Reader
	Name string // as the browser says it: without a folder
}

// parseHead reads a form as far as its file. What is no file is bounded as every
// form is.
func (v *visit) parseHead() error {
	v.r.Body = &patient{ReadCloser: v.r.Body, out: http.NewResponseController(v.w)}
	parts, err := v.r.MultipartReader()
	if err != nil {
		return err
	}
	values, left := url.Values{}, int64(maxForm)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if part.FileName() != "" {
			v.sent = &sentFile{part, part.FileName()}
			break
		}
		text, err := readPart(part, left)
		if err != nil {
			return err
		}
		left -= int64(len(text) + len(part.FormName()))
		values.Add(part.FormName(), text)
	}
	v.r.Form, v.r.PostForm = values, values
	return nil
}

func readPart(part *multipart.Part, most int64) (string, error) {
	text, err := io.ReadAll(io.LimitReader(part, most+1))
	if err != nil {
		return "", fmt.Errorf("read a field: %w", err)
	}
	if int64(len(text)) > most {
		return "", &http.MaxBytesError{Limit: maxForm}
	}
	return string(text), nil
}

// patient is a body whose time-out is for each piece: a large file over a slow
// line takes longer than any one page may.
type patient struct {
	io.ReadCloser
	out *http.ResponseController
}

// Read reads on.
func (p *patient) Read(b []byte) (int, error) {
	now := time.Now()
	if err := errors.Join(p.out.SetReadDeadline(now.Add(pieceRead)), p.out.SetWriteDeadline(now.Add(answerIn))); err != nil {
		return 0, err
	}
	return p.ReadCloser.Read(b)
}

// unsent is what again is for a form with a file that was refused before it was
// read: a browser reads no answer until it has sent all, so it is let.
func (v *visit) unsent(page string, data any, f *form, err error) error {
	if v.sent != nil {
		_, _ = io.Copy(io.Discard, v.sent) // a browser that breaks off needs no answer
	}
	return v.again(page, data, f, err)
}

// checking says that the form was sent without its file, to see whether the file
// would be taken: the page's script does so before it sends it (upload.js). fine
// is the answer that it would.
func (v *visit) checking() bool { return v.byScript() && v.r.PostFormValue("check") == "yes" }

func (v *visit) fine() error {
	v.begun = true
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}

// offered is the name and the size of the file that is sent, or that is to be.
func (v *visit) offered() (name string, size int64) {
	if v.sent != nil {
		return v.sent.Name, max(0, v.r.ContentLength-maxForm)
	}
	if v.checking() {
		return v.r.PostFormValue("own"), int64(min(number(v.r.PostFormValue("size")), 1<<60))
	}
	return "", 0
}

// size is a number of bytes as people say it.
func (w *words) size(n int64) string {
	const kib = 1 << 10
	if n < kib {
		return w.count("size.bytes", int(n))
	}
	unit, units := 0, []string{"KiB", "MiB", "GiB"}
	x := float64(n) / kib
	for x >= kib && unit < len(units)-1 {
		x, unit = x/kib, unit+1
	}
	digits := 1
	if x >= 100 {
		digits = 0
	}
	return strings.ReplaceAll(strconv.FormatFloat(x, 'f', digits, 64), ".", w.say("size.point")) + " " + units[unit]
}
