package admin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

func (s *Server) postImport(c *call) error {
	data, err := c.importBody()
	if err != nil {
		return err
	}
	rows, bad, err := readCSV(data)
	if err != nil {
		return err
	}
	p := newPlan(data, bad)
	devices, err := s.importDevices(rows, p)
	if err != nil {
		return err
	}
	return c.imports(p, len(rows), func() (added, changed int, err error) {
		return s.dep.Desk.Import(c.r.Context(), c.by, devices)
	})
}

// imports carries out what a file is to do, or shows it where a preview is asked
// for: all of it or nothing.
func (c *call) imports(p *plan, rows int, do func() (added, changed int, err error)) error {
	preview, err := c.flag("preview")
	switch {
	case err != nil:
		return err
	case preview:
		return p.preview(c)
	}
	if err := p.stands(c); err != nil {
		return err
	}
	if err := p.bad.err(); err != nil {
		return err
	}
	out := Imported{Rows: rows}
	if rows > 0 {
		if out.Added, out.Changed, err = do(); err != nil {
			return err
		}
	}
	return c.json(http.StatusOK, out)
}

// importBody is the CSV file: the body itself, or text inside JSON.
func (c *call) importBody() ([]byte, error) {
	body := http.MaxBytesReader(c.w, c.r.Body, maxImport)
	if c.wants("application/json") == nil {
		var in ImportInput
		if err := operators.Decode(body, &in, apiDocument); err != nil {
			return nil, err
		}
		return []byte(in.CSV), nil
	}
	if c.wants("text/csv") != nil {
		return nil, fail(http.StatusUnsupportedMediaType, "the body's type must be text/csv or application/json",
			"send the file with the header \"Content-Type: text/csv\"")
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return data, nil
}

// importDevices lays every row over what there is of its device and checks the
// outcome, so that all faults of a file are told at once: those of its form, in
// the plan already, and those of its meaning.
func (s *Server) importDevices(rows []row, p *plan) ([]phone.Device, error) {
	devices := make([]phone.Device, len(rows))
	var lines []int // of those that are well by themselves
	var well []phone.Device
	for i, r := range rows {
		rec, err := s.dep.Desk.Device(r.mac)
		if err != nil && !errors.Is(err, phone.ErrUnknownDevice) {
			return nil, err
		}
		dev := r.lay(rec.Device)
		wrong := errors.Join(s.place(&dev, rec.Device), s.check(dev))
		p.bad.addAll(r.line, wrong)
		if wrong == nil {
			lines, well = append(lines, r.line), append(well, dev)
		}
		p.row(r.line, r.mac.String(), dev.Label, rec.Rev, provision.ChangedFields(rec.Device, dev))
		devices[i] = dev
	}
	for i, wrong := range s.dep.Desk.CheckImport(well) {
		p.bad.addAll(lines[i], wrong)
	}
	return devices, nil
}

// getExport writes the list of devices. It is made whole before the first byte
// leaves, so that an export is complete or an error.
func (s *Server) getExport(c *call) error {
	if err := s.thrifty(c); err != nil {
		return err
	}
	withPINs := c.role.May(Installer)
	if c.r.URL.Query().Has("pins") {
		wanted, err := c.flag("pins")
		if err != nil {
			return err
		}
		withPINs = withPINs && wanted
	}
	all, err := s.dep.Desk.Devices()
	if err != nil {
		return fmt.Errorf("export devices: %w", err)
	}
	var b bytes.Buffer
	pins, err := writeCSV(&b, s.cfg.Now(), s.dep.Desk.Site().Name, all, withPINs)
	if err != nil {
		return err
	}
	if pins == 0 {
		err = s.recordList(c, len(all))
	} else {
		err = s.record(c, phone.MAC{}, audit.DevicesExported{Devices: len(all), PINs: pins, Times: 1})
	}
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="lineside-devices.csv"`)
	c.write(http.StatusOK, b.Bytes())
	return nil
}
