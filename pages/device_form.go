package pages

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// stored is what can be edited of a device, as text. It travels with the form:
// only what was changed of it is sent, so that two people who change different
// fields do not undo each other.
type stored struct {
	Text      map[string]string   `json:"text"`
	Lines     []map[string]string `json:"lines"`
	Overrides map[string]string   `json:"overrides"`
}

// lineForm is one line as it is written, by the API's names, and what is wrong
// with it.
type lineForm struct {
	Text        map[string]string
	HasPassword bool
	Wrong       []string
	password    phone.Secret
}

// At is one field of the line.
func (l lineForm) At(name string) string { return l.Text[name] }

// lineFields are those of a line, hasPassword stands for one that is not shown.
func lineFields() []string {
	return []string{"registrar", "port", "transport", "outbound_proxy", "user", "auth_id", "display_name", "label", hasPassword}
}

const hasPassword = "has_password"

// storedOf is a device as it is now.
func storedOf(d admin.Device) stored {
	s := stored{Overrides: d.Overrides, Text: map[string]string{
		"vendor": string(d.Vendor), "model": d.Model, "label": d.Label, "owner": d.Owner, "address": "", "plain_tftp": "",
	}}
	if d.Address.IsValid() {
		s.Text["address"] = d.Address.String()
	}
	if d.PlainTFTP {
		s.Text["plain_tftp"] = "yes"
	}
	for _, l := range d.Lines {
		one := map[string]string{
			"registrar": l.Registrar, "port": "", "transport": string(l.Transport), "outbound_proxy": l.OutboundProxy,
			"user": l.User, "auth_id": l.AuthID, "display_name": l.DisplayName, "label": l.Label, hasPassword: "",
		}
		if l.Port != 0 {
			one["port"] = strconv.Itoa(l.Port)
		}
		if l.HasPassword {
			one[hasPassword] = "yes"
		}
		s.Lines = append(s.Lines, one)
	}
	return s
}

// readDevice reads the form. ready is false where it has answered: a button added,
// moved or removed a line, in a browser without a script.
func (v *visit) readDevice(p *editPage) (ready bool, err error) {
	f, err := v.form("mac", "vendor", "model", "label", "owner", "address", "plain_tftp", "overrides", "no_admin_password", "was", "rev", "do")
	if err != nil {
		return false, err
	}
	p.Form, p.Was = f, f.Get("was")
	f.values["admin_password"] = "" // a field, for what is wrong with it
	p.Rev, _ = strconv.ParseUint(f.Get("rev"), 10, 64)
	p.Retype = v.r.PostFormValue("admin_password") != ""
	if err := v.readLines(p); err != nil {
		return false, err
	}
	if do := f.Get("do"); do != "" {
		p.Lines = moved(p.Lines, do)
		return false, v.show("device-edit", p)
	}
	return true, nil
}

// readLines reads the lines, each field of which comes as often as there are
// lines.
func (v *visit) readLines(p *editPage) error {
	in := v.r.PostForm
	n := len(in["line-registrar"])
	p.Lines = make([]lineForm, n)
	for i := range n {
		p.Lines[i].Text = make(map[string]string)
	}
	for _, name := range append(lineFields(), "password") {
		if len(in["line-"+name]) != n {
			return &admin.Error{Status: http.StatusBadRequest, What: v.say("problem.form"), Hint: v.say("problem.form.do")}
		}
		for i, text := range in["line-"+name] {
			if name == "password" {
				p.Lines[i].password = secret(text)
				p.Retype = p.Retype || text != ""
				continue
			}
			p.Lines[i].Text[name] = strings.TrimSpace(text)
		}
	}
	for i := range p.Lines {
		p.Lines[i].HasPassword = p.Lines[i].Text[hasPassword] != ""
	}
	return nil
}

// moved is what a button makes of the lines: "add", or "remove-1", "up-1" and
// "down-1" with the number of one.
func moved(lines []lineForm, do string) []lineForm {
	what, number, _ := strings.Cut(do, "-")
	i, err := strconv.Atoi(number)
	if what == "add" && len(lines) < phone.MaxLines {
		return append(lines, lineForm{Text: map[string]string{}})
	}
	if err != nil || i < 0 || i >= len(lines) {
		return lines
	}
	to := map[string]int{"up": i - 1, "down": i + 1}
	switch j, known := to[what]; {
	case what == "remove":
		return slices.Delete(lines, i, i+1)
	case known && j >= 0 && j < len(lines):
		lines[i], lines[j] = lines[j], lines[i]
	}
	return lines
}

// changes is what was written and differs from what the form began with.
func (v *visit) changes(p *editPage, was stored) admin.DeviceInput {
	var in admin.DeviceInput
	f := p.Form
	lay := func(name string, to *admin.Field[string]) {
		if f.Get(name) != was.Text[name] {
			*to = admin.Set(f.Get(name))
		}
	}
	lay("vendor", &in.Vendor)
	lay("model", &in.Model)
	lay("label", &in.Label)
	lay("owner", &in.Owner)
	if f.Get("plain_tftp") != was.Text["plain_tftp"] {
		in.PlainTFTP = admin.Set(f.Get("plain_tftp") != "")
	}
	if text := f.Get("address"); text != was.Text["address"] {
		addr, err := netip.ParseAddr(text)
		if err != nil && text != "" {
			f.blame("address", v.say("edit.address.wrong"))
		}
		in.Address = admin.Set(addr)
	}
	switch password := v.secret("admin_password"); {
	case f.Get("no_admin_password") != "":
		in.AdminPassword = admin.Set("")
	case !password.IsZero():
		in.AdminPassword = admin.Set(password.Reveal())
	}
	if !sameLines(p.Lines, was.Lines) {
		in.Lines = admin.Set(v.linesOf(p))
	}
	overrides, wrong := parseOverrides(f.Get("overrides"))
	if wrong != "" {
		f.blame("overrides", v.say("edit.overrides.wrong", wrong))
	}
	if diff := overrideChanges(was.Overrides, overrides); len(diff) > 0 {
		in.Overrides = admin.Set(diff)
	}
	return in
}

// sameLines says that nobody touched them.
func sameLines(lines []lineForm, was []map[string]string) bool {
	return slices.EqualFunc(lines, was, func(l lineForm, w map[string]string) bool {
		return l.password.IsZero() && maps.Equal(l.Text, w)
	})
}

// linesOf is the lines for the API. One without a password keeps the one it has.
func (v *visit) linesOf(p *editPage) []admin.LineInput {
	out := make([]admin.LineInput, len(p.Lines))
	for i, l := range p.Lines {
		port, err := strconv.Atoi(l.Text["port"])
		if err != nil && l.Text["port"] != "" {
			p.Lines[i].Wrong = append(p.Lines[i].Wrong, v.say("edit.port.wrong"))
		}
		out[i] = admin.LineInput{
			Registrar: l.Text["registrar"], Port: port, Transport: phone.Transport(l.Text["transport"]), OutboundProxy: l.Text["outbound_proxy"],
			User: l.Text["user"], AuthID: l.Text["auth_id"], DisplayName: l.Text["display_name"], Label: l.Text["label"],
		}
		if !l.password.IsZero() {
			out[i].Password = admin.Set(l.password.Reveal())
		}
	}
	return out
}

// transports are those of a line, the first is left to the phone.
func transports() []string {
	return []string{"", string(phone.UDP), string(phone.TCP), string(phone.TLS)}
}

// lineNamed splits an error of the API that names a line, "line 2: user: …"; i
// counts from 0.
func lineNamed(text string) (i int, rest string, ok bool) {
	head, rest, ok := strings.Cut(text, ": ")
	number, line := strings.CutPrefix(head, "line ")
	n, err := strconv.Atoi(number)
	return n - 1, rest, ok && line && err == nil && n > 0
}

// parseOverrides reads what overridesText writes, however it is spaced. wrong is
// the first line that has no name, or no equals sign behind it.
func parseOverrides(text string) (all map[string]string, wrong string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, cut(line, 60)
		}
		if all == nil {
			all = make(map[string]string)
		}
		all[name] = strings.TrimSpace(value)
	}
	return all, ""
}

// overridesText writes overrides as they are typed: a name and its value a line.
func overridesText(o map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(o)) {
		b.WriteString(name + " = " + o[name] + "\n")
	}
	return strings.TrimSpace(b.String())
}

// overrideChanges is what the API is told: null takes one away.
func overrideChanges(was, now map[string]string) map[string]*string {
	diff := make(map[string]*string)
	for name, value := range now {
		if old, there := was[name]; !there || old != value {
			diff[name] = &value
		}
	}
	for name := range was {
		if _, there := now[name]; !there {
			diff[name] = nil
		}
	}
	return diff
}
