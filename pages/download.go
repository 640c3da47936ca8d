package pages

import (
	"io"
	"net/http"
	"time"
)

// pieceWrite is how long a browser may take for one piece of a file.
const pieceWrite = 30 * time.Second

// download sends a file that is written by from. An error before its first byte
// is a page like any other; after it the connection is cut, so that nobody takes
// half a file for the whole.
func (v *visit) download(name, kind string, from func(io.Writer) error) error {
	d := &download{v: v, name: name, kind: kind, out: http.NewResponseController(v.w)}
	err := from(d)
	switch {
	case err == nil && !d.begun:
		d.begin() // an empty file
	case err != nil && d.begun:
		v.s.dep.Log.Debug("a file was not sent whole", "file", name, "err", err)
		if half, ok := v.w.(interface{ Cut() }); ok { // the API's listener has it
			half.Cut()
		}
		return nil
	}
	return err
}

// download is the body of a file, whose time-out is for each piece.
type download struct {
	v          *visit
	name, kind string
	out        *http.ResponseController
	begun      bool
}

// Write sends p on.
func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begin()
	}
	if err := d.out.SetWriteDeadline(time.Now().Add(pieceWrite)); err != nil {
		return 0, err
	}
	return d.v.w.Write(p)
}

func (d *download) begin() {
	d.begun, d.v.begun = true, true
	h := d.v.w.Header()
	h.Set("Content-Type", d.kind)
	h.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	d.v.w.WriteHeader(http.StatusOK)
}
