package provision

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// CodeTemplates is the health condition of templates that were refused.
const CodeTemplates = "templates-refused"

// templates is the operators' templates in force; now is nil before the first
// load.
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
	_, out, err := d.readTemplates(d.lastTemplates())
	return *out, err
}

// LoadTemplates puts the templates in force. One with a fault is refused, with
// its line and the reason; what was in force in its place stays, and stays at the
// next start.
func (d *Desk) LoadTemplates(ctx context.Context, by audit.Actor) (Templates, error) {
	d.templates.mu.Lock()
	defer d.templates.mu.Unlock()
	next, out, err := d.readTemplates(d.lastTemplates())
	if err != nil {
		return *out, err
	}
	if out.Changed {
		event := audit.TemplatesLoaded{Files: out.Files, Refused: len(out.Faults)}
		if err := d.store.Recorder.Record(ctx, one(phone.MAC{}, by, event)...); err != nil {
			return *out, fmt.Errorf("record that templates were loaded: %w", err)
		}
	}
	d.forceTemplates(next, out)
	return *out, nil
}

// OpenTemplates is LoadTemplates at the start, when nobody asked for it and no
// phone has been given anything else. In the place of a template with a fault is
// what was in force before.
func (d *Desk) OpenTemplates() error {
	d.templates.mu.Lock()
	defer d.templates.mu.Unlock()
	next, out, err := d.readTemplates(d.lastTemplates())
	if err != nil {
		return err
	}
	d.forceTemplates(next, out)
	return nil
}

// forceTemplates puts templates in force and on disk, and tells what is wrong.
func (d *Desk) forceTemplates(next vendors.Layers, out *Templates) {
	d.templates.now.Store(&next)
	if err := d.keepTemplates(next); err != nil {
		out.Faults = append(out.Faults, TemplateFault{File: vendors.KeptTemplates, Text: fmt.Sprintf(
			"the last good templates could not be kept on disk: %v: after a restart a template with a fault would leave phones without it; see to the disk and the rights of templates/, then: lineside template reload", err)})
	}
	d.tellTemplates(*out)
	d.lookForLost()
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
