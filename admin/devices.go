package admin

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Page sizes of a list of devices.
const (
	pageLimit = 100
	pageMost  = 1000
)

func (s *Server) getDevices(c *call) error {
	q, err := s.query(c)
	if err != nil {
		return err
	}
	offset, err := c.number("offset", 0, 1<<31)
	if err != nil {
		return err
	}
	limit, err := c.number("limit", pageLimit, pageMost)
	if err != nil {
		return err
	}
	f := s.find(q, s.dep.Desk.Records(), int(offset+limit))
	page := Page{Total: len(f.hits), Offset: int(offset), Limit: int(limit), States: f.states, Vendors: f.vendors, Devices: []Device{}}
	if from := int(offset); from < len(f.hits) {
		for _, h := range f.hits[from:min(from+int(limit), len(f.hits))] {
			page.Devices = append(page.Devices, s.device(*h.rec))
		}
	}
	return c.json(http.StatusOK, page)
}

func (s *Server) getDevice(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	reveal, err := c.flag("reveal")
	if err != nil {
		return err
	}
	if reveal {
		if err := c.allowed(Admin); err != nil {
			return err
		}
	}
	rec, err := s.dep.Desk.Device(mac)
	if err != nil {
		return err
	}
	if !reveal || len(rec.Device.Overrides) == 0 {
		return s.show(c, http.StatusOK, rec)
	}
	if err := s.record(c, mac, audit.OverridesShown{}); err != nil {
		return err
	}
	out := s.device(rec)
	out.Overrides = rec.Device.Overrides
	return s.showAs(c, http.StatusOK, out)
}

// show answers with one device; its entity tag is its revision.
func (s *Server) show(c *call, status int, rec auth.Record) error {
	return s.showAs(c, status, s.device(rec))
}

func (s *Server) showAs(c *call, status int, d Device) error {
	c.w.Header().Set("ETag", strconv.Quote(strconv.FormatUint(d.Rev, 10)))
	return c.json(status, d)
}

func (s *Server) postDevice(c *call) error {
	var in DeviceInput
	if err := c.body(&in); err != nil {
		return err
	}
	if in.Rev != 0 {
		return fail(http.StatusBadRequest, "a device that is not there yet has no rev", "leave rev out")
	}
	return s.add(c, in, phone.Device{})
}

// add sets up a device from what the operator wrote, over what is known of it.
func (s *Server) add(c *call, in DeviceInput, known phone.Device) error {
	dev := known
	in.apply(&dev)
	if in.MAC.Given {
		dev.MAC = in.MAC.Value
	}
	if err := errors.Join(s.place(&dev, phone.Device{}), s.check(dev)); err != nil {
		return invalid("the device cannot be set up like this", err)
	}
	rec, err := s.dep.Desk.Add(c.r.Context(), c.by, dev)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", API+"/devices/"+rec.Device.MAC.String())
	return s.show(c, http.StatusCreated, rec)
}

func (s *Server) patchDevice(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	var in DeviceInput
	if err := c.body(&in); err != nil {
		return err
	}
	if in.MAC.Given && in.MAC.Value != mac {
		return fail(http.StatusUnprocessableEntity, "a device's mac cannot be changed", "remove the old phone and set up the new one: lineside device add MAC")
	}
	rev, err := revision(c.r.Header["If-Match"], in.Rev)
	if err != nil {
		return err
	}
	rec, err := s.dep.Desk.Edit(c.r.Context(), c.by, mac, rev, func(dev *phone.Device) error {
		was := phone.Device{Vendor: dev.Vendor, Model: dev.Model}
		in.apply(dev)
		if err := errors.Join(s.place(dev, was), s.check(*dev)); err != nil {
			return invalid("the device cannot be changed like this", err)
		}
		return nil
	})
	if err != nil {
		return s.stale(c, err, mac, "")
	}
	return s.show(c, http.StatusOK, rec)
}

// revision is the one the caller saw, by header or field; 0 is whatever it is
// now. Weak tags name no revision and are refused.
func revision(match []string, field uint64) (uint64, error) {
	if len(match) == 0 || len(match) == 1 && match[0] == "*" {
		return field, nil
	}
	const hint = "send the ETag as it was fetched, or the rev in the body"
	text, ok := strings.CutPrefix(match[0], `"`)
	text, ok2 := strings.CutSuffix(text, `"`)
	rev, err := strconv.ParseUint(text, 10, 64)
	if len(match) > 1 || !ok || !ok2 || err != nil || rev == 0 {
		return 0, fail(http.StatusBadRequest, "If-Match is no revision", hint)
	}
	if field != 0 && field != rev {
		return 0, fail(http.StatusBadRequest, "If-Match and rev name two different revisions", hint)
	}
	return rev, nil
}

func (s *Server) deleteDevice(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	if err := s.dep.Desk.Remove(c.r.Context(), c.by, mac); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
