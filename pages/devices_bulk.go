package pages

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// deed is something that can be done to a phone, or to many at once. Its words
// stand under "deed": what the button says, what is asked first, what it means.
type deed struct {
	name   string
	least  admin.Role
	action string // of the API
	clear  bool
}

// allDeeds are in the order they are offered.
func allDeeds() []deed {
	return []deed{
		{"resync", admin.Installer, "resync", false},
		{"unblock", admin.Installer, "unblock", false},
		{"suspend", admin.Admin, "suspend", false},
		{"allow-otp", admin.Admin, "allow-otp", false},
		{"clear", admin.Admin, "allow-otp", true},
		{"reset", admin.Admin, "reset", false},
		{"remove", admin.Admin, "remove", false},
	}
}

func deedNamed(name string) (deed, bool) {
	i := slices.IndexFunc(allDeeds(), func(d deed) bool { return d.name == name })
	if i < 0 {
		return deed{}, false
	}
	return allDeeds()[i], true
}

// deeds are those the person may do.
func (v *visit) deeds() []string {
	var names []string
	for _, d := range allDeeds() {
		if v.role().May(d.least) {
			names = append(names, d.name)
		}
	}
	return names
}

// bulkPage is what would become of many phones, or what has.
type bulkPage struct {
	Deed     string
	Done     admin.BulkDone
	Question string
	Back     string
	// What was chosen, to be sent again.
	MACs   []string
	Search *list
	Expect int
}

// Wrong are the phones it cannot be done to.
func (p *bulkPage) Wrong() []admin.BulkRow {
	return slices.DeleteFunc(slices.Clone(p.Done.Rows), func(r admin.BulkRow) bool { return r.Error == "" })
}

// Right are the first of those it can, enough to see that they are the ones meant.
func (p *bulkPage) Right() []admin.BulkRow {
	list := slices.DeleteFunc(slices.Clone(p.Done.Rows), func(r admin.BulkRow) bool { return r.Error != "" })
	return list[:min(len(list), 12)]
}

func (p *bulkPage) More() int { return p.Done.Done - len(p.Right()) }

// postBulk shows first what would become of the phones chosen, and does it once
// that was confirmed.
func postBulk(v *visit) error {
	f, err := v.form("deed", "all", "expect", "sure", "back")
	if err != nil {
		return err
	}
	p := &bulkPage{Deed: f.Get("deed"), Back: local(f.Get("back")), MACs: v.r.PostForm["mac"]}
	d, ok := deedNamed(p.Deed)
	in, err := v.bulkInput(p, f, d)
	switch {
	case err != nil:
		return err
	case !ok:
		return v.done(p.Back, "devices.nodeed")
	case len(in.MACs) == 0 && in.Search == nil:
		return v.done(p.Back, "devices.nochoice")
	}
	in.DryRun = f.Get("sure") != "yes"
	if p.Done, err = v.api.Bulk(v.ctx(), in); err != nil {
		return v.bulkRefused(p, err)
	}
	if !in.DryRun && p.Done.Failed == 0 {
		return v.done(p.Back, "devices.alldone", v.word("deed", d.name), v.count("overview.phones", p.Done.Done))
	}
	p.Question = v.count("devices.ask", p.Done.Done)
	return v.show("devices-bulk", p)
}

// bulkRefused shows the list the phones were chosen on, and above it why nothing
// was done.
func (v *visit) bulkRefused(p *bulkPage, wrong error) error {
	back, err := url.Parse(p.Back)
	if err != nil || back.Path != "/devices" {
		return wrong
	}
	data, err := v.newDevicesPage(listOf(back.Path, back.Query(), byState, byVendor, byFact))
	if err != nil {
		return err
	}
	data.Problem = v.problem(wrong)
	return v.render(data.Problem.Status, "devices", data)
}

// bulkInput is what was chosen: boxes, or all that a search finds.
func (v *visit) bulkInput(p *bulkPage, f *form, d deed) (admin.BulkInput, error) {
	in := admin.BulkInput{Action: d.action, Clear: d.clear}
	if f.Get("all") == "yes" {
		p.Search = listOf("/devices", v.r.PostForm, byState, byVendor, byFact)
		search := p.Search.search()
		in.Search = &search
		in.Expect, _ = strconv.Atoi(f.Get("expect")) // 0 is not checked
		p.Expect, p.MACs = in.Expect, nil
		return in, nil
	}
	var bad []error
	for _, text := range p.MACs {
		mac, err := phone.ParseMAC(text)
		in.MACs, bad = append(in.MACs, mac), append(bad, err)
	}
	if errors.Join(bad...) != nil {
		return in, &admin.Error{Status: http.StatusBadRequest, What: v.say("problem.form"), Hint: v.say("problem.form.do")}
	}
	return in, nil
}
