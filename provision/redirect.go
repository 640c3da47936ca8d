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
	return slices.Compact(names)
}

// RedirectSheet lists the devices of a brand for its maker's redirect service.
// The brand's one-time password is in it where policy takes one at first contact,
// for all but the devices of which a ticket is demanded. That it was shown is on
// record before it is.
func (d *Desk) RedirectSheet(ctx context.Context, by audit.Actor, name string) (Sheet, error) {
	makers := d.redirected(name)
	if len(makers) == 0 {
		return Sheet{}, fmt.Errorf("sheet is %w: %.40q is none; write one of %s", ErrInvalid, name, strings.Join(d.RedirectSheets(), ", "))
	}
	all, err := d.store.Devices.All()
	if err != nil {
		return Sheet{}, fmt.Errorf("list devices: %w", err)
	}
	p := d.Policy()
	sheet := Sheet{Name: name, Rows: [][]string{}}
	for _, m := range makers { // one brand's, so the columns are the same
		sheet.Columns = slices.Clone(m.Redirect.Columns)
	}
	for _, rec := range all {
		maker, ok := makers[rec.Device.Vendor]
		if !ok {
			continue
		}
		brand := d.brandOTP(p, maker.Vendor)
		row := vendors.Redirected{MAC: rec.Device.MAC, Model: rec.Device.Model, Label: rec.Device.Label, URL: d.self.URL}
		if p.FirstContact.WantsOTP() && !brand.Password.IsZero() && !rec.Enrolment.TicketOnly {
			if formula(brand.User) || formula(brand.Password.Reveal()) { // set by an older build
				return Sheet{}, fmt.Errorf("sheet %s is %w: the one-time password of %s, or its user name, begins with = + - @ or an apostrophe, which the sheet cannot hold as it is, so phones would be sent here with another one; set another: lineside otp set %s --generate", name, ErrInvalid, brand.Vendor, brand.Vendor)
			}
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

// redirected are the makers a sheet is for, by vendor.
func (d *Desk) redirected(name string) map[phone.Vendor]vendors.Maker {
	makers := make(map[phone.Vendor]vendors.Maker)
	for _, m := range d.table.Makers() {
		if m.Redirect != nil && m.Redirect.Name == name {
			makers[m.Vendor] = m
		}
	}
	return makers
}
