package vendors

import (
	"fmt"
	"strconv"
	"strings"
)

// Origin is where a parameter of a config comes from.
type Origin struct {
	File string // of a layer, "yealink.conf"; empty: the device's own override
	Line int
}

// String is "yealink.conf:12", or "override" for a device's own.
func (o Origin) String() string {
	if o.File == "" {
		return "override"
	}
	return o.File + ":" + strconv.Itoa(o.Line)
}

// originOf reads what String wrote; nil is no template's line.
func originOf(from string) *Origin {
	file, line, ok := strings.Cut(from, ":")
	n, err := strconv.Atoi(line)
	if !ok || err != nil {
		return nil
	}
	return &Origin{file, n}
}

// OriginError is a config that cannot be written for what one line of a template
// says.
type OriginError struct {
	Origin
	Err error // what is wrong with it
}

// Error is what is wrong; the line is Origin's to tell.
func (e *OriginError) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong.
func (e *OriginError) Unwrap() error { return e.Err }

// blame says whose line err comes from, where p is a template's.
func (p param) blame(err error) error {
	if p.from == nil || p.from.File == "" {
		return err
	}
	return &OriginError{*p.from, err}
}

// Setting is one parameter of a config with its origin.
type Setting struct {
	Name, Value string
	// Was is the value this box would have written, where an operator's took its
	// place or dropped it.
	Was string
	// From is where Value comes from, "ours" where nobody changed it.
	From string
	// Added says that this box would not have written it, Dropped that an
	// operator took it out; Value is empty then.
	Added, Dropped bool
}

// ours is what Setting.From says of a parameter no operator touched.
const ours = "ours"

// Explain lists what the file in.File names sets and who said so. Values are
// in clear: whoever shows them puts marks in the place of secrets of in first.
// A file that is no list of parameters has none.
func (t Table) Explain(in Input) ([]Setting, error) {
	m, ok := t.Of(in.File.Vendor)
	if !ok {
		return nil, fmt.Errorf("explain %s: vendor %q is not served", in.File.Name, in.File.Vendor)
	}
	if m.build == nil {
		return nil, nil
	}
	if m.raw != nil {
		if _, raw := m.raw(in); raw {
			return nil, nil
		}
	}
	var final, first params
	if err := m.list(&final, in); err != nil {
		return nil, fmt.Errorf("explain %s for %s: %w", in.File.Name, m.Name, err)
	}
	bare := in
	bare.Layers, bare.Device.Overrides = Layers{}, nil
	if err := m.list(&first, bare); err != nil {
		return nil, fmt.Errorf("explain %s for %s: %w", in.File.Name, m.Name, err)
	}
	dropped := map[string]*Origin{}
	if in.layered() {
		_, dropped = in.Layers.of(m, in)
	}
	return compare(first, final, dropped), nil
}

// compare tells our list and the final one apart.
func compare(first, final params, dropped map[string]*Origin) []Setting {
	was := make(map[string]string, len(first))
	for _, p := range first {
		was[p.name()] = p.text()
	}
	list := make([]Setting, 0, len(final))
	stays := make(map[string]bool, len(final))
	for _, p := range final {
		s := Setting{Name: p.name(), Value: p.text(), From: ours}
		stays[s.Name] = true
		before, known := was[s.Name]
		if p.from != nil {
			s.From, s.Added = p.from.String(), !known
			s.Was = before
		}
		list = append(list, s)
	}
	for _, p := range first {
		if name := p.name(); !stays[name] {
			s := Setting{Name: name, Was: p.text(), Dropped: true, From: ours}
			if o := dropped[name]; o != nil {
				s.From = o.String()
			}
			list = append(list, s)
		}
	}
	return list
}

// text is p's value, or all of them.
func (p param) text() string {
	if p.more == nil {
		return p.value
	}
	text := ""
	for i, v := range p.more[:p.count] {
		if i > 0 {
			text += " "
		}
		text += v
	}
	return text
}
