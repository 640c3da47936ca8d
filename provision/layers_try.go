package provision

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// readTemplates reads the folder and tries what it says on every device it says
// something for, beside the last good ones and those tried before (lastTemplates).
func (d *Desk) readTemplates(last, tried vendors.Layers) (vendors.Layers, *Templates, error) {
	out := &Templates{Files: []string{}, Faults: []TemplateFault{}, Notes: []TemplateFault{}}
	if d.cfg.Templates == nil {
		return last, out, nil
	}
	next, wrong := d.table.LoadLayers(d.cfg.Templates.FS(), last)
	for _, w := range wrong {
		out.Faults = append(out.Faults, TemplateFault{File: w.File, Line: w.Line, Text: w.Text})
	}
	next, faults, err := d.proveTemplates(next, last, tried)
	if err != nil {
		return last, out, err
	}
	out.Faults = append(out.Faults, faults...)
	out.Files = append(out.Files, next.Files()...)
	for _, w := range d.table.Doubts(next) {
		out.Notes = append(out.Notes, TemplateFault{File: w.File, Line: w.Line, Text: w.Text})
	}
	out.Changed = next.Version() != d.templates.layers().Version()
	return next, out, nil
}

// lastTemplates are the last good ones, and those every device was tried with
// since the start. At the start that is none: the settings may be others than when
// the last good ones were put in force.
func (d *Desk) lastTemplates() (last, tried vendors.Layers) {
	if now := d.templates.now.Load(); now != nil {
		return *now, *now
	}
	return d.readKept(), vendors.Layers{}
}

// proveTemplates tries next on the devices. What is a vendor's own costs no other
// vendor: where a device cannot have its next ones, its vendor keeps the last, and
// where it cannot have those either, those tried before.
func (d *Desk) proveTemplates(next, last, tried vendors.Layers) (vendors.Layers, []TemplateFault, error) {
	var faults []TemplateFault
	for _, instead := range [...]vendors.Layers{last, tried} {
		found, err := d.tryTemplates(tried, next)
		if err != nil {
			return next, nil, err
		}
		if len(found) == 0 {
			break
		}
		for _, f := range found {
			next = next.With(f.vendor, instead)
			if !slices.Contains(faults, f.TemplateFault) {
				faults = append(faults, f.TemplateFault)
			}
		}
	}
	return next, faults, nil
}

// vendorFault is the first fault of a vendor's templates.
type vendorFault struct {
	vendor phone.Vendor
	TemplateFault
}

// tryTemplates renders the full config of each device whose templates changed,
// and gives for each vendor the first that cannot be written with the new ones and
// can with the last, for such a phone would get nothing, or that loses an emergency
// number.
func (d *Desk) tryTemplates(last, next vendors.Layers) ([]vendorFault, error) {
	var faults []vendorFault
	for _, rec := range d.store.Devices.Records() {
		v, model := rec.Device.Vendor, rec.Device.Model
		if !changedFor(rec.Device, last, next) ||
			slices.ContainsFunc(faults, func(f vendorFault) bool { return f.vendor == v }) {
			continue
		}
		worse := d.tryDevice(*rec, last, next)
		if worse == nil {
			continue
		}
		fault := TemplateFault{Text: fmt.Sprintf("the templates for %s were not loaded: %v", v, worse)}
		if at := blamed(worse); at != nil {
			fault.File, fault.Line = at.File, at.Line
		} else if fault.File = string(v) + ".conf"; model != "" && last.VersionOf(v, "") == next.VersionOf(v, "") {
			fault.File = string(v) + "-" + model + ".conf"
		}
		faults = append(faults, vendorFault{v, fault})
	}
	return faults, nil
}

// modelsOf are the models a device may turn out to be: the one on record, or where
// there is none any that a template is for, since its phone says itself which it is.
func modelsOf(dev phone.Device, with vendors.Layers) []string {
	if dev.Model != "" {
		return []string{dev.Model}
	}
	return append([]string{""}, with.Models(dev.Vendor)...)
}

// changedFor reports that other templates say something for the device.
func changedFor(dev phone.Device, last, next vendors.Layers) bool {
	return slices.ContainsFunc(append(modelsOf(dev, last), modelsOf(dev, next)...), func(model string) bool {
		return last.VersionOf(dev.Vendor, model) != next.VersionOf(dev.Vendor, model)
	})
}

// blamed is the line of a template an error comes from; nil where none is known.
func blamed(err error) *vendors.Origin {
	if value, ok := errors.AsType[*vendors.OriginError](err); ok {
		return &value.Origin
	}
	if loss, ok := errors.AsType[vendors.Loss](err); ok {
		return loss.Origin()
	}
	return nil
}

// tryDevice says what is worse for one device than it was.
func (d *Desk) tryDevice(rec auth.Record, last, next vendors.Layers) error {
	if err := d.tryOne(rec, next); err != nil && d.tryOne(rec, last) == nil {
		return fmt.Errorf("with this the config of %s cannot be written: %w", rec.Device.MAC, err)
	}
	if lost := d.lost(rec, next); len(lost) > 0 {
		if lost = further(d.lost(rec, last), lost); len(lost) > 0 {
			return fmt.Errorf("in the config of %s %w", rec.Device.MAC, lost[0])
		}
	}
	return nil
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
	for _, model := range modelsOf(rec.Device, with) {
		rec.Device.Model = model
		for _, name := range maker.Sequence(rec.Device.MAC, model) {
			f, ok := d.table.File(name, rec.Device.Vendor)
			if !ok || f.Kind != vendors.Config {
				continue
			}
			if err := ask(d.tried(rec, f, with)); err != nil {
				return err
			}
		}
	}
	return nil
}

// tried is a device's full config as it would be with the templates given.
func (d *Desk) tried(rec auth.Record, f vendors.File, with vendors.Layers) vendors.Input {
	c := caller{file: f}
	in, b := d.input(d.tools.Now(), c), d.basisOf(c, rec)
	b.layers = with
	d.full(&in, rec, b)
	if in.Login.User == "" {
		in.Login = vendors.Login{User: "minted-at-proof", Password: masked}
	}
	return in
}
