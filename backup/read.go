package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lineside/lineside/vendors"
)

// maxContents bounds contents.json: some 10,000 files left out.
const maxContents = 4 << 20

// maxSettings bounds a sealed settings file.
const maxSettings = 2 << 20

// Read reads an archive of size bytes: its database goes to database, its
// templates are returned. Before the error is known to be nil nothing of it may be
// used.
func Read(in io.Reader, size int64, table vendors.Table, database io.Writer) (Contents, []vendors.TemplateFile, error) {
	r := reader{in: tar.NewReader(in), size: size, table: table, database: database}
	for !r.done {
		if err := r.next(); err != nil {
			return Contents{}, nil, err
		}
	}
	switch _, err := r.in.Next(); {
	case err == nil:
		return Contents{}, nil, fmt.Errorf("%w (something follows %s)", ErrDamaged, contentsName)
	case !errors.Is(err, io.EOF):
		return Contents{}, nil, damaged(err)
	}
	r.contents.Settings = r.settings
	return r.contents, r.templates, nil
}

type reader struct {
	in        *tar.Reader
	size      int64
	table     vendors.Table
	database  io.Writer
	members   []Member
	templates []vendors.TemplateFile
	settings  []Settings
	contents  Contents
	done      bool
}

func damaged(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w (%w)", ErrDamaged, err)
}

// next reads one member. No member is longer than the file, or it is a sparse
// one, which would fill the disk.
func (r *reader) next() error {
	h, err := r.in.Next()
	if err != nil {
		return damaged(err)
	}
	if h.Typeflag != tar.TypeReg || h.Size > r.size {
		return r.unknown(h.Name)
	}
	name, isTemplate := strings.CutPrefix(h.Name, templatesPrefix)
	switch {
	case len(r.members) == 0 && h.Name == databaseName:
		return r.copy(h, r.database)
	case len(r.members) == 0:
		return r.unknown(h.Name)
	case isTemplate && r.table.HoldsTemplate(name) && h.Size <= vendors.MaxTemplateBytes && r.room(name):
		return r.template(h, name)
	case (h.Name == settingsPrefix+OperatorsSettings || h.Name == settingsPrefix+PageSettings) && h.Size <= maxSettings:
		return r.setting(h, strings.TrimPrefix(h.Name, settingsPrefix))
	case h.Name == contentsName && h.Size <= maxContents:
		return r.finish(h)
	}
	return r.unknown(h.Name)
}

// room reports that there may be one more template of name's kind, the operator's
// own or kept.
func (r *reader) room(name string) bool {
	kept, n := vendors.TemplateFile{Name: name}.Kept(), 0
	for _, f := range r.templates {
		if f.Kept() == kept {
			n++
		}
	}
	return n < vendors.MaxTemplates
}

func (r *reader) unknown(name string) error {
	return fmt.Errorf("%w (%.80q does not belong into one)", ErrDamaged, name)
}

func (r *reader) copy(h *tar.Header, to io.Writer) error {
	sum := sha256.New()
	broken := &writeError{w: to}
	if _, err := io.Copy(io.MultiWriter(broken, sum), r.in); broken.err != nil {
		return fmt.Errorf("unpack %s: %w", h.Name, broken.err)
	} else if err != nil {
		return damaged(err)
	}
	r.members = append(r.members, Member{Name: h.Name, Bytes: h.Size, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (r *reader) template(h *tar.Header, name string) error {
	if slices.ContainsFunc(r.templates, func(f vendors.TemplateFile) bool { return f.Name == name }) {
		return r.unknown(h.Name)
	}
	var text bytes.Buffer
	if err := r.copy(h, &text); err != nil {
		return err
	}
	r.templates = append(r.templates, vendors.TemplateFile{Name: name, Text: text.Bytes()})
	return nil
}

func (r *reader) setting(h *tar.Header, name string) error {
	if slices.ContainsFunc(r.settings, func(f Settings) bool { return f.Name == name }) {
		return r.unknown(h.Name)
	}
	var text bytes.Buffer
	if err := r.copy(h, &text); err != nil {
		return err
	}
	r.settings = append(r.settings, Settings{Name: name, Sealed: text.String()})
	return nil
}

// finish compares what came with what was written.
func (r *reader) finish(h *tar.Header) error {
	var text bytes.Buffer
	came := r.members
	if err := r.copy(h, &text); err != nil {
		return err
	}
	if err := json.Unmarshal(text.Bytes(), &r.contents); err != nil {
		return damaged(err)
	}
	switch {
	case r.contents.Format > Format:
		return ErrNewer
	case r.contents.Format < 1 || !slices.Equal(came, r.contents.Members):
		return fmt.Errorf("%w (it does not hold what %s says)", ErrDamaged, contentsName)
	}
	r.done = true
	return nil
}

// writeError remembers an error of writing, so that it is not taken for damage.
type writeError struct {
	w   io.Writer
	err error
}

// Write passes on.
func (w *writeError) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}
