package vendors

import "fmt"

// render writes the file in.File names.
func (m Maker) render(in Input) ([]byte, error) {
	if m.Render != nil {
		return m.Render(in)
	}
	if m.raw != nil {
		if body, ok := m.raw(in); ok {
			return body, nil
		}
	}
	ps, err := m.list(in)
	if err != nil {
		return nil, err
	}
	return m.format.write(ps)
}

// usualParams is how many parameters a config with few lines has, and lineParams
// how many each line more brings, for a slice that need not grow.
const (
	usualParams = 256
	lineParams  = 32
)

// list is every parameter of a file: ours, then the layers of the vendor and of
// the model, then the device's own overrides.
func (m Maker) list(in Input) (params, error) {
	ps := make(params, 0, usualParams+lineParams*max(0, len(in.Device.Lines)-2))
	switch in.File.Kind {
	case Common:
		return ps, m.build(&ps, in)
	case Config:
	default:
		return nil, fmt.Errorf("a %s phone has no file of kind %d", m.Name, in.File.Kind)
	}
	if err := checkConfig(in); err != nil {
		return nil, err
	}
	if in.Stage == Full {
		if err := m.checkMacros(in.Device, in.XSI.User); err != nil {
			return nil, fmt.Errorf("device %s: %w", in.Device.MAC, err)
		}
	}
	if err := m.build(&ps, in); err != nil {
		return nil, err
	}
	m.setXSI(&ps, in)
	if in.Stage == Full {
		if err := m.operators(&ps, in); err != nil {
			return nil, err
		}
	}
	return ps, nil
}

// operators merges what operators wrote into ours. Names are checked before
// they are merged, and every value goes through the format's escaper like ours.
func (m Maker) operators(ps *params, in Input) error {
	extra := in.Device.Overrides
	if len(extra) == 0 && !in.layered() {
		return nil
	}
	if err := checkNames(m.format, extra); err != nil {
		return err
	}
	if in.layered() {
		set, dropped := in.Layers.of(m, in)
		ps.drop(dropped)
		values := make(map[string]string, len(set))
		for name, e := range set {
			values[name] = e.value
		}
		ps.merge(values, func(name string) *Origin { return set[name].from })
	}
	own := &Origin{}
	ps.merge(extra, func(string) *Origin { return own })
	if m.settle == nil {
		return nil
	}
	return m.settle(ps)
}

// layered reports whether the file takes operators' templates.
func (in Input) layered() bool {
	return in.Stage == Full && in.File.Kind == Config && len(in.Layers.files) > 0
}
