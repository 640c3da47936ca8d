package pages

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// filesPage is the files kept for phones, and the rules that have phones install
// one of them.
type filesPage struct {
	admin.Files
	Vendors []string
	New     *form // a file that is added
	Rule    *form // a firmware rule that is made
	// Replaces is the file in whose place the new one would be put.
	Replaces *admin.LocalFile
}

// Makers are the vendors for a choice; unknown stands for none yet.
func (p *filesPage) Makers(unknown string) []string {
	pairs := []string{"", unknown}
	for _, v := range p.Vendors {
		pairs = append(pairs, v, vendorWord(phone.Vendor(v)))
	}
	return pairs
}

// Choices are the files a rule can name.
func (p *filesPage) Choices(unknown string) []string {
	pairs := []string{"", unknown}
	for _, f := range p.Files.Files {
		at := fileAt(f)
		pairs = append(pairs, at, at)
	}
	return pairs
}

// fileAt is how forms name a file.
func fileAt(f admin.LocalFile) string { return string(f.Vendor) + "/" + f.Name }

// InForce says that phones are told of a rule: what it names is there as it was
// when the rule was made.
func (p *filesPage) InForce(r admin.FirmwareRule) bool {
	return p.has(r, r.File, r.SHA256) && (r.Image == "" || p.has(r, r.Image, r.ImageSHA256))
}

func (p *filesPage) has(r admin.FirmwareRule, name, sum string) bool {
	return slices.ContainsFunc(p.Files.Files, func(f admin.LocalFile) bool {
		return f.Vendor == r.Vendor && f.Name == name && f.SHA256 == sum && f.Served()
	})
}

// Tight says that a file as large as one may be would find no room now.
func (p *filesPage) Tight() bool { return p.Files.Room.File < p.Files.Room.Most }

// fileState is a state of a file as the catalogue has it; a new one is shown as it
// is.
func fileState(state string) string {
	return cmp.Or(map[string]string{
		"not what was added": "changed", "gone from the disk": "gone", "not what its firmware rule pins": "unpinned",
	}[state], state)
}

func (v *visit) filesPage() (*filesPage, error) {
	p := &filesPage{New: filled("vendor", "", "name", "", "replace", "", "file", ""), Rule: filled("file", "", "model", "", "version", "")}
	var err error
	if p.Files, err = v.api.Files(v.ctx()); err != nil {
		return nil, err
	}
	list, err := v.api.Devices(v.ctx(), admin.Query{Limit: 1})
	if err != nil {
		return nil, err
	}
	p.Vendors = slices.Sorted(maps.Keys(list.Vendors))
	return p, nil
}

func getFiles(v *visit) error {
	p, err := v.filesPage()
	if err != nil {
		return err
	}
	return v.show("files", p)
}

// postFile takes a file for phones. What it would be refused for is found before
// it is read.
func postFile(v *visit) error {
	f, err := v.form("vendor", "name", "replace")
	if err != nil {
		return err
	}
	p, err := v.filesPage()
	if err != nil {
		return err
	}
	p.New = f
	own, size := v.offered()
	f.values["file"] = ""
	if own == "" {
		f.blame("file", v.say("files.nofile"))
	}
	if f.Get("vendor") == "" {
		f.blame("vendor", v.say("files.novendor"))
	}
	if !f.OK() {
		return v.unsent("files", p, f, nil)
	}
	in := admin.FileCheckInput{Vendor: f.Get("vendor"), Name: cmp.Or(f.Get("name"), own), Bytes: size}
	checked, err := v.api.CheckFile(v.ctx(), in)
	if err != nil {
		f.values["name"] = in.Name // to be put right
		return v.unsent("files", p, f, err)
	}
	if p.Replaces = checked.Replaces; p.Replaces != nil && f.Get("replace") == "" {
		f.blame("replace", v.say("files.there", in.Name, vendorWord(p.Replaces.Vendor)))
		return v.unsent("files", p, f, nil)
	}
	if v.checking() {
		return v.fine()
	}
	if _, err := v.api.AddFile(v.ctx(), phone.Vendor(in.Vendor), in.Name, v.sent); err != nil {
		return v.unsent("files", p, f, err)
	}
	return v.doneAway("/files", "files.added", in.Name)
}

// postFileRemove takes a file away from phones.
func postFileRemove(v *visit) error {
	f, err := v.form("vendor", "name")
	if err != nil {
		return err
	}
	vendor, name := phone.Vendor(f.Get("vendor")), f.Get("name")
	if ok, err := v.sure(v.say("files.remove.sure", name, vendorWord(vendor)), v.say("files.remove"), "vendor", "name"); !ok {
		return err
	}
	if err := v.api.RemoveFile(v.ctx(), vendor, name); err != nil {
		return err
	}
	return v.done("/files", "files.removed", name)
}

// postFirmware has phones of a model told to install a file.
func postFirmware(v *visit) error {
	f, err := v.form("file", "model", "version")
	if err != nil {
		return err
	}
	p, err := v.filesPage()
	if err != nil {
		return err
	}
	p.Rule = f
	vendor, name, _ := strings.Cut(f.Get("file"), "/")
	if name == "" {
		f.blame("file", v.say("files.rule.nofile"))
	}
	if !plainName(f.Get("model")) { // it is a part of the call's path
		f.blame("model", v.say("files.rule.nomodel"))
	}
	if !f.OK() {
		return v.again("files", p, f, nil)
	}
	rule, err := v.api.SetFirmware(v.ctx(), phone.Vendor(vendor), f.Get("model"), name, f.Get("version"))
	if err != nil {
		return v.again("files", p, f, err)
	}
	return v.done("/files", "files.rule.made", rule.Model, rule.File)
}

// plainName reports that a model can stand in a path.
func plainName(s string) bool {
	return s != "" && !strings.ContainsAny(s, "/\\") && strings.Trim(s, ".") != ""
}

// postFirmwareRemove takes a rule back: phones keep what they have.
func postFirmwareRemove(v *visit) error {
	f, err := v.form("vendor", "model")
	if err != nil {
		return err
	}
	vendor, model := phone.Vendor(f.Get("vendor")), f.Get("model")
	if ok, err := v.sure(v.say("files.rule.sure", vendorWord(vendor), model), v.say("files.rule.remove"), "vendor", "model"); !ok {
		return err
	}
	if _, err := v.api.SetFirmware(v.ctx(), vendor, model, "", ""); err != nil {
		return err
	}
	return v.done("/files", "files.rule.gone", vendorWord(vendor), model)
}
