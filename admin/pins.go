package admin

import (
	"context"
	"net/http"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// maxPINs bounds the PINs shown in one answer: all of the largest site a box is
// made for, so that nobody takes a part of a sheet for the whole.
const maxPINs = 10_000

// PINs is the PINs of the devices that have yet to be authenticated, for a sheet
// to go by from phone to phone with.
type PINs struct {
	// Total is how many there are; at most 10,000 are listed, by label.
	Total int      `json:"total"`
	PINs  []PINRow `json:"pins"`
}

// PINRow is one device of the sheet.
type PINRow struct {
	MAC    phone.MAC    `json:"mac"`
	Vendor phone.Vendor `json:"vendor"`
	Model  string       `json:"model,omitempty"`
	Label  string       `json:"label,omitempty"`
	Owner  string       `json:"owner_name,omitempty"`
	PIN    string       `json:"pin"`
}

// getPINs shows the PINs of all devices that are asked for one, or of those a
// search finds. That they were is on record before they are, in one entry; with a
// limit of 0 they are counted, and none is shown.
func (s *Server) getPINs(c *call) error {
	if err := s.thrifty(c); err != nil {
		return err
	}
	q, err := s.query(c)
	if err != nil {
		return err
	}
	if q.sort == "" {
		q.sort = "label"
	}
	limit, err := c.number("limit", maxPINs, maxPINs)
	if err != nil {
		return err
	}
	now, policy := s.cfg.Now(), s.dep.Desk.Policy()
	out := PINs{PINs: []PINRow{}}
	for _, h := range s.find(q, s.dep.Desk.Records(), len(s.dep.Desk.Records())).hits {
		e := h.rec.Enrolment
		if e.At(now) == auth.Successful || !policy.WantsPIN(e) || e.PIN.IsZero() {
			continue
		}
		if out.Total++; len(out.PINs) < int(limit) {
			out.PINs = append(out.PINs, s.pinRow(h.rec))
		}
	}
	if n := len(out.PINs); n > 0 {
		if err := s.record(c, phone.MAC{}, audit.DevicesExported{Devices: n, PINs: n, Times: 1}); err != nil {
			return err
		}
	}
	return c.json(http.StatusOK, out)
}

func (s *Server) pinRow(rec *auth.Record) PINRow {
	d := rec.Device
	row := PINRow{MAC: d.MAC, Vendor: d.Vendor, Model: d.Model, Label: d.Label, PIN: rec.Enrolment.PIN.Reveal()}
	if u, err := s.dep.Desk.User(d.Owner); d.Owner != "" && err == nil {
		row.Owner = u.Name()
	}
	return row
}

// PINs gives the PINs of the devices not yet authenticated that q finds; the box
// writes to its audit log that they were shown.
func (c *Client) PINs(ctx context.Context, q Query) (PINs, error) {
	return ask[PINs](ctx, c, request{method: "GET", path: "/pins", query: q.values()})
}

// CountPINs says how many PINs there would be; none is shown.
func (c *Client) CountPINs(ctx context.Context, q Query) (int, error) {
	v := q.values()
	v.Set("limit", "0")
	out, err := ask[PINs](ctx, c, request{method: "GET", path: "/pins", query: v})
	return out.Total, err
}
