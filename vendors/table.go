package vendors

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lineside/lineside/phone"
)

// Table is a list of makers in the order they are asked, with what makes its
// lookups quick. The zero value has no makers.
type Table struct {
	makers  []Maker
	byName  map[phone.Vendor]int
	byOUI   map[[3]byte][]int
	foreign []ClassMatch
	room    *sync.Pool // of *scratch
}

// NewTable makes a table of makers. Of two with one name the first counts.
func NewTable(makers ...Maker) Table {
	t := Table{makers: slices.Clone(makers), byName: map[phone.Vendor]int{}, byOUI: map[[3]byte][]int{}, foreign: foreign(), room: newRoom()}
	for i, m := range makers {
		if m.Brand == "" {
			t.makers[i].Brand = m.Vendor
		}
		if _, twice := t.byName[m.Vendor]; !twice {
			t.byName[m.Vendor] = i
		}
		for _, oui := range m.OUIs {
			t.byOUI[oui] = append(t.byOUI[oui], i)
		}
	}
	return t
}

// All is every vendor this build serves. The order matters only for file names
// and hardware addresses that several vendors share when nothing else tells
// them apart: the commoner comes first.
func All() Table { return all() }

var all = sync.OnceValue(func() Table {
	return NewTable(
		yealink(),
		snom(),
		poly(),
		grandstream(),
		grandstreamHT(),
		grandstreamGW(),
		grandstreamDP(),
		fanvil(),
		mitel(),
		snomBase(),
		ciscoMPP(),
		ciscoSPA(),
		ciscoATA(),
		ciscoSEP(),
		linksys(),
		avaya(),
		panasonic(),
		panasonicTGP(),
		panasonicUTG(),
		gigaset(),
		gigasetMaxwell(),
		gigasetN510(),
		gigasetN720(),
		gigasetP(),
		patton(),
		pattonTrinity(),
		spectralink(),
		htek(),
		algo(),
		audiocodes(),
		audiocodesMP(),
		obihai(),
	)
})

// Makers lists the vendors in order.
func (t Table) Makers() []Maker { return slices.Clone(t.makers) }

// Of finds a vendor by its short name.
func (t Table) Of(v phone.Vendor) (Maker, bool) {
	i, ok := t.byName[v]
	if !ok {
		return Maker{}, false
	}
	return t.makers[i], true
}

// Names lists the short names, for error messages and completion.
func (t Table) Names() []string {
	names := make([]string, len(t.makers))
	for i, m := range t.makers {
		names[i] = string(m.Vendor)
	}
	return names
}

// Parse checks that name is a vendor of the table, in any case.
func (t Table) Parse(name string) (phone.Vendor, error) {
	v := phone.Vendor(strings.ToLower(strings.TrimSpace(name)))
	if _, ok := t.Of(v); !ok {
		if kin := vendorsOf(t.OfBrand(v)); len(kin) > 0 {
			return "", fmt.Errorf("vendor: %s phones speak several languages; write the one of this model: %s", v, strings.Join(kin, ", "))
		}
		return "", fmt.Errorf("vendor: %.40q is not served; write one of %s", name, strings.Join(t.Names(), ", "))
	}
	return v, nil
}

// Model finds a model of a vendor by any spelling of its name.
func (t Table) Model(v phone.Vendor, name string) (Model, bool) {
	m, ok := t.Of(v)
	if !ok {
		return Model{}, false
	}
	return m.Models.Of(name)
}

// Bare is the file a phone means that asks for the folder itself, by what its
// User-Agent says; false for phones that never do.
func (t Table) Bare(agent string) (name string, ok bool) {
	id, ok := t.ByAgent(agent)
	if m, served := t.Of(id.Vendor); ok && served && m.Bare && !id.MAC.IsZero() {
		return m.Sequence(id.MAC, id.Model)[0], true
	}
	return "", false
}

// Render writes the file in.File names, by its vendor.
func (t Table) Render(in Input) ([]byte, error) {
	m, ok := t.Of(in.File.Vendor)
	if !ok {
		return nil, fmt.Errorf("render %s: vendor %q is not served", in.File.Name, in.File.Vendor)
	}
	s := t.room.Get().(*scratch)
	body, err := m.render(in, s)
	s.wipe()
	t.room.Put(s)
	if err != nil {
		return nil, fmt.Errorf("render %s for %s: %w", in.File.Name, m.Name, err)
	}
	return body, nil
}

// Count is how much of one vendor this build knows, for "how much is done".
type Count struct {
	Vendor     phone.Vendor
	Name       string
	Models     int
	Unverified []string
}

// Count lists every vendor with what is known of it.
func (t Table) Count() []Count {
	list := make([]Count, len(t.makers))
	for i, m := range t.makers {
		list[i] = Count{Vendor: m.Vendor, Name: m.Name, Models: m.Models.Len(), Unverified: slices.Clone(m.Unverified)}
	}
	return list
}
