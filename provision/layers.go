package provision

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// CodeTemplates is the health condition of templates that were refused.
const CodeTemplates = "templates-refused"

// templates is the operators' templates in force.
type templates struct {
	mu  sync.Mutex // one load at a time
	now atomic.Pointer[vendors.Layers]
}

func (t *templates) layers() vendors.Layers {
	if l := t.now.Load(); l != nil {
		return *l
	}
	return vendors.Layers{}
}

// TemplateFault is what is wrong with one template; Line is 0 where the file as
// a whole is meant.
type TemplateFault struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	Text string `json:"text"`
}

// Templates is which templates are in force, or would be, and which are not.
type Templates struct {
	Files  []string        `json:"files"`
	Faults []TemplateFault `json:"faults"`
	// Notes are of templates that are in force and may not do what is meant.
	Notes []TemplateFault `json:"notes"`
	// Changed says that phones are given something else than before.
	Changed bool `json:"changed"`
}

// CheckTemplates reads the templates and says what is wrong with them, as a load
// would, and changes nothing.
func (d *Desk) CheckTemplates() (Templates, error) {
	d.templates.mu.Lock()
	defer d.templates.mu.Unlock()
	_, out, err := d.readTemplates()
	return out, err
}

// LoadTemplates puts the templates in force. One with a fault is refused, with
// its line and the reason; what was in force in its place stays.
func (d *Desk) LoadTemplates(ctx context.Context, by audit.Actor) (Templates, error) {
	d.templates.mu.Lock()
	defer d.templates.mu.Unlock()
	next, out, err := d.readTemplates()
	if err != nil {
		return out, err
	}
	if out.Changed {
		event := audit.TemplatesLoaded{Files: out.Files, Refused: len(out.Faults)}
		if err := d.store.Recorder.Record(ctx, one(phone.MAC{}, by, event)...); err != nil {
			return out, fmt.Errorf("record that templates were loaded: %w", err)
		}
	}
	d.templates.now.Store(&next)
	d.tellTemplates(out)
	return out, nil
}

// OpenTemplates is LoadTemplates at the start, when nobody asked for it and no
// phone has been given anything else.
func (d *Desk) OpenTemplates() error {
	d.templates.mu.Lock()
	defer d.templates.mu.Unlock()
	next, out, err := d.readTemplates()
	if err != nil {
		return err
	}
	d.templates.now.Store(&next)
	d.tellTemplates(out)
	return nil
}

func (d *Desk) tellTemplates(out Templates) {
	for _, n := range out.Notes {
		d.tools.Log.Warn("a template is for no model known", "file", n.File, "reason", n.Text)
	}
	faults := out.Faults
	if len(faults) == 0 {
		d.tools.Health.Clear(CodeTemplates)
		return
	}
	f := faults[0]
	d.tools.Log.Warn("templates were refused", "file", f.File, "reason", f.Text, "count", len(faults))
	d.tools.Health.Raise(d.tools.Now(), health.Condition{
		Code: CodeTemplates, Title: fmt.Sprintf("%d faults in the templates of this site", len(faults)),
		Meaning: "phones get what the last good templates say, or nothing of those that never were good",
		Do:      "see each with: lineside template check; correct it, then: lineside template reload",
		Detail:  f.String(),
	})
}

// String is file, line and fault.
func (f TemplateFault) String() string {
	return (&vendors.LayerError{File: f.File, Line: f.Line, Text: f.Text}).Error()
}

// readTemplates reads the folder and tries what it says on every device it says
// something for.
func (d *Desk) readTemplates() (vendors.Layers, Templates, error) {
	out := Templates{Files: []string{}, Faults: []TemplateFault{}, Notes: []TemplateFault{}}
	last := d.templates.layers()
	if d.cfg.Templates == nil {
		return last, out, nil
	}
	next, wrong := d.table.LoadLayers(d.cfg.Templates, last)
	for _, w := range wrong {
		out.Faults = append(out.Faults, TemplateFault{File: w.File, Line: w.Line, Text: w.Text})
	}
	fault, err := d.tryTemplates(last, next)
	if err != nil {
		return last, out, err
	}
	if fault != nil {
		out.Faults, next = append(out.Faults, *fault), last
	}
	out.Files = append(out.Files, next.Files()...)
	for _, w := range d.table.Doubts(next) {
		out.Notes = append(out.Notes, TemplateFault{File: w.File, Line: w.Line, Text: w.Text})
	}
	out.Changed = next.Version() != last.Version()
	return next, out, nil
}

// tryTemplates renders the full config of each device whose templates changed,
// and gives the first that cannot be written with the new ones and can with the
// last, for such a phone would get nothing, or that loses an emergency number.
func (d *Desk) tryTemplates(last, next vendors.Layers) (*TemplateFault, error) {
	all, err := d.store.Devices.All()
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	for _, rec := range all {
		v, model := rec.Device.Vendor, rec.Device.Model
		if last.VersionOf(v, model) == next.VersionOf(v, model) {
			continue
		}
		text := d.tryDevice(rec, last, next)
		if text == "" {
			continue
		}
		file := string(v) + ".conf"
		if last.VersionOf(v, "") == next.VersionOf(v, "") {
			file = string(v) + "-" + model + ".conf"
		}
		return &TemplateFault{File: file, Text: text}, nil
	}
	return nil, nil
}

// tryDevice says what is worse for one device than it was.
func (d *Desk) tryDevice(rec auth.Record, last, next vendors.Layers) string {
	if err := d.tryOne(rec, next); err != nil {
		if d.tryOne(rec, last) != nil {
			return ""
		}
		return fmt.Sprintf("no template was loaded: with this one the config of %s cannot be written: %v", rec.Device.MAC, err)
	}
	if lost := d.lost(rec, next); len(lost) > 0 {
		if lost = further(d.lost(rec, last), lost); len(lost) > 0 {
			return fmt.Sprintf("no template was loaded: in the config of %s %v", rec.Device.MAC, lost[0])
		}
	}
	return ""
}

// tryOne renders every config of a device with the templates given.
func (d *Desk) tryOne(rec auth.Record, with vendors.Layers) error {
	return d.tryEach(rec, with, func(in vendors.Input) error {
		_, err := d.table.Render(in)
		return err
	})
}

// tryEach asks about every full config of a device with the templates given.
func (d *Desk) tryEach(rec auth.Record, with vendors.Layers, ask func(vendors.Input) error) error {
	maker, ok := d.table.Of(rec.Device.Vendor)
	if !ok || maker.Sequence == nil {
		return nil
	}
	for _, name := range maker.Sequence(rec.Device.MAC, rec.Device.Model) {
		f, ok := d.table.File(name, rec.Device.Vendor)
		if !ok || f.Kind != vendors.Config {
			continue
		}
		c := caller{file: f}
		in, b := d.input(d.tools.Now(), c), d.basisOf(c, rec)
		b.layers = with
		d.full(&in, rec, b)
		if in.Login.User == "" {
			in.Login = vendors.Login{User: "minted-at-proof", Password: masked}
		}
		if err := ask(in); err != nil {
			return err
		}
	}
	return nil
}

// secretPlace reports that what an operator wrote out in a template for a
// parameter looks like a secret: by the parameter's name, or as the login in a
// URL.
func secretPlace(name, value string) bool {
	_, rest, ok := strings.Cut(value, "://")
	host, _, _ := strings.Cut(rest, "/")
	return secretName(name) || ok && strings.Contains(host, "@")
}

// Setting is one parameter of a config and who said so: "ours", "FILE:LINE" of a
// template, or "override" of the device.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	// Was is what this box would have written; Added says that it would have
	// written nothing, Dropped that an operator took it out.
	Was     string `json:"was,omitempty"`
	From    string `json:"from"`
	Added   bool   `json:"added,omitempty"`
	Dropped bool   `json:"dropped,omitempty"`
}

// settings is where each parameter of a file comes from.
func (d *Desk) settings(in vendors.Input) ([]Setting, error) {
	list, err := d.table.Explain(in)
	if err != nil {
		return nil, err
	}
	out := make([]Setting, len(list))
	for i, s := range list {
		out[i] = Setting(s)
	}
	return out, nil
}
