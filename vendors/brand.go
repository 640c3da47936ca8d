package vendors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Brand is the name people know a vendor's maker by, under which its one-time
// password and its redirect service go; v itself where the table has no v.
func (t Table) Brand(v phone.Vendor) phone.Vendor {
	if i, ok := t.byName[v]; ok {
		return t.makers[i].Brand
	}
	return v
}

// Brands lists the brands in the order of the table.
func (t Table) Brands() []phone.Vendor {
	var list []phone.Vendor
	for i := range t.makers {
		if b := t.makers[i].Brand; !slices.Contains(list, b) {
			list = append(list, b)
		}
	}
	return list
}

// OfBrand lists the makers of a brand.
func (t Table) OfBrand(brand phone.Vendor) []Maker {
	var list []Maker
	for i := range t.makers {
		if t.makers[i].Brand == brand {
			list = append(list, t.makers[i])
		}
	}
	return list
}

// ParseBrand reads the name of a brand or of one of its vendors, in any case.
func (t Table) ParseBrand(name string) (phone.Vendor, error) {
	v := phone.Vendor(strings.ToLower(strings.TrimSpace(name)))
	brands := t.Brands()
	if b := t.Brand(v); slices.Contains(brands, b) {
		return b, nil
	}
	names := make([]string, len(brands))
	for i, b := range brands {
		names[i] = string(b)
	}
	return "", fmt.Errorf("brand: %.40q is not served; write one of %s", name, strings.Join(names, ", "))
}

// vendorsOf names makers, in order.
func vendorsOf(makers []Maker) []string {
	names := make([]string, len(makers))
	for i, m := range makers {
		names[i] = string(m.Vendor)
	}
	return names
}
