package pages

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// devicesPage is the list of the phones that are set up.
type devicesPage struct {
	List    *list
	Rows    []deviceRow
	States  []chip
	Vendors []chip
	Facts   []chip
	Deeds   []string // that can be done to many
	Problem *problem // with what is searched for
}

// deviceRow is one phone of it.
type deviceRow struct {
	admin.Device
	Name, State string
}

// chip narrows a list, or widens it again.
type chip struct {
	Word, Href string
	Count      int
	Counted    bool
	On         bool
}

// Filters of the list: the names in its address.
const (
	byState  = "state"
	byVendor = "vendor"
	byFact   = "fact"
)

// deviceFacts are those the list offers, of what the API knows.
func deviceFacts() []string {
	return []string{"unseen", "unowned", "ticket", "overrides", "number-lost"}
}

func (v *visit) deviceList() *list { return v.list(byState, byVendor, byFact) }

// search is the list's words for the API.
func (l *list) search() admin.Search {
	s := admin.Search{Text: l.Text, State: l.Filter(byState), Vendor: l.Filter(byVendor)}
	if fact := l.Filter(byFact); fact != "" {
		s.Facts = []string{fact}
	}
	return s
}

func (l *list) deviceQuery() admin.Query {
	s := l.search()
	q := admin.Query{Text: s.Text, State: s.State, Vendor: phone.Vendor(s.Vendor), Facts: s.Facts, Sort: l.Sort, Offset: l.Offset, Limit: l.Limit}
	if l.Down && l.Sort != "" {
		q.Sort = "-" + l.Sort
	}
	return q
}

func getDevices(v *visit) error {
	data, err := v.newDevicesPage(v.deviceList())
	if err != nil {
		return err
	}
	if last := data.List.Beyond(); last != "" {
		return v.to(last)
	}
	return v.show("devices", data)
}

// AllAtOnce says that what the list finds is few enough for one call.
func (p *devicesPage) AllAtOnce() bool { return p.List.Total <= admin.MaxBulk }

// MaxBulk is how many are.
func (p *devicesPage) MaxBulk() int { return admin.MaxBulk }

func (v *visit) newDevicesPage(l *list) (*devicesPage, error) {
	data := &devicesPage{List: l, Deeds: v.deeds()}
	found, err := v.api.Devices(v.ctx(), l.deviceQuery())
	var e *admin.Error
	switch {
	case errors.As(err, &e) && e.Status == http.StatusBadRequest:
		data.Problem = v.problem(err) // with the search still there to be mended
	case err != nil:
		return nil, err
	}
	l.Total, l.Shown = found.Total, len(found.Devices)
	for _, d := range found.Devices {
		data.Rows = append(data.Rows, deviceRow{Device: d, Name: nameOf(d), State: shownState(d.Enrolment.State, d.Enrolment.Enrolling, d.Enrolment.Suspended)})
	}
	for _, state := range append(shownStates(), "enrolling", "suspended") {
		if n := found.States[state]; n > 0 || l.Filter(byState) == state {
			data.States = append(data.States, l.chip(byState, state, v.word("state", state), n, true))
		}
	}
	for _, vendor := range slices.Sorted(maps.Keys(found.Vendors)) {
		if n := found.Vendors[vendor]; n > 0 || l.Filter(byVendor) == vendor {
			data.Vendors = append(data.Vendors, l.chip(byVendor, vendor, vendor, n, true))
		}
	}
	for _, fact := range deviceFacts() {
		data.Facts = append(data.Facts, l.chip(byFact, fact, v.word("fact", fact), 0, false))
	}
	return data, nil
}

// chip is one that narrows the list to value, or no longer.
func (l *list) chip(filter, value, word string, n int, counted bool) chip {
	c := chip{Word: word, Count: n, Counted: counted, On: l.Filter(filter) == value, Href: l.With(filter, value)}
	if c.On {
		c.Href = l.With(filter, "")
	}
	return c
}

// nameOf is what people call a device.
func nameOf(d admin.Device) string { return called(d.MAC, d.Label, d.OwnerName) }

// called is a phone's name for people: its label, else whose it is, else its MAC.
func called(mac phone.MAC, label, owner string) string { return cmp.Or(label, owner, mac.String()) }

// shownState is where a phone stands in one word: what is true beside its state
// is what matters of it.
func shownState(state string, enrolling bool, suspended time.Time) string {
	switch {
	case !suspended.IsZero() && state != "successful":
		return "suspended"
	case enrolling && state == "needed":
		return "enrolling"
	}
	return state
}

// postExport hands out the list as a file. It is a form and no link: what was
// shown of PINs is on record.
func postExport(v *visit) error {
	f, err := v.form("pins")
	if err != nil {
		return err
	}
	export, name := v.api.ExportWithout, "lineside-devices.csv"
	if f.Get("pins") == "yes" {
		export, name = v.api.Export, "lineside-devices-with-pins.csv"
	}
	return v.download(name, "text/csv; charset=utf-8", func(w io.Writer) error { return export(v.ctx(), w) })
}
