package pages

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// editPage is the form of a device, new or there.
type editPage struct {
	New      bool
	MAC      phone.MAC
	Name     string
	Form     *form
	Lines    []lineForm
	Vendors  []string
	Has      bool   // an admin password
	Platform bool   // keeps it
	Was      string // what the form began with, see stored
	Rev      uint64
	Retype   bool // passwords were written, and are not drawn again
}

// Makers are those served, for a choice; unknown is the word for none of them,
// which leaves it to the MAC.
func (p *editPage) Makers(unknown string) []string {
	pairs := []string{"", unknown}
	for _, v := range p.Vendors {
		pairs = append(pairs, v, v)
	}
	return pairs
}

// Blank is what a line is made of that is not there yet.
func (p *editPage) Blank() lineForm { return lineForm{} }

func getAddDevice(v *visit) error {
	p, err := v.editPage(admin.Device{}, true)
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	for _, name := range []string{"mac", "vendor", "model"} { // of a phone that was heard of
		p.Form.values[name] = cut(q.Get(name), 100)
	}
	return v.show("device-edit", p)
}

func getEditDevice(v *visit) error {
	d, err := v.device()
	if err != nil {
		return err
	}
	p, err := v.editPage(d, false)
	if err != nil {
		return err
	}
	return v.show("device-edit", p)
}

// device is the device of the path.
func (v *visit) device() (admin.Device, error) {
	mac, err := v.mac()
	if err != nil {
		return admin.Device{}, err
	}
	return v.api.Device(v.ctx(), mac)
}

// editPage is the form with what there is.
func (v *visit) editPage(d admin.Device, fresh bool) (*editPage, error) {
	list, err := v.api.Devices(v.ctx(), admin.Query{Limit: 1})
	if err != nil {
		return nil, err
	}
	p := &editPage{New: fresh, Vendors: slices.Sorted(maps.Keys(list.Vendors)), Form: filled("mac", "", "admin_password", "")}
	p.begin(d)
	p.fill(storedOf(d))
	return p, nil
}

// begin takes note of what the device is before somebody changes it.
func (p *editPage) begin(d admin.Device) {
	p.MAC, p.Name, p.Rev, p.Has, p.Platform = d.MAC, nameOf(d), d.Rev, d.HasAdminPassword, d.Platform
	was, err := json.Marshal(storedOf(d))
	if err != nil { // texts always have their JSON
		was = nil
	}
	p.Was = string(was)
}

// fill writes what is stored into the form.
func (p *editPage) fill(s stored) {
	for name, text := range s.Text {
		p.Form.values[name] = text
	}
	p.Form.values["overrides"] = overridesText(s.Overrides)
	p.fillLines(s.Lines)
}

func (p *editPage) fillLines(lines []map[string]string) {
	p.Lines = nil
	for _, l := range lines {
		p.Lines = append(p.Lines, lineForm{Text: l, HasPassword: l[hasPassword] != ""})
	}
}

func postAddDevice(v *visit) error {
	p, err := v.editPage(admin.Device{}, true)
	if err != nil {
		return err
	}
	ready, err := v.readDevice(p)
	if err != nil || !ready {
		return err
	}
	in := v.changes(p, stored{})
	mac, err := phone.ParseMAC(p.Form.Get("mac"))
	if err != nil {
		p.Form.blame("mac", v.say("edit.mac.wrong"))
	}
	in.MAC = admin.Set(mac)
	if !p.OK() {
		return v.again("device-edit", p, p.Form, nil)
	}
	d, err := v.api.AddDevice(v.ctx(), in)
	if err != nil {
		return v.again("device-edit", p, p.Form, p.blameLines(err))
	}
	return v.done(devicePath(d.MAC), "edit.added", nameOf(d))
}

func postEditDevice(v *visit) error {
	d, err := v.device()
	if err != nil {
		return err
	}
	p, err := v.editPage(d, false)
	if err != nil {
		return err
	}
	ready, err := v.readDevice(p)
	if err != nil || !ready {
		return err
	}
	var was stored
	if json.Unmarshal([]byte(p.Was), &was) != nil || p.Rev == 0 {
		return &admin.Error{Status: http.StatusBadRequest, What: v.say("problem.form"), Hint: v.say("problem.form.do")}
	}
	in := v.changes(p, was)
	if !p.OK() {
		return v.again("device-edit", p, p.Form, nil)
	}
	now, err := v.api.EditDevice(v.ctx(), d.MAC, p.Rev, in)
	var e *admin.Error
	switch {
	case errors.As(err, &e) && e.Status == http.StatusPreconditionFailed:
		return v.editedMeanwhile(p, was, e)
	case err != nil:
		return v.again("device-edit", p, p.Form, p.blameLines(err))
	}
	return v.done(devicePath(d.MAC), "edit.done", nameOf(now))
}

// OK reports that nothing is wrong with what was written.
func (p *editPage) OK() bool {
	return p.Form.OK() && !slices.ContainsFunc(p.Lines, func(l lineForm) bool { return len(l.Wrong) > 0 })
}

// blameLines puts what is wrong with a line beside that line, and leaves the rest
// of an error of the API.
func (p *editPage) blameLines(err error) error {
	var e *admin.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Fields = nil
	for _, text := range e.Fields {
		if i, rest, ok := lineNamed(text); ok && i < len(p.Lines) {
			p.Lines[i].Wrong = append(p.Lines[i].Wrong, sentence(rest))
			continue
		}
		out.Fields = append(out.Fields, text)
	}
	if len(e.Fields) > 0 && len(out.Fields) == 0 {
		out.Hint = ""
	}
	return &out
}

// editedMeanwhile shows the form again after somebody else was faster. What was
// written stays; what was not touched becomes what it is now, and where both
// wrote, each field says what the other has written.
func (v *visit) editedMeanwhile(p *editPage, was stored, e *admin.Error) error {
	d, err := v.api.Device(v.ctx(), p.MAC)
	if err != nil {
		return err
	}
	now := storedOf(d)
	for name, text := range now.Text {
		switch mine := p.Form.Get(name); {
		case text == was.Text[name], text == mine:
		case mine == was.Text[name]:
			p.Form.values[name] = text
		case text == "":
			p.Form.blame(name, v.say("edit.both.empty"))
		default:
			p.Form.blame(name, v.say("edit.both", text))
		}
	}
	if sameLines(p.Lines, was.Lines) {
		p.fillLines(now.Lines)
	}
	if mine, wrong := parseOverrides(p.Form.Get("overrides")); wrong == "" && maps.Equal(mine, was.Overrides) {
		p.Form.values["overrides"] = overridesText(now.Overrides)
	}
	p.begin(d)
	who := v.say("edit.somebody")
	var fields []string
	if c := e.Changed; c != nil {
		if c.By != "" {
			who = c.By
		}
		for _, f := range c.Fields {
			fields = append(fields, v.word("field", f))
		}
	}
	if len(fields) == 0 {
		fields = []string{v.say("edit.something")}
	}
	p.Form.Problem = &problem{Status: e.Status, Title: v.say("problem.title.changed"),
		What: v.say("edit.meanwhile", who, strings.Join(fields, ", ")), Do: v.say("edit.meanwhile.do")}
	return v.render(e.Status, "device-edit", p)
}
