package vendors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Place finds whose phone a device is that is set up as vendor v and model, and
// spells its model as the table does where only one can be meant. An empty v
// leaves it to the MAC and, among the makers that share the MAC's first half, to
// the model; it stays empty where the MAC is nobody's.
//
// A vendor that does not know the model is an error where a maker of the same
// brand, or of the same first half, does: their files are told apart by vendor,
// and the phone would never be given its own. A model nobody knows is none:
// every vendor has a config for those.
func (t Table) Place(mac phone.MAC, v phone.Vendor, model string) (phone.Vendor, string, error) {
	near := t.byMAC(mac)
	first := near
	if v != "" {
		m, ok := t.Of(v)
		if !ok {
			return v, model, nil // for Parse to tell
		}
		first = []Maker{m}
	}
	if len(first) == 0 {
		return v, model, nil
	}
	kin := t.kin(append(slices.Clone(first), near...))
	for _, knows := range []func(Models, string) []Model{exactly, Models.Near} {
		for _, among := range [][]Maker{first, kin} {
			owners := knowing(among, model, knows)
			switch {
			case len(owners) == 0:
				continue
			case len(owners) == 1 && (v == "" || owners[0].Vendor == v):
				return owners[0].Vendor, spelt(owners[0].Models, model), nil
			}
			return v, model, misplaced(v, model, owners)
		}
	}
	return first[0].Vendor, model, nil
}

// byMAC are the makers whose phones a MAC may be, those of its OUI first.
func (t Table) byMAC(mac phone.MAC) []Maker {
	var list []Maker
	for _, i := range t.byOUI[mac.OUI()] {
		list = append(list, t.makers[i])
	}
	for i := range t.makers {
		if slices.Contains(t.makers[i].Borrowed, mac.OUI()) {
			list = append(list, t.makers[i])
		}
	}
	return list
}

// kin are makers and all others of their brands, each once.
func (t Table) kin(makers []Maker) []Maker {
	var list []Maker
	for i := range t.makers {
		brand := t.makers[i].Brand
		if slices.ContainsFunc(makers, func(m Maker) bool { return m.Brand == brand }) {
			list = append(list, t.makers[i])
		}
	}
	return list
}

func knowing(makers []Maker, model string, knows func(Models, string) []Model) []Maker {
	var list []Maker
	for _, m := range makers {
		if model != "" && len(knows(m.Models, model)) > 0 {
			list = append(list, m)
		}
	}
	return list
}

func exactly(ms Models, name string) []Model {
	m, ok := ms.Of(name)
	if !ok {
		return nil
	}
	return []Model{m}
}

// spelt is name as the list has it, where name alone would not be found in it.
func spelt(ms Models, name string) string {
	if _, ok := ms.Of(name); ok {
		return name
	}
	if list := ms.Near(name); len(list) == 1 {
		return list[0].Name
	}
	return name
}

func misplaced(v phone.Vendor, model string, owners []Maker) error {
	names := vendorsOf(owners)
	not := ""
	if v != "" {
		not = fmt.Sprintf(" and not of %s, whose files this phone would never ask for", v)
	}
	return fmt.Errorf("vendor: %.40q is a model of %s%s; write --vendor %s", model, strings.Join(names, " and of "), not, strings.Join(names, " or --vendor "))
}

// Near are the models a person may mean by a name that is none: with the letters
// before or behind left out, as "8851" for CP-8851 and "T19" for T19P.
func (ms Models) Near(name string) []Model {
	key := modelKey(name)
	if len(key) < 2 || !strings.ContainsAny(key, "0123456789") {
		return nil
	}
	var list []Model
	for _, m := range ms.list {
		before, after, ok := strings.Cut(modelKey(m.Name), key)
		if ok && lettersOnly(before) && lettersOnly(after) {
			list = append(list, m)
		}
	}
	return list
}

func lettersOnly(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
}
