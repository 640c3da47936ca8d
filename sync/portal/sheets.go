package portal

import (
	"errors"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// siteSheet: a row with an ID renames that site, one without adds one.
func siteSheet() sheet {
	return sheet{
		name: "sites", columns: []string{"site", "name", "state", "seen", "software", "address"},
		rows: func(s *Server, after string) (rows [][]string, next string, err error) {
			list, more, err := s.p.Sites(central.SiteQuery{After: after, Limit: maxPage})
			for _, one := range list {
				address, seen := "", ""
				if one.Address.IsValid() {
					address = one.Address.String()
				}
				if !one.Seen.IsZero() {
					seen = one.Seen.Format(time.RFC3339)
				}
				rows = append(rows, []string{one.ID, one.Name, one.State, seen, one.Software, address})
			}
			if more {
				next = list[len(list)-1].ID
			}
			return rows, next, err
		},
		names: func(row map[string]string) string { return row["site"] },
		take: func(_ *Server, o central.Operator, row map[string]string) (taken, error) {
			if row["site"] != "" {
				return taken{}, o.RenameSite(row["site"], row["name"])
			}
			// Its token is made by an invitation, for whoever goes there.
			_, err := o.AddSite(row["name"])
			return taken{}, err
		},
	}
}

// deviceSheet speaks of the first line alone. A row of a device there is changes
// it; the site column then has to be its own.
func deviceSheet() sheet {
	return sheet{
		name: "devices", columns: []string{"mac", "site", "vendor", "model", "label", "owner", "address", "otp", "registrar", "user", "auth_id", "display_name"},
		extra: []string{"password"},
		rows: func(s *Server, after string) (rows [][]string, next string, err error) {
			q := central.DeviceQuery{Limit: maxPage}
			if after != "" {
				if q.After, err = phone.ParseMAC(after); err != nil {
					return nil, "", err
				}
			}
			list, more, err := s.p.Devices(q)
			for _, d := range list {
				var l wire.Line
				if len(d.Lines) > 0 {
					l = d.Lines[0]
				}
				rows = append(rows, []string{d.MAC.String(), d.Site, d.Vendor, d.Model, d.Label, d.Owner, d.Address, d.OTP, l.Registrar, l.User, l.AuthID, l.DisplayName})
			}
			if more {
				next = list[len(list)-1].MAC.String()
			}
			return rows, next, err
		},
		names: func(row map[string]string) string {
			if mac, err := phone.ParseMAC(row["mac"]); err == nil {
				return mac.String() // however it is written
			}
			return row["mac"]
		},
		take: takeDevice,
	}
}

func takeDevice(s *Server, o central.Operator, row map[string]string) (got taken, err error) {
	if got.mac, err = phone.ParseMAC(row["mac"]); err != nil {
		return got, err
	}
	mac := got.mac
	had, err := o.Device(mac)
	known := err == nil
	if err != nil && !errors.Is(err, central.ErrUnknownDevice) {
		return got, err
	}
	if known && row["site"] != "" && row["site"] != had.Site {
		return got, &central.InvalidError{Fields: []string{"site: the device is at " + had.Site + "; move it with: lineside-central device move " + mac.String() + " " + row["site"]}}
	}
	e := central.DeviceEdit{Vendor: cell(row, "vendor"), Model: cell(row, "model"), Label: cell(row, "label"), Owner: cell(row, "owner"), Address: cell(row, "address"),
		Lines: firstLine(row, had.Lines)}
	if !known {
		had.Site = row["site"]
	}
	if got.notes, err = s.fits(&e, had); err != nil {
		return got, err
	}
	if known {
		got.made, err = o.EditDevice(mac, e)
	} else {
		got.made, err = o.AddDevice(mac, row["site"], e)
	}
	return got, err
}

// cell is a column's text, nil where the file has no such column.
func cell(row map[string]string, column string) *string {
	if v, ok := row[column]; ok {
		return &v
	}
	return nil
}

// firstLine lays the row over the first line; nil where it says nothing of it.
func firstLine(row map[string]string, had []wire.Line) *[]central.LineEdit {
	if row["registrar"]+row["user"]+row["auth_id"]+row["display_name"]+row["password"] == "" {
		return nil
	}
	lines := make([]central.LineEdit, max(1, len(had)))
	for i, l := range had {
		lines[i].Line = l
	}
	l := &lines[0]
	for column, to := range map[string]*string{"registrar": &l.Registrar, "user": &l.User, "auth_id": &l.AuthID, "display_name": &l.DisplayName} {
		set(to, cell(row, column))
	}
	l.Password = phone.NewSecret(row["password"])
	return &lines
}

func userSheet() sheet {
	return sheet{
		name: "users", columns: []string{"site", "extension", "id", "first_name", "last_name", "email", "alternate_id"},
		extra: []string{"web_password", "portal_pin"},
		rows: func(s *Server, after string) (rows [][]string, next string, err error) {
			list, more, err := s.p.Users("", "", after, maxPage)
			for _, u := range list {
				rows = append(rows, []string{u.Site, u.Extension, u.ID, u.First, u.Last, u.Email, u.AlternateID})
			}
			if more {
				next = list[len(list)-1].Site + "/" + list[len(list)-1].Extension
			}
			return rows, next, err
		},
		names: func(row map[string]string) string {
			if row["site"]+row["extension"] == "" {
				return ""
			}
			return "extension " + row["extension"] + " of site " + row["site"]
		},
		take: func(_ *Server, o central.Operator, row map[string]string) (taken, error) {
			e := central.UserEdit{ID: cell(row, "id"), First: cell(row, "first_name"), Last: cell(row, "last_name"), Email: cell(row, "email"), AlternateID: cell(row, "alternate_id")}
			// An empty cell is no wish to take a password away: exports have none.
			for column, to := range map[string]**phone.Secret{"web_password": &e.Web, "portal_pin": &e.Portal} {
				if v := row[column]; v != "" {
					*to = secret(&v)
				}
			}
			err := o.EditUser(row["site"], row["extension"], e)
			if errors.Is(err, central.ErrUnknown) {
				err = o.AddUser(row["site"], row["extension"], e)
			}
			return taken{}, err
		},
	}
}
