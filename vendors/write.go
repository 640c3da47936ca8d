package vendors

import "fmt"

// render writes the file in.File names.
func (m Maker) render(in Input, s *scratch) ([]byte, error) {
	if m.Render != nil {
		return m.Render(in)
	}
	if m.raw != nil {
		if body, ok := m.raw(in); ok {
			return body, nil
		}
	}
	if err := m.list(&s.ps, in); err != nil {
		return nil, err
	}
	return s.body(m.format.write(s, s.ps))
}

// list is every parameter of a file: ours, then the layers of the vendor and of
// the model, then the device's own overrides.
func (m Maker) list(ps *params, in Input) error {
	switch in.File.Kind {
	case Common:
		return m.build(ps, in)
	case Config:
	default:
		return fmt.Errorf("a %s phone has no file of kind %d", m.Name, in.File.Kind)
	}
	if err := checkConfig(in); err != nil {
		return err
	}
	if in.Stage == Full {
		if err := m.checkMacros(in.Device, in.XSI.User); err != nil {
			return fmt.Errorf("device %s: %w", in.Device.MAC, err)
		}
	}
	if err := m.build(ps, m.fitted(in)); err != nil {
		return err
	}
	m.setXSI(ps, in)
	if in.Stage == Full {
		return m.operators(ps, in)
	}
	return nil
}

// fitted is in with as many lines as the phone takes: more accounts than that it
// would not have, or have in the place of others. An operator's template may ask
// for those beyond.
func (m Maker) fitted(in Input) Input {
	if n := m.Fits(in.Device.Model); in.Stage == Full && n > 0 && len(in.Device.Lines) > n {
		in.Device.Lines = in.Device.Lines[:n]
	}
	return in
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
		ps.merge(set)
	}
	own, overrides := &Origin{}, make(map[string]filled, len(extra))
	for name, value := range extra {
		overrides[name] = filled{value: value, from: own}
	}
	ps.merge(overrides)
	if m.settle == nil {
		return nil
	}
	return m.settle(ps)
}

// layered reports whether the file takes operators' templates.
func (in Input) layered() bool {
	return in.Stage == Full && in.File.Kind == Config && len(in.Layers.files) > 0
}
