package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Sheet is what a maker's redirect service imports: one row for each phone.
type Sheet struct {
	Name    string     `json:"name"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	// OTP says that the brand's one-time password is in it.
	OTP bool `json:"otp"`
}

// RedirectSheets names the sheets there are.
func (d *Desk) RedirectSheets() []string {
	var names []string
	for _, m := range d.table.Makers() {
		if m.Redirect != nil {
			names = append(names, m.Redirect.Name)
		}
	}
	slices.Sort(names)
	return names
}

// RedirectSheet lists the devices of a brand for its maker's redirect service.
// The brand's one-time password is in it where policy takes one at first contact,
// for all but the devices of which a ticket is demanded. That it was shown is on
// record before it is.
func (d *Desk) RedirectSheet(ctx context.Context, by audit.Actor, name string) (Sheet, error) {
	maker, ok := d.redirected(name)
	if !ok {
		return Sheet{}, fmt.Errorf("sheet is %w: %.40q is none; write one of %s", ErrInvalid, name, strings.Join(d.RedirectSheets(), ", "))
	}
	all, err := d.store.Devices.All()
	if err != nil {
		return Sheet{}, fmt.Errorf("list devices: %w", err)
	}
	p := d.Policy()
	brand := p.Brands[maker.Vendor]
	sheet := Sheet{Name: name, Columns: slices.Clone(maker.Redirect.Columns), Rows: [][]string{}}
	for _, rec := range all {
		if rec.Device.Vendor != maker.Vendor {
			continue
		}
		row := vendors.Redirected{MAC: rec.Device.MAC, Model: rec.Device.Model, Label: rec.Device.Label, URL: d.box(d.cfg.Addr).URL}
		if p.FirstContact.WantsOTP() && !brand.Password.IsZero() && !rec.Enrolment.TicketOnly {
			row.Login = vendors.Login{User: brand.User, Password: brand.Password}
			sheet.OTP = true
		}
		sheet.Rows = append(sheet.Rows, maker.Redirect.Row(row))
	}
	events := one(phone.MAC{}, by, audit.SheetShown{Sheet: name, Devices: len(sheet.Rows), OTP: sheet.OTP})
	if sheet.OTP {
		events = append(events, one(phone.MAC{}, by, audit.SecretsShown{File: name})...)
	}
	if err := d.store.Recorder.Record(ctx, events...); err != nil {
		return Sheet{}, fmt.Errorf("record that the sheet is shown: %w", err)
	}
	return sheet, nil
}

func (d *Desk) redirected(name string) (vendors.Maker, bool) {
	for _, m := range d.table.Makers() {
		if m.Redirect != nil && m.Redirect.Name == name {
			return m, true
		}
	}
	return vendors.Maker{}, false
}
