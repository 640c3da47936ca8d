package vendors

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Loss is an emergency number that a parameter of a full config names as this box
// writes it, and not as an operator's template or override leaves it; or that one
// of the operator's own keeps its phone from dialling.
type Loss struct {
	Parameter, Number string
	From              string // who took it out: "yealink.conf:12" or "override"
	// Trapped says that the number is not left out, but stands where its phone would
	// bar, replace or not know it.
	Trapped bool
	// Why is what the parameter does to the number, where its role does not say it.
	Why string
}

// Error says what was lost and what to write.
func (l Loss) Error() string {
	if l.Why != "" {
		return fmt.Sprintf("%s (%s) keeps the phone from the emergency number %s: %s; write it so that the number is left alone, or leave the parameter out", l.Parameter, l.From, l.Number, l.Why)
	}
	if l.Trapped {
		return fmt.Sprintf("%s (%s) has the emergency number %s where its phone would bar, replace or not know it: take it out of the value, or leave the parameter out", l.Parameter, l.From, l.Number)
	}
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
	lost, err := t.carried(in, taken(list, in.Site.Emergency))
	if err != nil {
		return nil, err
	}
	return append(lost, trapped(in.File.Vendor, list, in.Site.Emergency, lost)...), nil
}

// taken are the numbers that ours have and what stands in their place has not. A
// name that is one of ours but for the case stands in its place too: which of the
// two its phone would heed no guide says.
func taken(list []Setting, numbers []string) []loss {
	was := map[string]Setting{}
	for _, s := range list {
		if !s.Added {
			was[strings.ToLower(s.Name)] = s
		}
	}
	var lost []loss
	for _, s := range list {
		first := was[strings.ToLower(s.Name)]
		before := first.Was
		if first.From == ours && !first.Dropped {
			before = first.Value
		}
		for _, number := range numbers {
			if (s.From != ours || s.Dropped) && !stands(s.Value, number, before) && stands(before, number, before) {
				lost = append(lost, loss{Loss{Parameter: s.Name, Number: number, From: s.From}, first.Name})
			}
		}
	}
	return lost
}

// loss is one with the name of our own parameter.
type loss struct {
	Loss
	ours string
}

// carried keeps the losses of parameters that are written for the numbers' sake,
// and not those of a user or a time that looks like one.
func (t Table) carried(in Input, lost []loss) ([]Loss, error) {
	if len(lost) == 0 {
		return nil, nil
	}
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
		if value, there := without[l.ours]; !there || value != with[l.ours] {
			real = append(real, l.Loss)
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

// Borders of a number in a list or a dial plan; the second are those of a name that
// has the numbers in it.
const (
	listBorders = " ,|(){}"
	nameBorders = "-."
)

// atOnce stands behind a number that is dialled with its last digit, in the plans
// of Cisco and Obihai.
const atOnce = "S0"

// stands reports that number is in text by itself, written alone or as before has
// it, and nowhere as one to be barred or replaced. 112 is not in 1120, nor in x112.
func stands(text, number, before string) bool {
	if barred(text, number) {
		return false
	}
	for _, borders := range [...]string{listBorders, listBorders + nameBorders} {
		has := func(text, word string) bool {
			return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(borders, r) }), word)
		}
		switch {
		case has(before, number+atOnce):
			return has(text, number) || has(text, number+atOnce)
		case has(before, number):
			return has(text, number)
		}
	}
	return false
}

// barred reports that a plan has number with a mark by which a phone does not dial
// it: "112!" and "<112:999>" in the plans of Cisco and Obihai, "!112" in Yealink's,
// "R112R999R" in Poly's.
func barred(text, number string) bool {
	for before, after := range occurrences(text, number) {
		if after == '!' || before == '!' || before == '<' || before == 'R' && after == 'R' {
			return true
		}
	}
	return swallowed(text, number)
}

// occurrences are the bytes before and after each place where number is in text
// and no part of a longer one; 0 is an end.
func occurrences(text, number string) iter.Seq2[byte, byte] {
	text = "\x00" + text + "\x00"
	return func(yield func(before, after byte) bool) {
		for at := 1; ; at++ {
			i := strings.Index(text[at:], number)
			if i < 0 {
				return
			}
			at += i
			before, after := text[at-1], text[at+len(number)]
			if !digit(before) && !digit(after) && !yield(before, after) {
				return
			}
		}
	}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
