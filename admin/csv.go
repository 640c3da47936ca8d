package admin

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// Columns of the CSV file. Export writes all but the last; import takes any of
// them in any order and needs the first, mac.
const (
	colMAC       = "mac"
	colVendor    = "vendor"
	colType      = "type"
	colCreated   = "created"
	colSite      = "site"
	colState     = "state"
	colPIN       = "pin"
	colLabel     = "label"
	colOwner     = "owner"
	colRegistrar = "registrar"
	colUser      = "user"
	colAuthID    = "auth_id"
	colDisplay   = "display_name"
	colAddress   = "address"
	colPassword  = "password"
)

// exported is the order of columns in an export.
func exported() []string {
	return []string{
		colVendor, colType, colMAC, colCreated, colSite, colState, colPIN,
		colLabel, colOwner, colRegistrar, colUser, colAuthID, colDisplay,
		colAddress,
	}
}

// writeCSV writes a header and one row a device. The PIN is written of devices
// not yet authenticated only, and for those who may see PINs; pins says how many
// were.
func writeCSV(w io.Writer, now time.Time, site string, all []auth.Record, showPINs bool) (pins int, err error) {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180 section 2
	if err := out.Write(exported()); err != nil {
		return 0, fmt.Errorf("write CSV: %w", err)
	}
	for _, rec := range all {
		cells := cellsOf(now, site, rec)
		if !showPINs {
			cells[colPIN] = ""
		}
		if cells[colPIN] != "" {
			pins++
		}
		row := make([]string, 0, len(exported()))
		for _, name := range exported() {
			row = append(row, operators.GuardCell(cells[name]))
		}
		if err := out.Write(row); err != nil {
			return 0, fmt.Errorf("write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return 0, fmt.Errorf("write CSV: %w", err)
	}
	return pins, nil
}

func cellsOf(now time.Time, site string, rec auth.Record) map[string]string {
	d, state := rec.Device, rec.Enrolment.At(now)
	cells := map[string]string{
		colVendor: string(d.Vendor), colType: d.Model, colMAC: d.MAC.String(),
		colCreated: d.Created.UTC().Format(time.RFC3339), colSite: site, colState: string(state),
		colLabel: d.Label, colOwner: d.Owner,
	}
	if d.Addr.IsValid() {
		cells[colAddress] = d.Addr.String()
	}
	if state != auth.Successful {
		cells[colPIN] = rec.Enrolment.PIN.Reveal()
	}
	if len(d.Lines) > 0 {
		l := d.Lines[0]
		cells[colRegistrar], cells[colUser], cells[colAuthID], cells[colDisplay] = l.Registrar, l.User, l.AuthID, l.DisplayName
	}
	return cells
}

// row is one line of an import that can be understood.
type row struct {
	line  int // in the file, from 1
	mac   phone.MAC
	addr  netip.Addr        // of the column address
	cells map[string]string // by column; one that is left out is not there
}

// lay puts the row over a device. The file speaks of the first line alone, and a
// row whose line cells are all empty of none: the lines then stay as they are.
func (r row) lay(dev phone.Device) phone.Device {
	dev = dev.Clone()
	dev.MAC = r.mac
	if v, ok := r.cells[colVendor]; ok && v != "" {
		dev.Vendor = vendorName(v)
	}
	r.put(colType, &dev.Model)
	r.put(colLabel, &dev.Label)
	r.put(colOwner, &dev.Owner)
	if _, ok := r.cells[colAddress]; ok {
		dev.Addr = r.addr
	}
	if !r.hasLine() {
		return dev
	}
	if len(dev.Lines) == 0 {
		dev.Lines = []phone.Line{{}}
	}
	l := &dev.Lines[0]
	before := *l
	r.put(colRegistrar, &l.Registrar)
	r.put(colUser, &l.User)
	r.put(colAuthID, &l.AuthID)
	r.put(colDisplay, &l.DisplayName)
	switch password := r.cells[colPassword]; {
	case password != "":
		l.Password = phone.NewSecret(password)
	case l.Registrar != before.Registrar || l.User != before.User:
		// Another account: the old one's password is none of its business.
		l.Password = phone.Secret{}
	}
	return dev
}

func (r row) put(column string, to *string) {
	if v, ok := r.cells[column]; ok {
		*to = v
	}
}

func (r row) hasLine() bool {
	return slices.ContainsFunc([]string{colRegistrar, colUser, colAuthID, colDisplay, colPassword},
		func(column string) bool { return r.cells[column] != "" })
}
