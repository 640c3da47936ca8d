package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Filer keeps files for phones, what phones put on the box, the operators'
// templates, and the sheets of redirect services.
type Filer interface {
	LocalFiles() ([]provision.LocalFile, []provision.FirmwareRule)
	// FileRoom is the room for one more file; CheckFile is what AddFile would refuse
	// one of that name and size for.
	FileRoom() (provision.FileRoom, error)
	CheckFile(v phone.Vendor, name string, size int64) error
	AddFile(ctx context.Context, by audit.Actor, v phone.Vendor, name string, src io.Reader) (provision.LocalFile, error)
	RemoveFile(ctx context.Context, by audit.Actor, v phone.Vendor, name string) error
	SetFirmware(ctx context.Context, by audit.Actor, v phone.Vendor, model, name, version string) (provision.FirmwareRule, error)
	Uploads(mac phone.MAC) ([]provision.Upload, error)
	ReadUpload(mac phone.MAC, name string) ([]byte, error)
	CheckTemplates() (provision.Templates, error)
	LoadTemplates(ctx context.Context, by audit.Actor) (provision.Templates, error)
	RedirectSheet(ctx context.Context, by audit.Actor, name string) (provision.Sheet, error)
}

// LocalFile is a file kept for phones.
type LocalFile = provision.LocalFile

// FirmwareRule is which file phones of a model are told to install.
type FirmwareRule = provision.FirmwareRule

// Files is the files kept for phones and the firmware rules.
type Files struct {
	Files    []LocalFile    `json:"files"`
	Firmware []FirmwareRule `json:"firmware"`
	// Room is all zero on a box that keeps no files.
	Room provision.FileRoom `json:"room"`
}

// FileCheckInput is a file that is to be added.
type FileCheckInput struct {
	Vendor string `json:"vendor"`
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"` // 0 where it is not known
}

// FileChecked says that a file would be taken, and in the place of which one.
type FileChecked struct {
	Replaces *LocalFile `json:"replaces,omitempty"`
}

// FirmwareInput names the file phones of a model are told to install; empty
// takes the rule back.
type FirmwareInput struct {
	File    string `json:"file"`
	Version string `json:"version,omitempty"` // as its maker calls it, where phones want it
}

// Uploads is what a device's phone has put on the box.
type Uploads struct {
	Uploads []provision.Upload `json:"uploads"`
}

// fileWrite is how long one piece of a file sent here may take.
const fileWrite = 30 * time.Second

func (s *Server) getFiles(c *call) error {
	room, err := s.dep.Desk.FileRoom()
	if err != nil && !errors.Is(err, provision.ErrNoFiles) {
		return err
	}
	files, rules := s.dep.Desk.LocalFiles()
	return c.json(http.StatusOK, Files{Files: files, Firmware: rules, Room: room})
}

// postFileCheck says what a file would be refused for before all of it is sent.
func (s *Server) postFileCheck(c *call) error {
	var in FileCheckInput
	if err := c.body(&in); err != nil {
		return err
	}
	vendor := vendorName(in.Vendor)
	if err := s.dep.Desk.CheckFile(vendor, in.Name, in.Bytes); err != nil {
		return err
	}
	var out FileChecked
	files, _ := s.dep.Desk.LocalFiles()
	for i := range files {
		if files[i].Vendor == vendor && files[i].Name == in.Name {
			out.Replaces = &files[i]
		}
	}
	return c.json(http.StatusOK, out)
}

// putFile takes a file for phones: the body as it is, however long it takes, as
// long as it goes on.
func (s *Server) putFile(c *call) error {
	if err := c.wants("application/octet-stream"); err != nil {
		return err
	}
	body := c.patient(provision.MaxLocalFile)
	f, err := s.dep.Desk.AddFile(c.r.Context(), c.by, vendorName(c.r.PathValue("vendor")), c.r.PathValue("name"), body)
	if err != nil {
		return body.whole(err)
	}
	return c.json(http.StatusOK, f)
}

// patient is a body whose time-out is for each piece.
type patient struct {
	in  io.Reader
	out *http.ResponseController
	err error // of reading it
}

// patient is the call's body, of so many bytes at most.
func (c *call) patient(most int64) *patient {
	return &patient{in: http.MaxBytesReader(c.w, c.r.Body, most), out: http.NewResponseController(c.w)}
}

// whole words err where the body did not come whole: that is the caller's trouble,
// or nobody's.
func (p *patient) whole(err error) error {
	var big *http.MaxBytesError
	if p.err == nil || errors.As(p.err, &big) {
		return err
	}
	return fail(http.StatusBadRequest, "it did not come whole: the connection broke off, or nothing came for half a minute", "send it again; nothing of it was kept")
}

// Read reads on.
func (p *patient) Read(b []byte) (int, error) {
	now := time.Now()
	if err := p.out.SetReadDeadline(now.Add(fileWrite)); err != nil {
		return 0, err
	}
	if err := p.out.SetWriteDeadline(now.Add(2 * fileWrite)); err != nil {
		return 0, err
	}
	n, err := p.in.Read(b)
	if err != nil && err != io.EOF {
		p.err = err
	}
	return n, err
}

func (s *Server) deleteFile(c *call) error {
	if err := s.dep.Desk.RemoveFile(c.r.Context(), c.by, vendorName(c.r.PathValue("vendor")), c.r.PathValue("name")); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) putFirmware(c *call) error {
	var in FirmwareInput
	if err := c.body(&in); err != nil {
		return err
	}
	rule, err := s.dep.Desk.SetFirmware(c.r.Context(), c.by, vendorName(c.r.PathValue("vendor")), c.r.PathValue("model"), in.File, in.Version)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, rule)
}

func (s *Server) getUploads(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	list, err := s.dep.Desk.Uploads(mac)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, Uploads{Uploads: append([]provision.Upload{}, list...)})
}

// getUpload shows one. A phone's settings may hold its passwords, so that it was
// shown is on record before it is; and what a phone wrote is never for a browser
// to run.
func (s *Server) getUpload(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	name := strings.ToLower(c.r.PathValue("name"))
	body, err := s.dep.Desk.ReadUpload(mac, name)
	if err != nil {
		return err
	}
	if err := s.record(c, mac, audit.UploadShown{File: name}); err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/octet-stream")
	c.w.Header().Set("Content-Disposition", "attachment")
	c.write(http.StatusOK, body)
	return nil
}

func (s *Server) getTemplates(c *call) error {
	out, err := s.dep.Desk.CheckTemplates()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, out)
}

func (s *Server) postTemplates(c *call) error {
	out, err := s.dep.Desk.LoadTemplates(c.r.Context(), c.by)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, out)
}

// getSheet writes the rows a maker's redirect service imports. The desk has it
// on record before.
func (s *Server) getSheet(c *call) error {
	sheet, err := s.dep.Desk.RedirectSheet(c.r.Context(), c.by, c.r.PathValue("sheet"))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := writeRows(&b, append([][]string{sheet.Columns}, sheet.Rows...)); err != nil {
		return fmt.Errorf("sheet %s: %w", sheet.Name, err)
	}
	c.csv(sheet.Name+".csv", b.Bytes())
	return nil
}
