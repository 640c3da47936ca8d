package vendors

import (
	"fmt"
	"strings"
)

// Loss is an emergency number that a parameter of a full config names as this box
// writes it, and not as an operator's template or override leaves it.
type Loss struct {
	Parameter, Number string
	From              string // who took it out: "yealink.conf:12" or "override"
}

// Error says what was lost and what to write.
func (l Loss) Error() string {
	return fmt.Sprintf("%s (%s) leaves out the emergency number %s, which its phone could no more dial as it should: write the number into the value, or leave %s to the box", l.Parameter, l.From, l.Number, l.Parameter)
}

// Origin is the line of the template that took the number out; nil is an override.
func (l Loss) Origin() *Origin { return originOf(l.From) }

// Losses are the emergency numbers that operators' words take out of the full
// config in.File names. Which parameters carry them the configs say themselves:
// those that are others for a site without such numbers.
func (t Table) Losses(in Input) ([]Loss, error) {
	if in.Stage != Full || in.File.Kind != Config || len(in.Device.Overrides) == 0 && !in.layered() || len(in.Site.Emergency) == 0 {
		return nil, nil
	}
	list, err := t.Explain(in)
	if err != nil {
		return nil, err
	}
	var lost []Loss
	for _, s := range list {
		for _, number := range in.Site.Emergency {
			if (s.From != ours || s.Dropped) && names(s.Was, number) && !names(s.Value, number) {
				lost = append(lost, Loss{s.Name, number, s.From})
			}
		}
	}
	if len(lost) == 0 {
		return nil, nil
	}
	return t.carried(in, lost)
}

// carried keeps the losses of parameters that are written for the numbers' sake,
// and not those of a user or a time that looks like one.
func (t Table) carried(in Input, lost []Loss) ([]Loss, error) {
	in.Layers, in.Device.Overrides = Layers{}, nil
	with, err := t.plain(in)
	if err != nil {
		return nil, err
	}
	in.Site.Emergency = nil
	without, err := t.plain(in)
	if err != nil {
		return nil, err
	}
	var real []Loss
	for _, l := range lost {
		if value, there := without[l.Parameter]; !there || value != with[l.Parameter] {
			real = append(real, l)
		}
	}
	return real, nil
}

// plain is each parameter with its value.
func (t Table) plain(in Input) (map[string]string, error) {
	list, err := t.Explain(in)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string, len(list))
	for _, s := range list {
		values[s.Name] = s.Value
	}
	return values, nil
}

// names reports that number stands in text as a number of its own: 112 is not in
// 1120.
func names(text, number string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], number)
		if i < 0 {
			return false
		}
		i += at
		end := i + len(number)
		if (i == 0 || !digit(text[i-1])) && (end == len(text) || !digit(text[end])) {
			return true
		}
		at = i + 1
	}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
