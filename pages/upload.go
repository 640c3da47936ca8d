package pages

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/lineside/lineside/admin"
)

// uploads are the pages that take a file or many rows, and how long their body
// may be. What the file may be is the API's to say. 1,000 rows of the wizard for
// one-time passwords are about 1.1 MB at their longest, six fields each; they are
// no multipart form, of which net/http reads 1,000 fields at most.
func uploads() map[string]int64 {
	return map[string]int64{
		"/devices/import": 9 << 20,
		"/users/import":   9 << 20,
		"/tickets/new":    2 << 20,
		"/tickets/file":   2 << 20,
	}
}

// bound is how long a body of the page may be.
func (r route) bound() int64 {
	if r.streams() {
		return maxStream
	}
	return max(maxForm, uploads()[r.path])
}

func (r route) streams() bool {
	return r.method == http.MethodPost && slices.Contains(streams(), r.path)
}

// parseForm reads a form of either kind. One with files is held in memory, as far
// as its page's bound lets it be long.
func (v *visit) parseForm() error {
	kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" && v.streams {
		return v.parseHead()
	}
	if err == nil && kind == "multipart/form-data" {
		return v.r.ParseMultipartForm(maxInMemory)
	}
	return v.r.ParseForm()
}

// maxInMemory is above every bound of uploads, so that nothing is written to disk.
const maxInMemory = 16 << 20

// file is the file chosen in a field of a form of kind multipart/form-data; nil
// for none.
func (v *visit) file(field string) ([]byte, error) {
	if err := v.parse(); err != nil {
		return nil, err
	}
	f, _, err := v.r.FormFile(field)
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return nil, nil
	case err != nil:
		return nil, &admin.Error{Status: http.StatusBadRequest, What: v.say("problem.form"), Hint: v.say("problem.form.do")}
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read the file sent: %w", err)
	}
	return data, nil
}
