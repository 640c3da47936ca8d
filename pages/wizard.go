package pages

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// wizardPage is the way to personal one-time passwords: choose phones or a file,
// look it through, make them, take them along. Nothing of it is kept at the box
// before they are made: the rows go from page to page.
type wizardPage struct {
	Tab     string
	Form    *form
	Rows    []wizardRow // chosen, or found
	Presets []int
	Ready   int
	Made    *admin.TicketsMade
}

// wizardRow is one phone, with what the API says of it.
type wizardRow struct {
	admin.TicketLine
	Chosen bool
}

// Key is the MAC as fields of the form have it.
func (r wizardRow) Key() string { return r.MAC.String() }

func getWizard(v *visit) error {
	f := filled("q", cut(v.r.URL.Query().Get("q"), 100))
	data := &wizardPage{Tab: "new", Form: f}
	if err := v.find(data, nil); err != nil {
		return err
	}
	return v.show("wizard", data)
}

// find puts into the page what is chosen, and then what a search finds, each with
// how ready it is.
func (v *visit) find(data *wizardPage, chosen []phone.MAC) error {
	page, err := v.api.Devices(v.ctx(), admin.Query{Text: data.Form.Get("q"), Limit: perPage})
	if err != nil {
		return err
	}
	var want []admin.TicketFor
	known := make(map[phone.MAC]bool)
	for _, mac := range chosen {
		if !known[mac] {
			want = append(want, admin.TicketFor{MAC: mac})
			known[mac] = true
		}
	}
	n := len(want)
	for _, d := range page.Devices {
		if !known[d.MAC] {
			want = append(want, admin.TicketFor{MAC: d.MAC})
		}
	}
	if len(want) == 0 {
		return nil
	}
	looked, err := v.api.MakeTickets(v.ctx(), admin.TicketsInput{Devices: want, DryRun: true})
	if err != nil {
		return err
	}
	for i, line := range looked.Lines {
		data.Rows = append(data.Rows, wizardRow{TicketLine: line, Chosen: i < n})
	}
	return nil
}

// postWizard goes one step on: search, review or make.
func postWizard(v *visit) error {
	f, err := v.form("q", "csv", "hours", "approval")
	if err != nil {
		return err
	}
	chosen, err := v.macs("mac")
	if err != nil {
		return err
	}
	data := &wizardPage{Tab: "new", Form: f, Presets: admin.TicketHours()}
	switch v.r.PostFormValue("do") {
	case "review":
		return v.review(data, chosen)
	case "again", "make":
		return v.makeTickets(data, chosen)
	}
	if err := v.find(data, chosen); err != nil {
		return err
	}
	return v.show("wizard", data)
}

// review shows what was chosen or uploaded, each row to be changed or left out.
func (v *visit) review(data *wizardPage, chosen []phone.MAC) error {
	file, err := v.file("file")
	if err != nil {
		return err
	}
	if len(file) > 0 {
		data.Form.values["csv"] = strings.TrimSpace(string(file))
	}
	in := admin.TicketsInput{CSV: data.Form.Get("csv"), DryRun: true}
	if in.CSV == "" {
		for _, mac := range chosen {
			in.Devices = append(in.Devices, admin.TicketFor{MAC: mac})
		}
	}
	if in.CSV == "" && len(chosen) == 0 {
		data.Form.Problem = &problem{Title: v.say("problem.title.other"), What: v.say("tickets.notick")}
		return v.chooseAgain(data, chosen, nil)
	}
	p, err := v.api.Policy(v.ctx())
	if err != nil {
		return err
	}
	looked, err := v.api.MakeTickets(v.ctx(), in)
	if err != nil {
		return v.chooseAgain(data, chosen, err)
	}
	data.Form.values["hours"] = strconv.Itoa(p.TicketHours)
	for _, line := range looked.Lines {
		data.Rows = append(data.Rows, wizardRow{TicketLine: line, Chosen: line.Ready})
	}
	data.Ready = looked.Made
	return v.show("wizard-review", data)
}

func (v *visit) chooseAgain(data *wizardPage, chosen []phone.MAC, wrong error) error {
	if err := v.find(data, chosen); err != nil {
		return err
	}
	return v.again("wizard", data, data.Form, wrong)
}

// makeTickets makes those that are still ticked, as their rows have it.
func (v *visit) makeTickets(data *wizardPage, chosen []phone.MAC) error {
	f := data.Form
	in := admin.TicketsInput{Approval: f.Get("approval") != "", Hours: v.hours(f, "hours")}
	for _, mac := range chosen {
		in.Devices = append(in.Devices, admin.TicketFor{MAC: mac, User: v.rowField("user", mac), Password: v.rowField("password", mac)})
	}
	if len(chosen) == 0 {
		f.Problem = &problem{Title: v.say("problem.title.other"), What: v.say("tickets.notick")}
	}
	in.DryRun = true
	looked, err := v.lookAt(f, in)
	if err != nil || !f.OK() || looked.Failed > 0 {
		return v.reviewAgain(data, in, looked, err)
	}
	in.DryRun = false
	made, err := v.api.MakeTickets(v.ctx(), in)
	if err != nil {
		return v.reviewAgain(data, in, looked, err)
	}
	data.Made = &made
	return v.show("wizard-made", data)
}

// lookAt says how ready the rows are, also where something else is wrong.
func (v *visit) lookAt(f *form, in admin.TicketsInput) (admin.TicketsMade, error) {
	if len(in.Devices) == 0 {
		return admin.TicketsMade{}, nil
	}
	if !f.OK() {
		in.Hours = 0
	}
	looked, wrong := v.api.MakeTickets(v.ctx(), in)
	if wrong == nil {
		return looked, nil
	}
	in.Hours = 0 // the rows are ready or not without it
	looked, err := v.api.MakeTickets(v.ctx(), in)
	if err != nil {
		return admin.TicketsMade{}, wrong
	}
	return looked, wrong
}

// reviewAgain shows the rows as they were written, with what is wrong with them.
func (v *visit) reviewAgain(data *wizardPage, in admin.TicketsInput, looked admin.TicketsMade, wrong error) error {
	for i, d := range in.Devices {
		row := wizardRow{TicketLine: admin.TicketLine{MAC: d.MAC, User: d.User, Password: d.Password}, Chosen: true}
		if i < len(looked.Lines) {
			row.TicketLine = looked.Lines[i]
		}
		data.Rows = append(data.Rows, row)
	}
	data.Ready = looked.Made
	return v.again("wizard-review", data, data.Form, wrong)
}

// rowField is what was written in a field of one phone's row.
func (v *visit) rowField(name string, mac phone.MAC) string {
	return strings.TrimSpace(v.r.PostFormValue(name + "-" + mac.String()))
}

// postWizardFile hands over what was made, with the passwords or without. They
// come with the request: the box knows them no more.
func postWizardFile(v *visit) error {
	macs, err := v.macs("mac")
	if err != nil {
		return err
	}
	passwords := v.r.PostFormValue("do") == "passwords"
	var list []admin.Ticket
	for _, mac := range macs {
		t := admin.Ticket{MAC: mac, User: v.rowField("user", mac), Password: v.rowField("password", mac)}
		t.Vendor, t.Label, t.State = phone.Vendor(v.rowField("vendor", mac)), v.rowField("label", mac), "generated"
		if err := t.Expires.UnmarshalText([]byte(v.rowField("expires", mac))); err != nil {
			continue // no page of ours sends that
		}
		list = append(list, t)
	}
	var b bytes.Buffer
	if err := admin.WriteTickets(&b, list, passwords); err != nil {
		return err
	}
	return v.csvFile("lineside-tickets.csv", b.String())
}
