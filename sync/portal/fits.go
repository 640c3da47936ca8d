package portal

import (
	"fmt"
	"strings"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/vendors"
)

// fits says what is wrong with a device's maker and owner: what no box could
// serve is refused where it is entered, not found out at a site. had is the
// device as it is, with no more than its site where it is new; what it has
// already is not asked again. The notes are what may not be meant.
func (s *Server) fits(e *central.DeviceEdit, had central.DeviceInfo) (notes []string, err error) {
	var wrong central.InvalidError
	maker, model := phone.Vendor(had.Vendor), had.Model
	if e.Vendor != nil && *e.Vendor != "" && *e.Vendor != had.Vendor {
		if maker, err = vendors.All().Parse(*e.Vendor); err != nil {
			wrong.Add(err.Error())
		}
		name := string(maker)
		e.Vendor = &name
	}
	if e.Owner != nil && strings.TrimSpace(*e.Owner) != "" && *e.Owner != had.Owner {
		there, err := s.p.HasUser(had.Site, strings.TrimSpace(*e.Owner))
		if err != nil {
			return nil, err
		}
		if !there {
			wrong.Add(fmt.Sprintf("owner: site %s has no user with the ID %q; add the user first (user add, user import), or leave it empty", had.Site, *e.Owner))
		}
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	if e.Model != nil {
		model = strings.TrimSpace(*e.Model)
	}
	if _, known := vendors.All().Model(maker, model); !known && model != "" {
		notes = append(notes, fmt.Sprintf("model: %q is no model known of %s; the phone gets the brand's generic config, which fits most", model, maker))
	}
	return notes, nil
}
